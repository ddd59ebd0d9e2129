"""Pictures of a closure: potentials found against true ones, and how far intervals can be trusted."""

import itertools
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from potrun.core.records import BoolArray, FloatArray
from potrun.plots.style import (
    FAINT,
    INK,
    LIGHT,
    LIGHT_LABEL,
    PAPER,
    QUIET,
    count,
    heading,
    new_figure,
    say_nothing_here,
    span,
    styled,
    u_axis,
    volts,
)
from potrun.results.recovery import Recovery
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination

WANTED = {"68": (0.60, 0.76), "95": (0.91, 0.98)}
"""Coverage that counts as calibrated."""

INTERVAL_COLOUR = {"68": "#0072b2", "95": "#d55e00"}
MOST_BARS = 400


@styled
def draw_recovery(result: RunResult, found: Recovery) -> Figure:
    """Draw found against true potentials, and the error with its interval.

    Parameters
    ----------
    result : RunResult
        The run.
    found : Recovery
        Its sweeps beside their truth.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(13, 6.2)
    left, right = figure.subplots(1, 2)
    sides = illumination(result)
    fitted = np.isfinite(found.error_v)
    _true_axis(left, found)
    u_axis(left, "y")
    low, high = left.get_xlim()
    same = np.linspace(low, high, 500)
    left.plot(same, same, color=QUIET, linewidth=1)
    left.set(xlabel="true U (V)", ylabel="found U (V)")
    _points(left, found.u_true_v, found.u_found_v, sides, fitted, found.is_identifiable)
    left.set_title("Found against true; hollow: not identifiable")
    _errors(right, found, sides, fitted)
    if not fitted.any():
        say_nothing_here(left, "no sweep was fitted")
    sure = count(int((fitted & found.is_identifiable).sum())) if found.has_interval.any() else "unknown how many"
    heading(
        figure,
        "Potentials that were put in, and what came out",
        f"{span(result)}: {count(int(fitted.sum()))} fitted of {count(int(np.isfinite(found.u_true_v).sum()))} "
        f"connected sweeps, {sure} identifiable",
        result.origin,
    )
    return figure


def _true_axis(ax: Axes, found: Recovery) -> None:
    """Scale an axis for the true potentials that there are."""
    u_axis(ax, "x")
    ax.tick_params(axis="x", rotation=45)
    true = found.u_true_v[np.isfinite(found.u_true_v)]
    if len(true):
        ax.set_xlim(true.min() * 1.15 - 5, min(true.max() * 0.85 + 5, 27))


def _points(
    ax: Axes, x: FloatArray, y: FloatArray, sides: Mapping[str, BoolArray], shown: BoolArray, is_sure: BoolArray
) -> None:
    for side, chosen in sides.items():
        for is_filled in (False, True):
            members = shown & chosen & (is_sure == is_filled)
            ax.plot(
                x[members],
                y[members],
                "o",
                markersize=3.6,
                color=LIGHT[side] if is_filled else "none",
                markeredgecolor=LIGHT[side],
                markeredgewidth=0.6,
                alpha=0.85 if is_filled else 0.6,
                rasterized=True,
                label=f"{LIGHT_LABEL[side]} ({count(int((shown & chosen).sum()))})" if is_filled else None,
            )
    ax.legend(loc="upper left", fontsize=9, handletextpad=0.1)


def _errors(ax: Axes, found: Recovery, sides: Mapping[str, BoolArray], fitted: BoolArray) -> None:
    """Draw errors of U over its true size, with 95 % intervals of a selection of identifiable sweeps."""
    _true_axis(ax, found)
    ax.set_yscale("symlog", linthresh=10, linscale=0.8)
    ax.set_yticks([-1000, -100, -10, 0, 10, 100, 1000])
    ax.yaxis.set_major_formatter(volts)
    ax.yaxis.set_minor_locator(NullLocator())
    ax.axhline(0, color=QUIET, linewidth=1)
    barred = np.flatnonzero(fitted & found.has_interval & found.is_identifiable)
    barred = barred[:: max(1, -(-len(barred) // MOST_BARS))]
    low, high = (np.clip(end["95"], -3000, 3000) - found.u_true_v for end in (found.low_v, found.high_v))
    ax.vlines(found.u_true_v[barred], low[barred], high[barred], color=QUIET, linewidth=0.5, alpha=0.6)
    _points(ax, found.u_true_v, found.error_v, sides, fitted, found.is_identifiable)
    ax.set(xlabel="true U (V)", ylabel="found less true U (V)", ylim=(-2000, 2000))
    shown = f"; lines: 95 % intervals of {count(len(barred))} identifiable sweeps" if len(barred) else ""
    ax.set_title(f"Error{shown}")
    if not fitted.any():
        say_nothing_here(ax, "no sweep was fitted")


@styled
def draw_trust(
    result: RunResult, numbers: Mapping[tuple[str, str], Mapping[str, float]], titles: Mapping[str, str]
) -> Figure:
    """Draw bias, coverage and the identifiable part for every group of sweeps.

    Parameters
    ----------
    result : RunResult
        The run.
    numbers : mapping
        From (quantity, group) to the measures of :func:`potrun.results.recovery.measures`.
    titles : mapping
        Words for the quantities.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lines = list(numbers)
    found_intervals = not all(np.isnan(numbers[line]["coverage95"]) for line in lines)
    y = _places(lines)
    figure = new_figure(13, 2.2 + 0.24 * -y[-1])
    axes = figure.subplots(1, 4, sharey=True)
    labels = [
        f"{titles.get(name, name)}: {key.replace('_', ', ')}  ({numbers[name, key]['fitted']:.0f})".replace(
            "all: all", "all"
        )
        for name, key in lines
    ]
    axes[0].set_yticks(y, labels, fontsize=8.5)
    axes[0].set_ylim(y[-1] - 0.8, 0.8)
    for ax in axes:
        ax.grid(visible=False, axis="y")
        ax.tick_params(axis="y", length=0)
        for number, name in enumerate(dict.fromkeys(name for name, _ in lines)):
            if number % 2 == 0:
                band = y[[line[0] == name for line in lines]]
                ax.axhspan(band.min() - 0.65, band.max() + 0.65, color=PAPER, zorder=0, linewidth=0)
    for ax, prefix, title in (
        (axes[0], "", "Relative error, all fitted"),
        (axes[1], "identifiable_", "Relative error, identifiable"),
    ):
        bias, scatter = (
            np.array([numbers[line][f"{prefix}{word}_relative"] for line in lines]) for word in ("bias", "scatter")
        )
        ax.errorbar(bias, y, xerr=scatter, fmt="o", color=INK, ecolor=QUIET, markersize=4, linewidth=1)
        ax.axvline(0, color=QUIET, linewidth=1)
        ax.set(xlim=(-1, 1), xlabel="bias and scatter, % of |U|", xticks=[-1, -0.5, 0, 0.5, 1])
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
        ax.set_title(title, fontsize=10)
    _coverage(axes[2], numbers, lines, y)
    figure.legend(*axes[2].get_legend_handles_labels(), loc="outside lower right", ncols=5, fontsize=9)
    share = [numbers[line]["identifiable_fraction"] for line in lines]
    axes[3].barh(y, share, height=0.6, color=QUIET)
    if not found_intervals:
        for ax in axes[1:]:
            say_nothing_here(ax, "no intervals")
    axes[3].set(xlim=(0, 1), xlabel="% of the fitted sweeps")
    axes[3].xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
    axes[3].set_title("Identifiable", fontsize=10)
    heading(figure, "How far potentials and intervals can be trusted", f"{span(result)}; fitted sweeps in brackets",
            result.origin)  # fmt: skip
    return figure


