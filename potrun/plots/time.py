"""Surface and spacecraft potential against time."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from potrun.core.records import BoolArray
from potrun.plots.style import (
    INK,
    LIGHT,
    LIGHT_LABEL,
    QUIET,
    count,
    heading,
    hollow_where,
    new_figure,
    say_nothing_here,
    span,
    styled,
    u_axis,
)
from potrun.plots.timeline import Times, span_axes, split_at_gaps, sweep_times
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination

LEAST_RANGE_V = 10.0
MOST_BARS = 400
"""Of more sweeps the intervals would be one grey curtain: the dots stand alone."""


@styled
def draw_time(result: RunResult) -> Figure:
    """Draw U with its 68 % intervals, and the spacecraft potential, against time.

    Gaps of more than half a day are cut out as long as that leaves few spans. Filled marks are identifiable sweeps.

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
    axes = span_axes(figure, times, spans, (2, 1))
    u = result["spec_u_surface"]
    is_hollow = hollow_where(result)
    bars = np.isfinite(u) & np.isfinite(result["spec_u_lo68"]) & np.isfinite(result["spec_u_hi68"]) & ~is_hollow
    if bars.sum() > MOST_BARS:
        bars[:] = False
    for column, chosen in enumerate(spans):
        top, bottom = axes[:, column]
        _surface(top, result, times, chosen, bars, is_hollow)
        bottom.plot(
            times[chosen],
            result["spec_spacecraft_potential"][chosen],
            ".",
            color=INK,
            markersize=0.75 * _mark(len(times)),
            rasterized=True,
        )
    _potential_axes(axes[0, 0], axes[1, 0])
    figure.supxlabel("UTC; a date stands at its midnight", fontsize=9.5, color=QUIET)
    if not spans:
        say_nothing_here(axes[1, 0], "no sweep", has_scale=False)
    if not np.isfinite(u).any():
        say_nothing_here(axes[0, 0], "no fitted sweep")
    else:
        _legend(figure, axes[0, -1], bool(bars.any()), bool((is_hollow & np.isfinite(u)).any()))
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


def _surface(
    ax: Axes, result: RunResult, times: Times, chosen: NDArray[np.int64], bars: BoolArray, is_hollow: BoolArray
) -> None:
    u = result["spec_u_surface"]
    barred = chosen[bars[chosen]]
    ax.vlines(
        times[barred],
        result["spec_u_lo68"][barred],
        result["spec_u_hi68"][barred],
        color=QUIET,
        alpha=0.6,
        linewidth=0.9,
        rasterized=True,
    )
    size = _mark(len(times))
    for light, side in illumination(result).items():
        for hollow in (True, False):
            here = chosen[side[chosen] & (is_hollow[chosen] == hollow)]
            ax.plot(
                times[here],
                u[here],
                "o",
                color="none" if hollow else LIGHT[light],
                markeredgecolor=LIGHT[light],
                markeredgewidth=0.7,
                markersize=size,
                rasterized=True,
            )


def _mark(sweeps: int) -> float:
    """Return the size of a mark: smaller where there are many."""
    return float(np.clip(4 * (1000 / max(sweeps, 1)) ** 0.3, 1, 4))


def _legend(figure: Figure, ax: Any, has_bars: bool, has_hollow: bool) -> None:
    for light, colour in LIGHT.items():
        ax.plot([], [], "o", color=colour, markersize=5, label=LIGHT_LABEL[light])
    if has_hollow:
        ax.plot([], [], "o", color="none", markeredgecolor=QUIET, markersize=5, label="not identifiable")
    if has_bars:
        ax.plot([], [], color=QUIET, alpha=0.8, label="68 % interval")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower right", ncols=4)
