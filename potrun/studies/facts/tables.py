"""Size, times and energies of the day tables."""

import datetime as dt

import numpy as np

from potrun.core.errors import DataError
from potrun.core.instrument import N_CHANNELS
from potrun.core.records import DayTable
from potrun.core.utc import split_utc
from potrun.studies.facts.finding import Evidence, Finding, judged, unreadable, without_table

LABEL = "PDS4 labels of urn:nasa:pds:lp-er-calibrated"
COUNTED = "counted in the archive's tables by another program (espg-lunar-potential-map)"


def check_tables(evidence: Evidence) -> list[Finding]:
    """Hold row counts, the spacing of rows, and the first energies against what the archive has."""
    found = []
    for size in evidence.facts.sizes:
        fact, expected = f"size of the table of {size.date}", f"{size.rows} rows, {size.sweeps} sweeps"
        try:
            table = evidence.table(size.date)
        except DataError as error:
            found.append(unreadable(fact, error, expected, COUNTED))
            continue
        if table is None:
            found.append(without_table(fact, size.date, expected, COUNTED))
            continue
        # The file's own lines: rows about midnight may count with a neighbouring day.
        rows = _lines(evidence, size.date)
        lost_rows, lost = (sum(getattr(item, name) for item in table.defects) for name in ("rows", "sweeps"))
        sweeps = table.n_sweeps + lost
        said = f"{rows} rows, {sweeps} sweeps" + (f" ({lost_rows} rows left out)" if lost_rows else "")
        found.append(Finding(fact, said, expected, "none", judged((rows, sweeps) == (size.rows, size.sweeps)), COUNTED))
    return [*found, _check_grid(evidence), *_check_times(evidence)]


def _lines(evidence: Evidence, date: dt.date) -> int:
    """Count the lines of a day's file that hold something."""
    path = next(day.path for day in evidence.case.archive.days if day.date == date)
    return sum(bool(line.strip()) for line in path.read_bytes().splitlines())


def _check_grid(evidence: Evidence) -> Finding:
    """Compare the ends of the first sweep's energies."""
    grid = evidence.facts.grid
    fact, expected = f"energies of the first sweep of {grid.date}", f"{grid.low_ev} to {grid.high_ev} eV"
    source = "table 3D980116.TAB as published"
    try:
        table = evidence.table(grid.date)
    except DataError as error:
        return unreadable(fact, error, expected, source)
    if table is None:
        return without_table(fact, grid.date, expected, source)
    energy = table.energy_ev[: int(table.sweep_rows[0])]
    ends = float(energy.min()), float(energy.max())
    is_right = np.allclose(ends, (grid.low_ev, grid.high_ev), rtol=0, atol=1e-3)
    return Finding(fact, f"{ends[0]:.3f} to {ends[1]:.3f} eV", expected, "0.001 eV", judged(bool(is_right)), source)


def _check_times(evidence: Evidence) -> list[Finding]:
    """Compare the time from row to row, and the second time of a row with the first."""
    days = evidence.case.archive.days
    dates = [size.date for size in evidence.facts.sizes if size.date in {day.date for day in days}]
    date = dates[0] if dates else days[0].date
    expected = f"{evidence.facts.row_spacing_s:g} s"
    fact = f"time from row to row on {date}"
    try:
        table = evidence.table(date)
    except DataError as error:
        return [unreadable(fact, error, expected, LABEL)]
    assert table is not None
    spacing = row_spacing_s(table)
    late = start_after_unix_s(table)
    return [
        Finding(
            fact, f"{spacing:.2f} s on average", expected, "0.1 s",
            judged(abs(spacing - evidence.facts.row_spacing_s) <= 0.1), f"{LABEL} (one spin)",
        ),
        Finding(
            f"seconds since 1970 of {date}", f"{late:+.0f} s from the first row's UTC (median)",
            "the sweep's first UTC", "2 s", judged(abs(late) <= 2), COUNTED, is_history=False,
        ),
    ]  # fmt: skip


def row_spacing_s(table: DayTable) -> float:
    """Return the mean time between the rows of complete sweeps (s)."""
    day, second, _ = split_utc(table.utc)
    time = day * 86400 + second
    start = table.sweep_start[table.sweep_rows == N_CHANNELS]
    return float(np.mean(time[start + N_CHANNELS - 1] - time[start])) / (N_CHANNELS - 1) if len(start) else np.nan


def start_after_unix_s(table: DayTable) -> float:
    """Return by how much the first rows' UTC is later than their seconds since 1970 (median, s)."""
    start = table.sweep_start
    day, second, _ = split_utc(table.utc[start])
    return float(np.median(day * 86400 + second - table.unix_time_s[start]))
