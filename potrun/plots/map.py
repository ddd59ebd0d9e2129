"""The map of surface potentials at the footpoints."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from numpy.typing import NDArray

from potrun.core.records import BoolArray, FloatArray
from potrun.plots.style import (
    LIGHT_LABEL,
    PAPER,
    U_TICKS_V,
    count,
    heading,
    new_figure,
    say_nothing_here,
    span,
    styled,
    u_colours,
    volts,
)
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination

MOST_POINTS = 60_000
CUT_DEG = 30.0
"""Sweeps this near to the edge of a map are torn from their neighbours."""


@styled
def draw_map(result: RunResult) -> Figure:
    """Draw U at the footpoints, sunlit and shadowed apart.

    Filled marks are identifiable sweeps, hollow ones are not; where no sweep has an interval all are filled.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(13, 4.5)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    cut = cut_longitude(result["spec_projection_longitude"])
    has_fit = np.isfinite(result["spec_u_surface"])
    has_intervals = bool(np.isfinite(result["spec_u_lo95"]).any())
    is_sure = result["spec_u_identifiable"] if has_intervals else np.ones_like(has_fit)
    thinned = ""
    for ax, (light, chosen) in zip(axes, illumination(result).items(), strict=True):
        shown = np.flatnonzero(chosen & has_fit)
        moon_axes(ax, cut)
        label = f"{LIGHT_LABEL[light].capitalize()}: {count(len(shown))} sweeps"
        if has_intervals:
            label += f", {count(int(is_sure[shown].sum()))} identifiable"
        ax.set_title(label)
        if not len(shown):
            say_nothing_here(ax, "no fitted sweep")
        step = -(-len(shown) // MOST_POINTS)
        if step > 1:
            thinned = f", every {step}th drawn"
        _scatter(ax, result, shown[:: max(step, 1)], is_sure, cut)
    axes[1].set_ylabel("")
    u_colour_bar(figure, axes, "surface potential U (V)")
    hollow = "; hollow: not identifiable" if has_intervals else ""
    heading(
        figure,
        "Surface potential at the footpoints",
        f"{span(result)}: {count(int(has_fit.sum()))} of {count(len(has_fit))} sweeps fitted{thinned}{hollow}",
        result.origin,
    )
    return figure


def _scatter(ax: Axes, result: RunResult, shown: NDArray[np.int64], is_sure: BoolArray, cut: float) -> None:
    """Mark sweeps, the most negative last so that they stay visible."""
    colours, norm = u_colours()
    u = result["spec_u_surface"]
    ordered = shown[np.argsort(-u[shown], kind="stable")]
    size = float(np.clip(9000 / max(len(shown), 1), 3, 34))
    for chosen, is_filled in ((ordered[~is_sure[ordered]], False), (ordered[is_sure[ordered]], True)):
        colour = colours(norm(u[chosen]))
        ax.scatter(
            (result["spec_projection_longitude"][chosen] - cut) % 360.0 + cut,
            result["spec_projection_latitude"][chosen],
            s=size,
            facecolors=colour if is_filled else "none",
            edgecolors="#00000055" if is_filled else colour,
            linewidths=0.3 if is_filled else 1.1,
            rasterized=True,
        )


def cut_longitude(longitude_deg: FloatArray) -> float:
    """Return the longitude at which a map is cut open: 180 deg, or 90 deg W where far fewer sweeps are cut apart there.

    Parameters
    ----------
    longitude_deg : (N,) float64, deg
        Of footpoints; NaN where there is none.

    Returns
    -------
    float
        Left edge of the map, -180 or -90 deg.
    """
    known = longitude_deg[np.isfinite(longitude_deg)]
    far, west = np.abs(known) > 180 - CUT_DEG, np.abs(known + 90) < CUT_DEG
    return -90.0 if far.sum() > 2 * west.sum() and far.mean() > 0.1 else -180.0


def moon_axes(ax: Axes, left_deg: float = -180.0) -> None:
    """Prepare a plate carree map of the Moon, north up, east to the right."""
    ax.set(xlim=(left_deg, left_deg + 360), ylim=(-90, 90), aspect="equal", facecolor=PAPER)
    ax.set_xticks(np.arange(left_deg, left_deg + 361, 60 if left_deg == -180 else 45 * 2))
    ax.set_yticks(range(-90, 91, 30))
    ax.xaxis.set_major_formatter(longitude)
    ax.yaxis.set_major_formatter(_latitude)
    ax.grid(color="white", linewidth=1.0)
    ax.set_xlabel("selenographic longitude")
    ax.set_ylabel("latitude")


def longitude(value: float, _position: float = 0) -> str:
    """Write a longitude from -180 to 360 deg with its side."""
    value = (value + 180) % 360 - 180
    side = "" if abs(value) in (0, 180) else "W" if value < 0 else "E"
    return f"{abs(value):.0f}°{side}"


def _latitude(value: float, _position: float = 0) -> str:
    side = "" if value == 0 else "S" if value < 0 else "N"
    return f"{abs(value):.0f}°{side}"


def u_colour_bar(figure: Figure, axes: Any, label: str) -> None:
    """Add the colour bar of surface potentials."""
    colours, norm = u_colours()
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=axes, pad=0.02, aspect=28, shrink=0.83)
    bar.set_ticks(list(U_TICKS_V))
    bar.ax.yaxis.set_major_formatter(volts)
    bar.ax.minorticks_off()
    bar.set_label(label)