def _places(lines: list[tuple[str, str]]) -> FloatArray:
    """Return the heights of lines, from 0 down, with room between quantities."""
    steps = [0.0] + [1.0 if here[0] == before[0] else 1.7 for before, here in itertools.pairwise(lines)]
    return -np.cumsum(steps)


def _coverage(
    ax: Axes, numbers: Mapping[tuple[str, str], Mapping[str, float]], lines: list[tuple[str, str]], y: FloatArray
) -> None:
    """Draw the share of intervals that hold the truth: filled for identifiable sweeps, hollow for all."""
    for percent, (low, high) in WANTED.items():
        ax.axvspan(low, high, color=FAINT, linewidth=0)
        for prefix, is_filled in (("", False), ("identifiable_", True)):
            shares = [numbers[line][f"{prefix}coverage{percent}"] for line in lines]
            ax.plot(
                shares,
                y,
                "o",
                markersize=4.5,
                color=INTERVAL_COLOUR[percent] if is_filled else "none",
                markeredgecolor=INTERVAL_COLOUR[percent],
                label=f"{percent} % interval" if is_filled else None,
            )
    ax.plot([], [], "o", color="none", markeredgecolor=QUIET, markersize=4.5, label="hollow: all fits")
    ax.plot([], [], "o", color=QUIET, markersize=4.5, label="filled: identifiable")
    ax.plot([], [], color=FAINT, linewidth=7, label="wanted")
    ax.set(xlim=(-0.03, 1.03), xlabel="% of the intervals")
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
    ax.set_title("Truth inside", fontsize=10)
