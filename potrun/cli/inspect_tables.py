"""The tables of ``python -m potrun.archive.inspect``."""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from potrun.archive import layout
from potrun.archive.days import describe_dates
from potrun.archive.summary import GAP_S, DaySummary, Grid
from potrun.core.instrument import N_CELLS
from potrun.core.records import Archive
from potrun.geometry.compute import GeometryModel
from potrun.geometry.coverage import DayCoverage
from potrun.geometry.ephemeris import LUNAR_PROSPECTOR, MOON, SUN

_MOST_LINES = 62
"""Days shown one by one; more are shown by the month."""

_BODIES = {LUNAR_PROSPECTOR: "Lunar Prospector", MOON: "Moon", SUN: "Sun", 3: "Earth-Moon barycentre", 399: "Earth"}


def print_report(
    archive: Archive,
    summaries: Sequence[DaySummary],
    coverage: Sequence[DayCoverage],
    model: GeometryModel | None,
    problem: str,
) -> None:
    """Print everything known about an archive.

    Parameters
    ----------
    archive : Archive
        Where it is and what it is made of.
    summaries : sequence of DaySummary
        The days that were read.
    coverage : sequence of DayCoverage
        The same days' geometry; empty if there is none.
    model : GeometryModel or None
        Kernels and attitude.
    problem : str
        Why there is no model.
    """
    console = Console(width=None if Console().is_terminal else 140, highlight=False)
    held = {summary.day.date for summary in summaries}
    mission = (layout.FIRST_DAY + dt.timedelta(n) for n in range((layout.LAST_DAY - layout.FIRST_DAY).days + 1))
    lacking = [date for date in mission if date not in held]
    console.print(f"[bold]{archive.root}[/bold] ({archive.origin}): {describe_dates(held)}")
    console.print(f"{len(held)} days; the other {len(lacking)} of the mission: {_shortened(describe_dates(lacking))}")
    console.print(_days_table(summaries, coverage))
    console.print(_grid_table(summaries))
    defects = _defect_table(archive, summaries)
    console.print(defects if defects.row_count else "no defects", markup=False)
    if model is None:
        console.print(f"[bold]geometry:[/bold] {problem}")
    else:
        console.print(_kernel_table(model))


def _days_table(summaries: Sequence[DaySummary], coverage: Sequence[DayCoverage]) -> Table:
    """One line a day, or a month where there are many days."""
    gap = f"gaps > {GAP_S // 60} min"
    table = Table(title="days", title_justify="left", show_footer=len(summaries) > 1)
    total = _numbers(summaries, coverage)
    for name, foot in zip(
        (
            "",
            "MB",
            "sweeps",
            "short",
            "rows",
            gap,
            "longest",
            "cells missing",
            "sweeps dropped",
            "LP",
            "Sun",
            "attitude",
        ),
        ("all", *total),
        strict=True,
    ):
        table.add_column(name, foot, justify="right" if name else "left")
    for label, index in _groups(summaries):
        chosen = [summaries[n] for n in index]
        table.add_row(label, *_numbers(chosen, [coverage[n] for n in index] if coverage else []))
    return table


def _groups(summaries: Sequence[DaySummary]) -> Iterator[tuple[str, list[int]]]:
    """Label lines and list the days in each."""
    form = "%Y-%m-%d" if len(summaries) <= _MOST_LINES else "%Y-%m"
    labels = [summary.day.date.strftime(form) for summary in summaries]
    for label, items in itertools.groupby(range(len(labels)), key=labels.__getitem__):
        yield label, list(items)


def _numbers(summaries: Sequence[DaySummary], coverage: Sequence[DayCoverage]) -> tuple[str, ...]:
    """Cells of one line, without its label."""
    rows = sum(summary.rows for summary in summaries)
    missing = sum(summary.missing_cells for summary in summaries)
    gaps = [length for summary in summaries for length in summary.gaps_s.tolist()]
    shares = [
        f"{sum(getattr(day, name) for day in coverage) / len(coverage):.0%}" if coverage else "-"
        for name in ("trajectory", "sun", "attitude")
    ]
    return (
        f"{sum(summary.size_bytes for summary in summaries) / 1e6:.1f}",
        f"{sum(len(summary.start_s) for summary in summaries):,}",
        f"{sum(summary.short_sweeps for summary in summaries):,}",
        f"{rows:,}",
        f"{len(gaps):,}",
        f"{max(gaps) / 60:.0f} min" if gaps else "-",
        f"{missing / (rows * N_CELLS):.2%}" if rows else "-",
        f"{sum(summary.dropped_sweeps for summary in summaries):,}",
        *shares,
    )


def _grid_table(summaries: Sequence[DaySummary]) -> Table:
    """Energy grids and the days on which they were used."""
    sweeps: Counter[Grid] = Counter()
    dates: dict[Grid, list[dt.date]] = {}
    for summary in summaries:
        sweeps.update(summary.grids)
        for grid in summary.grids:
            dates.setdefault(grid, []).append(summary.day.date)
    table = Table("eV", "rows", "sweeps", "days", title="energies of a sweep", title_justify="left")
    for grid, number in sweeps.most_common(12):
        table.add_row(
            f"{grid[0]:g} .. {grid[1]:g}", str(grid[2]), f"{number:,}", _shortened(describe_dates(dates[grid]))
        )
    return table


def _defect_table(archive: Archive, summaries: Sequence[DaySummary]) -> Table:
    """Everything that was left out or noted."""
    table = Table("file", "what", "first line", "rows", "sweeps", title="defects", title_justify="left")
    for defect in (*archive.ignored, *(defect for summary in summaries for defect in summary.defects)):
        numbers = (str(number) if number else "-" for number in (defect.first_line, defect.rows, defect.sweeps))
        table.add_row(defect.file, defect.reason, *numbers)
    for summary in summaries:
        if summary.failure:
            table.add_row(summary.day.name, summary.failure.removeprefix(f"{summary.day.name}: "), "-", "all", "all")
    return table


def _kernel_table(model: GeometryModel) -> Table:
    """Show what each kernel and the attitude reach."""
    table = Table("file", "what", "from", "to", title="kernels and attitude (TDB)", title_justify="left")
    for path in model.kernel_paths:
        if path not in model.trajectories:
            table.add_row(path.name, "text kernel", "", "")
        for body, spans in model.trajectories.get(path, {}).items():
            for start, end in spans:
                table.add_row(path.name, _BODIES.get(body, f"body {body}"), _moment(start), _moment(end))
    attitude = model.attitude
    first, last = float(attitude.et_s[0]), float(attitude.et_s[-1])
    table.add_row(model.attitude_path.name, f"{len(attitude.et_s)} attitude records", _moment(first), _moment(last))
    for defect in attitude.defects:
        table.add_row(defect.file, f"{defect.rows} unreadable records from line {defect.first_line} on", "", "")
    return table


def _moment(et_s: float) -> str:
    """Write ephemeris time as a date and time (TDB)."""
    return f"{dt.datetime(2000, 1, 1, 12) + dt.timedelta(seconds=et_s):%Y-%m-%d %H:%M}"


def _shortened(text: str, most: int = 100) -> str:
    """Cut a long list."""
    return text if len(text) <= most else text[:most].rsplit(",", 1)[0] + ", ..."
