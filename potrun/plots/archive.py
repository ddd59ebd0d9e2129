"""A picture of what an archive covers: a calendar of its sweeps and bars for kernels and attitude."""

import calendar
import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from potrun.archive import layout
from potrun.archive.summary import DaySummary
from potrun.core.records import Archive
from potrun.geometry.compute import GeometryModel
from potrun.geometry.coverage import DayCoverage
from potrun.geometry.ephemeris import LUNAR_PROSPECTOR, SUN
from potrun.plots.style import FAINT, INK, PAPER, QUIET, SHADOW, count, heading, new_figure, styled
from potrun.plots.style import SUN as SUN_COLOUR

_FULL_DAY = 1080
"""Sweeps of a day without gaps, one every 80 s."""

_DAMAGED = "#b3261e"
_UNPLACED = "#d55e00"
_J2000 = dt.datetime(2000, 1, 1, 12)


@styled
def draw_archive(
    archive: Archive, summaries: Sequence[DaySummary], coverage: Sequence[DayCoverage], model: GeometryModel | None
) -> Figure:
    """Draw the coverage of the mission.

    Parameters
    ----------
    archive : Archive
        Named in the heading, with its origin.
    summaries : sequence of DaySummary
        The days that were read.
    coverage : sequence of DayCoverage
        Their geometry; empty if there is none.
    model : GeometryModel or None
        Kernels and attitude.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(11, 9.2)
    above, below = figure.subplots(2, 1, height_ratios=(3.3, 1))
    _draw_calendar(figure, above, summaries, {day.date for day in coverage if day.missing})
    _draw_spans(below, summaries, model)
    sweeps = sum(len(summary.start_s) for summary in summaries)
    dropped = sum(summary.dropped_sweeps for summary in summaries)
    unreadable = sum(summary.failure is not None for summary in summaries)
    heading(
        figure,
        "What the archive covers",
        f"{count(len(summaries))} of the mission's {_mission_days()} days, {count(sweeps)} sweeps, "
        f"{count(dropped)} dropped, {count(unreadable)} days unreadable",
        archive.origin,
    )
    return figure


def _draw_calendar(figure: Figure, ax: Axes, summaries: Sequence[DaySummary], unplaced: set[dt.date]) -> None:
    """Colour each day by its number of sweeps; months downwards, days of the month to the right."""
    months = list(_months())
    number = np.full((len(months), 31), np.nan)
    for row, (year, month) in enumerate(months):
        for day in range(1, calendar.monthrange(year, month)[1] + 1):
            if layout.FIRST_DAY <= dt.date(year, month, day) <= layout.LAST_DAY:
                number[row, day - 1] = 0
    for summary in summaries:
        date = summary.day.date
        row = months.index((date.year, date.month))
        number[row, date.day - 1] = len(summary.start_s)
        if summary.failure or summary.dropped_sweeps:
            mark = "X" if summary.failure else "o"
            ax.plot(date.day + 0.3, row - 0.28, mark, color=_DAMAGED, markersize=5 if summary.failure else 3.5)
        if date in unplaced:
            ax.plot(date.day, row, "s", mfc="none", mec=_UNPLACED, mew=1.6, markersize=9)
    colours = colormaps["cividis"].with_extremes(bad="white", under=PAPER)
    edges = np.arange(0.5, 32), np.arange(-0.5, len(months))
    most = max(20.0, float(np.nanmax(number)))
    mesh = ax.pcolormesh(*edges, number, cmap=colours, vmin=0.5, vmax=most, ec="white", lw=1)
    ax.set(xlabel="day of the month", xticks=[1, 5, 10, 15, 20, 25, 31], ylim=(len(months) - 0.5, -0.5))
    names = [calendar.month_abbr[month] + (f" {year}" if month == 1 else "") for year, month in months]
    ax.set_yticks(range(len(months)), names)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    figure.colorbar(mesh, ax=ax, label=f"sweeps in the day ({_FULL_DAY} without a gap)", pad=0.01, aspect=40)
    ax.legend(
        handles=[
            Patch(fc=PAPER, ec=FAINT, label="no table"),
            Line2D([], [], ls="", marker="o", color=_DAMAGED, ms=4, label="sweeps dropped"),
            Line2D([], [], ls="", marker="X", color=_DAMAGED, ms=6, label="unreadable"),
            Line2D([], [], ls="", marker="s", mfc="none", mec=_UNPLACED, mew=1.6, ms=9, label="no kernels or attitude"),
        ],
        ncols=4, loc="upper left", bbox_to_anchor=(0, 1.07), borderaxespad=0, handletextpad=0.4,
    )  # fmt: skip


def _draw_spans(ax: Axes, summaries: Sequence[DaySummary], model: GeometryModel | None) -> None:
    """Draw what tables, trajectories and attitude reach, along the mission."""
    one_day = dt.timedelta(days=1)
    starts = [dt.datetime.combine(summary.day.date, dt.time()) for summary in summaries]
    bars: dict[str, tuple[str, list[tuple[dt.datetime, dt.datetime]]]] = {
        "tables": (INK, [(start, start + one_day) for start in starts]),
        "LP trajectory": (SHADOW, _spans(model, LUNAR_PROSPECTOR)),
        "Sun": (SUN_COLOUR, _spans(model, SUN)),
        "attitude": (QUIET, _attitude_span(model)),
    }
    for row, (colour, spans) in enumerate(bars.values()):
        for first, last in spans:
            left, right = float(date2num(first)), float(date2num(last))  # type: ignore[no-untyped-call]
            ax.broken_barh([(left, right - left)], (row - 0.32, 0.64), color=colour, lw=0.6)
        if not spans:
            ax.text(0.01, row, "none", transform=ax.get_yaxis_transform(), va="center", color=_DAMAGED)
    locator = AutoDateLocator(minticks=6)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    ax.set_xlim(layout.FIRST_DAY - 8 * one_day, layout.LAST_DAY + 9 * one_day)  # type: ignore[arg-type]
    ax.set_ylim(len(bars) - 0.5, -0.5)
    ax.set_yticks(range(len(bars)), list(bars))
    ax.set_title("reach over the mission")


def _spans(model: GeometryModel | None, body: int) -> list[tuple[dt.datetime, dt.datetime]]:
    """Stretches of time for which there is a body."""
    if model is None:
        return []
    return [(_moment(a), _moment(b)) for known in model.trajectories.values() for a, b in known.get(body, [])]


def _attitude_span(model: GeometryModel | None) -> list[tuple[dt.datetime, dt.datetime]]:
    """Stretch of time between the first and the last record."""
    return [] if model is None else [(_moment(model.attitude.et_s[0]), _moment(model.attitude.et_s[-1]))]


def _moment(et_s: float) -> dt.datetime:
    """Ephemeris time as a date, within the range that a picture can show."""
    seconds = min(max(float(et_s), -3e9), 3e9)
    return _J2000 + dt.timedelta(seconds=seconds)


def _months() -> Iterator[tuple[int, int]]:
    """Years and months of the mission."""
    first, last = layout.FIRST_DAY, layout.LAST_DAY
    for index in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield index // 12, index % 12 + 1


def _mission_days() -> int:
    """Days from the first to the last table of the mission."""
    return (layout.LAST_DAY - layout.FIRST_DAY).days + 1
