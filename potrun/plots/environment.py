"""The distribution of surface potentials in each plasma environment."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from potrun.core.records import Environment, FloatArray
from potrun.plots.style import (
    ENVIRONMENT_LABEL,
    INK,
    LIGHT,
    LIGHT_LABEL,
    PAPER,
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

MOST_POINTS = 4000


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
    sides = illumination(result)
    thinned = ""
    for place, code in enumerate(Environment):
        if place % 2 == 0:
            ax.axhspan(place - 0.5, place + 0.5, color=PAPER, zorder=0)
        here = has_fit & (environment == code)
        for light, chosen in sides.items():
            if _strip(ax, u[here & chosen], place, LIGHT[light]):
                thinned = f" (at most {count(MOST_POINTS)} of a kind drawn)"
        _box(ax, u[here], place)
    _legend(ax)
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


def _legend(ax: Axes) -> None:
    for light, label in LIGHT_LABEL.items():
        ax.scatter([], [], color=LIGHT[light], s=18, label=label)
    ax.plot([], [], color=INK, linewidth=5, alpha=0.45, label="quartiles")
    ax.plot([], [], "|", color=INK, markersize=14, markeredgewidth=2.5, label="median")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=4)


def _strip(ax: Axes, u: FloatArray, place: int, colour: str) -> bool:
    """Mark single sweeps, spread at random across the environment's band; tell whether some are left out."""
    shown = u[:: max(1, -(-len(u) // MOST_POINTS))]
    spread = np.random.default_rng(place).uniform(-0.34, 0.34, len(shown))
    ax.scatter(shown, place + spread, s=9, color=colour, alpha=0.55, linewidths=0, rasterized=True)
    return len(shown) < len(u)


def _box(ax: Axes, u: FloatArray, place: int) -> None:
    """Draw median and quartiles."""
    if len(u):
        low, middle, high = np.percentile(u, [25, 50, 75])
        ax.plot([low, high], [place, place], color=INK, linewidth=5, alpha=0.45, solid_capstyle="butt")
        ax.plot([middle], [place], "|", color=INK, markersize=20, markeredgewidth=2.5)
