"""Picture of a run in numbers: potentials by region and light, how sure they are, and the same day by day."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from potrun.plots.style import (
    FAINT,
    INK,
    LIGHT,
    LIGHT_LABEL,
    QUIET,
    count,
    heading,
    new_figure,
    say_nothing_here,
    span,
    styled,
    u_axis,
)
from potrun.results.run_result import RunResult

FITTED, IDENTIFIABLE, GOOD, TAKEN, P5, P25, P50, P75, P95 = range(1, 10)
"""Places of the numbers in the lines of :mod:`potrun.studies.summary`; 0 is the number of sweeps."""

Numbers = Mapping[tuple[str, str], Sequence[float]]


@styled
def draw_summary(result: RunResult, regions: Numbers, days: Numbers) -> Figure:
    """Draw percentiles and shares by region and light, and percentiles by day.

    Parameters
    ----------
    result : RunResult
        The sweeps whose potentials are summed up.
    regions, days : mapping
        From (region or date, light) to the numbers of :mod:`potrun.studies.summary`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lines = {key: values for key, values in regions.items() if key != ("all", "all")}
    figure = new_figure(13, 5.2 + 0.34 * max(len(lines), 3))
    grid = figure.add_gridspec(2, 2, width_ratios=[3, 1], height_ratios=[0.34 * max(len(lines), 3) + 1.0, 3.4])
    left = figure.add_subplot(grid[0, 0])
    _percentiles(left, lines)
    _shares(figure.add_subplot(grid[0, 1], sharey=left), lines)
    _days(figure.add_subplot(grid[1, :]), days)
    total = regions.get(("all", "all"), [0.0] * 10)
    heading(
        figure,
        "The run in numbers",
        f"{span(result)}: {count(int(total[0]))} sweeps, {count(int(total[FITTED]))} fitted, "
        f"{count(int(total[TAKEN]))} taken",
        result.origin,
    )
    return figure


def _percentiles(ax: Axes, lines: Numbers) -> None:
    u_axis(ax, "x")
    y = -np.arange(len(lines), dtype=float)
    ax.set_yticks(y, [f"{region}, {light} ({count(int(v[TAKEN]))})" for (region, light), v in lines.items()])
    ax.set_ylim(-max(len(lines), 1) + 0.4, 0.6)
    ax.set(xlabel="surface potential U (V): median, quartiles, P5 to P95; in brackets: sweeps taken")
    for place, ((_, light), values) in zip(y, lines.items(), strict=True):
        if np.isfinite(values[P50]):
            ax.hlines(place, values[P5], values[P95], color=LIGHT[light], linewidth=1.5)
            ax.hlines(place, values[P25], values[P75], color=LIGHT[light], linewidth=7)
            ax.plot(values[P50], place, "|", color=INK, markersize=13, markeredgewidth=2)
        else:
            ax.text(0.01, place, "none taken", transform=ax.get_yaxis_transform(), color=QUIET, fontsize=8, va="center")
    if not lines:
        say_nothing_here(ax, "no sweep with a footpoint")


def _shares(ax: Axes, lines: Numbers) -> None:
    y = -np.arange(len(lines), dtype=float)
    for column, colour, height, label in ((IDENTIFIABLE, FAINT, 0.7, "identifiable"), (GOOD, QUIET, 0.4, "good")):
        ax.barh(y, [values[column] for values in lines.values()], height=height, color=colour, label=label)
    ax.tick_params(labelleft=False)
    ax.set(xlim=(0, 1), xlabel="% of the fitted sweeps")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
    if lines:
        ax.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0)


def _days(ax: Axes, days: Numbers) -> None:
    u_axis(ax)
    ax.set(ylabel="U by day (V)")
    known = {key: values for key, values in days.items() if np.isfinite(values[P50])}
    if not known:
        say_nothing_here(ax, "no sweep taken")
        ax.set_xticks([])
        return
    # Days lie side by side in order where only some of a long span were asked for: gaps would be most of the picture.
    dates = sorted({date for date, _ in known})
    first, last = (dt.date.fromisoformat(date).toordinal() for date in (dates[0], dates[-1]))
    is_dense = len(dates) > 0.3 * (last - first + 1) and len(dates) > 1
    place = {
        date: (float(np.datetime64(date, "D").astype(float)) if is_dense else float(n)) for n, date in enumerate(dates)
    }
    width = float(np.clip(500 / len(dates), 1.0, 7.0))
    for light, shift in (("sun", -0.06), ("shadow", 0.06)):
        chosen = [(place[date] + shift, values) for (date, side), values in known.items() if side == light]
        if not chosen:
            continue
        x = [at for at, _ in chosen]
        table = np.array([values for _, values in chosen])
        ax.vlines(x, table[:, P5], table[:, P95], color=LIGHT[light], linewidth=max(width / 5, 0.6), alpha=0.7)
        ax.vlines(x, table[:, P25], table[:, P75], color=LIGHT[light], linewidth=width, alpha=0.7)
        ax.plot(x, table[:, P50], "_", color=INK, markersize=width + 2)
        ax.plot([], [], color=LIGHT[light], linewidth=5, label=LIGHT_LABEL[light])
    if is_dense:
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    else:
        is_crowded = len(dates) > 10
        shown = dates[:: -(-len(dates) // 40)]
        ax.set_xticks(
            [place[date] for date in shown], shown, rotation=45 if is_crowded else 0,
            ha="right" if is_crowded else "center",
        )  # fmt: skip
        ax.set_xlim(-0.5, len(dates) - 0.5)
    ax.legend(fontsize=8, loc="lower left", ncols=2, frameon=True)
