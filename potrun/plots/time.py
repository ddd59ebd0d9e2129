"""Surface and spacecraft potential against time."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray

from potrun.plots.style import (
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
from potrun.results.statistics import illumination

LONGEST_GAP = np.timedelta64(12, "h")
MOST_SPANS = 6
LEAST_RANGE_V = 10.0
MOST_BARS = 5000

Times = NDArray[np.datetime64]


@styled
def draw_time(result: RunResult) -> Figure:
    """Draw U with its 68 % intervals, and the spacecraft potential, against time.

    Gaps of more than half a day are cut out as long as that leaves few spans.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(13, 7)
    times = sweep_times(result)
    spans = split_at_gaps(times)
    axes = figure.subplots(
        2,
        max(len(spans), 1),
        squeeze=False,
        sharex="col",
        sharey="row",
        gridspec_kw={"height_ratios": (2, 1), "width_ratios": _widths(times, spans)},
    )
    u = result["spec_u_surface"]
    for column, chosen in enumerate(spans):
        top, bottom = axes[:, column]
        _surface(top, result, times, chosen)
        bottom.plot(
            times[chosen],
            result["spec_spacecraft_potential"][chosen],
            ".",
            color=INK,
            markersize=0.75 * _mark(len(times)),
            rasterized=True,
        )
        _time_axis(bottom, times[chosen])
    _potential_axes(axes[0, 0], axes[1, 0])
    figure.supxlabel("UTC", fontsize=10)
    if not spans:
        say_nothing_here(axes[1, 0], "no sweep", has_scale=False)
    if not np.isfinite(u).any():
        say_nothing_here(axes[0, 0], "no fitted sweep")
    else:
        _legend(figure, axes[0, -1], result)
    heading(
        figure,
        "Surface and spacecraft potential against time",
        f"{span(result)}: {count(int(np.isfinite(u).sum()))} of {count(len(u))} sweeps fitted, "
        f"{count(int(np.isfinite(result['spec_spacecraft_potential']).sum()))} with a spacecraft potential",
        result.origin,
    )
    return figure


def _potential_axes(top: Axes, bottom: Axes) -> None:
    u_axis(top)
    low, high = bottom.get_ylim()
    if high - low < LEAST_RANGE_V:
        bottom.set_ylim((low + high - LEAST_RANGE_V) / 2, (low + high + LEAST_RANGE_V) / 2)
    top.set_ylabel("surface potential U (V)")
    bottom.set_ylabel("spacecraft\npotential (V)")


def sweep_times(result: RunResult) -> Times:
    """Return the start of each sweep; a leap second counts as the second before it, a bad time is NaT."""
    if not len(result["spec_utc_start"]):
        return np.empty(0, dtype="datetime64[s]")
    text = np.strings.replace(result["spec_utc_start"], ":60", ":59")
    try:
        return text.astype("datetime64[s]")
    except ValueError:
        return np.array([_one_time(str(item)) for item in text], dtype="datetime64[s]")


def _one_time(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "s")
    except ValueError:
        return np.datetime64("NaT", "s")


def split_at_gaps(times: Times) -> list[NDArray[np.int64]]:
    """Divide sweeps into spans without long gaps; into one if there would be too many.

    Returns
    -------
    list of int arrays
        Indices of each span, in order of time.
    """
    known = np.flatnonzero(~np.isnat(times))
    if not len(known):
        return []
    order = known[np.argsort(times[known], kind="stable")]
    cuts = np.flatnonzero(np.diff(times[order]) > LONGEST_GAP) + 1
    return np.split(order, cuts) if len(cuts) < MOST_SPANS else [order]


def _widths(times: Times, spans: list[NDArray[np.int64]]) -> list[float]:
    """Give each span a width like its length, the short ones enough to be read."""
    lengths = [float((times[span].max() - times[span].min()).astype(np.int64)) for span in spans]
    return [max(length, 0.3 * max(lengths), 1.0) for length in lengths] or [1.0]


def _surface(ax: Axes, result: RunResult, times: Times, chosen: NDArray[np.int64]) -> None:
    u = result["spec_u_surface"]
    low, high = result["spec_u_lo68"], result["spec_u_hi68"]
    bars = chosen[np.isfinite(low[chosen]) & np.isfinite(high[chosen])]
    bars = bars[:: max(1, -(-len(bars) // MOST_BARS))]
    ax.vlines(times[bars], low[bars], high[bars], color=QUIET, alpha=0.35, linewidth=0.8, rasterized=True)
    for light, side in illumination(result).items():
        here = chosen[side[chosen]]
        ax.plot(times[here], u[here], ".", color=LIGHT[light], markersize=_mark(len(times)), rasterized=True)


def _time_axis(ax: Axes, times: Times) -> None:
    locator = AutoDateLocator(minticks=2, maxticks=5)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    plain = ["%Y", "%b", "%b-%d", "%H:%M", "%H:%M", "%S.%f"]
    zero = ["", "%Y", "%b", "%b-%d", "%H:%M", "%H:%M"] if _is_long(times) else ["%H:%M"] * 6
    below = ["", "%Y", "%Y-%m", *["%Y-%m-%d"] * 3]
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, formats=plain, zero_formats=zero, offset_formats=below))  # type: ignore[no-untyped-call]
    if len(times) == 1:
        ax.set_xlim(times[0] - np.timedelta64(300, "s"), times[0] + np.timedelta64(300, "s"))


def _mark(sweeps: int) -> float:
    """Return the size of a mark: smaller where there are many."""
    return float(np.clip(4 * (2000 / max(sweeps, 1)) ** 0.3, 1, 4))


def _is_long(times: Times) -> bool:
    return bool(times.max() - times.min() > np.timedelta64(2, "D"))


def _legend(figure: Figure, ax: Any, result: RunResult) -> None:
    for light, colour in LIGHT.items():
        ax.plot([], [], ".", color=colour, markersize=8, label=LIGHT_LABEL[light])
    if np.isfinite(result["spec_u_lo68"]).any():
        ax.plot([], [], color=QUIET, alpha=0.6, label="68 % interval")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower right", ncols=3)
