"""Maps in bins: the median of U, how many sweeps it stands on, how far they differ, how many ended at a bound."""

from collections.abc import Callable

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from potrun.core.records import FloatArray
from potrun.plots.map import cut_longitude, moon_axes, u_colour_bar
from potrun.plots.style import (
    LIGHT_LABEL,
    count,
    heading,
    new_figure,
    say_nothing_here,
    span,
    styled,
    u_colours,
)
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination

WIDTHS_DEG = (5, 10, 15, 20, 30)
LEAST = 3
"""Fewer sweeps of a bin are drawn as a small square: their median is one of them."""
LEAST_FOR_SPREAD = 4
SMALL = 0.42
"""Part of its bin that such a square covers."""

Reduce = Callable[[FloatArray], float]


@styled
def draw_binned(result: RunResult) -> Figure:
    """Draw median, number and spread of U and the share of fits at a bound in bins, sunlit and shadowed apart.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(13, 14.6)
    axes = figure.subplots(4, 2, sharex=True, sharey=True)
    has_fit = np.isfinite(result["spec_u_surface"])
    left = cut_longitude(result["spec_projection_longitude"])
    width = bin_width(result, left)
    for column, light in enumerate(illumination(result)):
        _column(axes[:, column], result, light, width, left)
    for ax in axes[:, 1]:
        ax.set_ylabel("")
    for ax in axes[:-1].ravel():
        ax.set_xlabel("")
    u_colour_bar(figure, axes[0], "median U (V)")
    for line, (norm, colours, label) in enumerate(_scales(), start=1):
        bar = figure.colorbar(ScalarMappable(norm, colours), ax=axes[line], pad=0.02, aspect=28, shrink=0.83)
        bar.ax.minorticks_off()
        bar.ax.yaxis.set_major_formatter("{x:g}")
        bar.set_label(label)
    whole = int(np.isfinite(result.whole["spec_u_surface"]).sum())
    heading(
        figure,
        f"Surface potential in bins of {width}° by {width}°",
        f"{span(result)}: {count(int(has_fit.sum()))} of {count(len(has_fit))} sweeps fitted; small squares: "
        f"fewer than {LEAST} sweeps; share at a bound: of all {count(whole)} fits",
        result.origin,
    )
    return figure


def bin_width(result: RunResult, left: float) -> int:
    """Return the finest width, deg, at which half of the sweeps share their bin with enough others."""
    for width in WIDTHS_DEG[:-1]:
        numbers = []
        for side in illumination(result).values():
            shown = side & np.isfinite(result["spec_u_surface"])
            place = result["spec_projection_longitude"][shown], result["spec_projection_latitude"][shown]
            numbers.append(bin_values(*place, result["spec_u_surface"][shown], width, left, len))
        found = np.concatenate([number[np.isfinite(number)] for number in numbers])
        if found.size and found[found >= LEAST_FOR_SPREAD].sum() >= found.sum() / 2:
            return width
    return WIDTHS_DEG[-1]


def _scales() -> list[tuple[Normalize, Colormap, str]]:
    """Scales of number, spread and share."""
    return [
        (LogNorm(1, 100), colormaps["cividis"], "fitted sweeps"),
        (LogNorm(1, 1000), colormaps["magma_r"], "quartile distance of U (V)"),
        (Normalize(0, 100), colormaps["YlGnBu"], "fits at a bound (%)"),
    ]


def _column(axes: NDArray[np.object_], result: RunResult, light: str, width: int, left: float) -> None:
    """Draw the four maps of one illumination."""
    u = result["spec_u_surface"]
    shown = illumination(result)[light] & np.isfinite(u)
    place = result["spec_projection_longitude"][shown], result["spec_projection_latitude"][shown]
    number = bin_values(*place, u[shown], width, left, len)
    median = bin_values(*place, u[shown], width, left, lambda values: float(np.median(values)))
    spread = bin_values(*place, u[shown], width, left, _spread)
    whole = result.whole
    fits = illumination(whole)[light] & np.isfinite(whole["spec_u_surface"])
    at_bound = 100.0 * (whole["spec_at_bound"][fits] != 0)
    bounds = bin_values(
        whole["spec_projection_longitude"][fits], whole["spec_projection_latitude"][fits],
        at_bound, width, left, lambda values: float(values.mean()),
    )  # fmt: skip
    colours, norm = u_colours()
    for ax in axes:
        moon_axes(ax, left)
    axes[0].set_title(
        f"{LIGHT_LABEL[light].capitalize()}: {count(int(shown.sum()))} sweeps in {count(int((number > 0).sum()))} bins"
    )
    _bins(axes[0], np.where(number >= LEAST, median, np.nan), width, left, norm, colours)
    _bins(axes[0], np.where(number < LEAST, median, np.nan), width, left, norm, colours, SMALL)
    for ax, values, (norm_, colours_, _) in zip(axes[1:], (number, spread, bounds), _scales(), strict=True):
        _bins(ax, values, width, left, norm_, colours_)
    _write_counts(axes[1], number, width, left)
    if not np.isfinite(spread).any():
        say_nothing_here(axes[2], f"no bin of {LEAST_FOR_SPREAD} sweeps")
    if not shown.any():
        say_nothing_here(axes[0], "no fitted sweep")


def _spread(values: FloatArray) -> float:
    if len(values) < LEAST_FOR_SPREAD:
        return float("nan")
    low, high = np.percentile(values, [25, 75])
    return float(high - low)


def _bins(
    ax: Axes, values: FloatArray, width: int, left: float, norm: Normalize, colours: Colormap, part: float = 1.0
) -> None:
    """Fill bins with colour, each wholly or a square of it in the middle."""
    lines, columns = np.nonzero(np.isfinite(values))
    across = left + (columns + 0.5) * width
    up = -90 + (lines + 0.5) * width
    half = part * width / 2
    corners = np.stack(
        [across - half, up - half, across + half, up - half, across + half, up + half, across - half, up + half]
    )
    ax.add_collection(
        PolyCollection(
            list(corners.T.reshape(-1, 4, 2)),
            array=values[lines, columns],
            norm=norm,
            cmap=colours,
            linewidths=0,
            rasterized=True,
        )
    )


def _write_counts(ax: Axes, number: FloatArray, width: int, left: float) -> None:
    """Write the number of sweeps into bins that are large enough for it."""
    lines, columns = np.nonzero(number > 0)
    if width < 10 or len(lines) > 300:
        return
    for line, column in zip(lines.tolist(), columns.tolist(), strict=True):
        value = int(number[line, column])
        ax.text(
            left + (column + 0.5) * width, -90 + (line + 0.5) * width, str(value),
            ha="center", va="center", fontsize=6, color="white" if value < 20 else "black",
        )  # fmt: skip


def bin_values(
    longitude_deg: FloatArray,
    latitude_deg: FloatArray,
    values: FloatArray,
    width_deg: int,
    left_deg: float,
    reduce: Reduce,
) -> FloatArray:
    """Reduce values in bins of latitude and longitude to one number each.

    Parameters
    ----------
    longitude_deg, latitude_deg, values : (N,) float64
        Places in -180..180 and -90..90 deg, and what is there.
    width_deg : int
        Width of a bin; divides 180.
    left_deg : float
        Longitude of the left edge of the first column.
    reduce : callable
        Turns the values of a bin into its number.

    Returns
    -------
    (180 / width, 360 / width) float64
        By latitude from the south, longitude eastwards; NaN where nothing is.
    """
    n_lon, n_lat = 360 // width_deg, 180 // width_deg
    column = np.clip((((longitude_deg - left_deg) % 360.0) // width_deg).astype(np.int64), 0, n_lon - 1)
    line = np.clip(((latitude_deg + 90) // width_deg).astype(np.int64), 0, n_lat - 1)
    cell = line * n_lon + column
    order = np.argsort(cell, kind="stable")
    cells, first = np.unique(cell[order], return_index=True)
    found = np.full(n_lat * n_lon, np.nan)
    for place, group in zip(cells, np.split(values[order], first[1:]), strict=False):
        found[place] = reduce(group)
    return found.reshape(n_lat, n_lon)
