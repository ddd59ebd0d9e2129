"""The distribution of surface potentials in each plasma environment."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from potrun.core.records import BoolArray, Environment, FloatArray
from potrun.plots.style import (
    ENVIRONMENT_LABEL,
    INK,
    LIGHT,
    LIGHT_LABEL,
    PAPER,
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
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination

MOST_POINTS = 4000
DENSITY = 0.7
LEAST = 4
"""Fewer sweeps speak for themselves."""


@styled
def draw_environment(result: RunResult) -> Figure:
    """Draw every sweep's U by plasma environment, with median and quartiles.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(11, 6)
    ax = figure.subplots()
    u, environment = result["spec_u_surface"], result["spec_environment_class"]
    has_fit = np.isfinite(u)
    is_hollow = hollow_where(result)
    sides = illumination(result)
    thinned = ""
    for place, code in enumerate(Environment):
        if place % 2 == 0:
            ax.axhspan(place - 0.5, place + 0.5, color=PAPER, zorder=0)
        here = has_fit & (environment == code)
        for number, (light, chosen) in enumerate(sides.items()):
            if _strip(ax, u, here & chosen, is_hollow, 10 * place + number, LIGHT[light]):
                thinned = f" (at most {count(MOST_POINTS)} of a kind drawn)"
        _box(ax, u[here], place)
    _legend(ax, bool((is_hollow & has_fit).any()))
    u_axis(ax, "x")
    ax.set_yticks(
        range(len(Environment)),
        [
            f"{ENVIRONMENT_LABEL[code]}\n{count(int((has_fit & (environment == code)).sum()))} sweeps"
            for code in Environment
        ],
    )
    ax.set(xlabel="surface potential U (V)", ylim=(len(Environment) - 0.5, -0.5))
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    if not has_fit.any():
        say_nothing_here(ax, "no fitted sweep")
    heading(
        figure,
        "Surface potential by plasma environment",
        f"{span(result)}: {count(int(has_fit.sum()))} of {count(len(has_fit))} sweeps fitted; "
        f"each dot is a sweep{thinned}",
        result.origin,
    )
    return figure


def _legend(ax: Axes, has_hollow: bool) -> None:
    for light, label in LIGHT_LABEL.items():
        ax.scatter([], [], color=LIGHT[light], s=18, label=label)
    if has_hollow:
        ax.scatter([], [], facecolors="none", edgecolors=QUIET, s=18, label="not identifiable")
    ax.plot([], [], color=INK, linewidth=5, alpha=0.45, label="quartiles")
    ax.plot([], [], "|", color=INK, markersize=14, markeredgewidth=2.5, label="median")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=5)


def _strip(ax: Axes, u: FloatArray, members: BoolArray, is_hollow: BoolArray, band: int, colour: str) -> bool:
    """Mark single sweeps, spread at random across the environment's band; tell whether some are left out."""
    there = np.flatnonzero(members)
    shown = there[:: max(1, -(-len(there) // MOST_POINTS))]
    spread = np.random.default_rng(band).uniform(-0.34, 0.34, len(shown))
    face = np.array([to_rgba(colour, DENSITY)] * len(shown)).reshape(-1, 4)
    face[is_hollow[shown], 3] = 0.0
    ax.scatter(
        u[shown], band // 10 + spread, s=11, facecolors=face, edgecolors=to_rgba(colour, DENSITY), linewidths=0.7,
        rasterized=True,
    )  # fmt: skip
    return len(shown) < len(there)


def _box(ax: Axes, u: FloatArray, place: int) -> None:
    """Draw median and quartiles, of as many as have some."""
    if len(u) >= LEAST:
        low, middle, high = np.percentile(u, [25, 50, 75])
        ax.plot([low, high], [place, place], color=INK, linewidth=5, alpha=0.45, solid_capstyle="butt")
        ax.plot([middle], [place], "|", color=INK, markersize=20, markeredgewidth=2.5)
