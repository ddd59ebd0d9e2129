"""Sweeps at a day's end that two neighbouring tables may both hold.

A sweep that crosses midnight belongs to the table that begins it, but tables end with rows of the next date and may
begin with rows of the day before. A row that stands at the end of the table before is therefore left out of the later
one, row by row: nothing is lost where only one table has it, and nothing counts twice.
"""

import datetime as dt
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from potrun.archive.layout import relative_table_path
from potrun.core.records import ArchiveDay, BoolArray, DayTable, Defect
from potrun.core.utc import split_utc

TAIL_BYTES = 131_072
"""End of a table that is looked at: some 80 rows, five sweeps."""

NEIGHBOUR_S = 300
"""How far beyond midnight a table may go on (s); rows further away are of a wrong day."""

Row = tuple[str, float]
"""UTC and energy, which no two rows of the instrument share."""


def rows_before(day: ArchiveDay) -> frozenset[Row]:
    """List the rows about midnight at the end of the table of the day before; empty where there is no such table.

    Parameters
    ----------
    day : ArchiveDay
        The later day.

    Returns
    -------
    frozenset of (str, float)
        UTC and energy (eV) of each row within five minutes of the midnight between the two.

    Raises
    ------
    OSError
        If the table is there and cannot be read.
    """
    previous = day.path.parents[2] / relative_table_path(day.date - dt.timedelta(days=1))
    if day.name != relative_table_path(day.date) or not previous.is_file():
        return frozenset()
    return frozenset(_near_midnight(_tail(previous), day.date))


def rows_before_digest(day: ArchiveDay) -> str:
    """Return a text that changes with :func:`rows_before`; empty where there are none."""
    rows = rows_before(day)
    return hashlib.sha256(repr(sorted(rows)).encode()).hexdigest() if rows else ""


def without_rows(table: DayTable, before: frozenset[Row]) -> DayTable:
    """Leave out the rows that the table of the day before holds too.

    Parameters
    ----------
    table : DayTable
        The later day.
    before : frozenset of (str, float)
        Of :func:`rows_before`.

    Returns
    -------
    DayTable
        A new one where rows were left out, with their number in its defects.
    """
    if not before or not table.n_rows:
        return table
    head = range(min(table.n_rows, TAIL_BYTES // 1000))
    is_repeated = np.zeros(table.n_rows, dtype=bool)
    is_repeated[[row for row in head if (str(table.utc[row]), float(table.energy_ev[row])) in before]] = True
    if not is_repeated.any():
        return table
    cost = int(is_repeated.sum())
    whole = int((np.add.reduceat(~is_repeated, table.sweep_start) == 0).sum())
    reason = "row of a sweep that is in the table of the day before"
    defect = Defect(reason, table.source.name, 0, cost, whole)
    return _take(table, ~is_repeated, defect)


def _take(table: DayTable, kept: BoolArray, defect: Defect) -> DayTable:
    size = np.add.reduceat(kept, table.sweep_start, dtype=np.int64)
    size = size[size > 0]
    per_row = ("utc", "unix_time_s", "energy_ev", "spectrum_number", "b_scd_nt", "flux", "phi_deg")
    return replace(
        table,
        **{name: getattr(table, name)[kept] for name in per_row},
        sweep_start=np.cumsum(size) - size,
        sweep_rows=size,
        defects=(*table.defects, defect),
    )


def _tail(path: Path) -> list[list[bytes]]:
    """First three fields of the last whole lines."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - TAIL_BYTES))
        lines = stream.read().splitlines()
    return [line.split(maxsplit=3)[:3] for line in (lines[1:] if size > TAIL_BYTES else lines)]


def _near_midnight(lines: list[list[bytes]], date: dt.date) -> list[Row]:
    """Pick the readable rows within five minutes of a day's beginning."""
    rows: list[Row] = []
    for words in lines:
        try:
            utc, energy = words[0].decode("ascii"), float(words[2])
        except (IndexError, ValueError):
            continue  # a damaged line holds no row; the reader of its own day counts it
        rows.append((utc, energy))
    day, second, is_time = split_utc(np.array([utc for utc, _ in rows], dtype="U19"))
    apart = (day - (date - dt.date(1970, 1, 1)).days) * 86400 + second
    near = is_time & (np.abs(apart) <= NEIGHBOUR_S)
    return [row for row, is_near in zip(rows, near, strict=True) if is_near]
