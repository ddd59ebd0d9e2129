"""The map of surface potentials in bins."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from potrun.core.records import FloatArray
from potrun.plots.map import moon_axes, u_colour_bar
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

FINE_ABOVE = 20_000


@styled
def draw_binned(result: RunResult) -> Figure:
    """Draw the median of U in bins of latitude and longitude, sunlit and shadowed apart.

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
    u = result["spec_u_surface"]
    has_fit = np.isfinite(u)
    width = 5 if has_fit.sum() > FINE_ABOVE else 10
    colours, norm = u_colours()
    for ax, (light, chosen) in zip(axes, illumination(result).items(), strict=True):
        shown = chosen & has_fit
        moon_axes(ax)
        median, filled = bin_median(
            result["spec_projection_longitude"][shown], result["spec_projection_latitude"][shown], u[shown], width
        )
        ax.set_title(f"{LIGHT_LABEL[light].capitalize()}: {count(int(shown.sum()))} sweeps in {count(filled)} bins")
        if not filled:
            say_nothing_here(ax, "no fitted sweep")
        edges = np.arange(-180, 181, width), np.arange(-90, 91, width)
        ax.pcolormesh(*edges, np.ma.masked_invalid(median), cmap=colours, norm=norm, rasterized=True)
    axes[1].set_ylabel("")
    u_colour_bar(figure, axes, "median surface potential U (V)")
    heading(
        figure,
        f"Median surface potential in bins of {width}° by {width}°",
        f"{span(result)}: {count(int(has_fit.sum()))} of {count(len(has_fit))} sweeps fitted; empty bins stay grey",
        result.origin,
    )
    return figure


def bin_median(
    longitude_deg: FloatArray, latitude_deg: FloatArray, values: FloatArray, width_deg: int
) -> tuple[NDArray[np.float64], int]:
    """Take the median of values in bins of latitude and longitude.

    Parameters
    ----------
    longitude_deg, latitude_deg, values : (N,) float64
        Places in -180..180 and -90..90 deg, and what is there.
    width_deg : int
        Width of a bin; divides 180.

    Returns
    -------
    median : (180 / width, 360 / width) float64
        By latitude from the south, longitude from the west; NaN where nothing is.
    filled : int
        Number of bins that hold something.
    """
    n_lon, n_lat = 360 // width_deg, 180 // width_deg
    column = np.clip(((longitude_deg + 180) // width_deg).astype(np.int64), 0, n_lon - 1)
    line = np.clip(((latitude_deg + 90) // width_deg).astype(np.int64), 0, n_lat - 1)
    cell = line * n_lon + column
    order = np.lexsort((values, cell))
    cells, first, number = np.unique(cell[order], return_index=True, return_counts=True)
    ranked = values[order]
    median = np.full(n_lat * n_lon, np.nan)
    median[cells] = (ranked[first + (number - 1) // 2] + ranked[first + number // 2]) / 2
    return median.reshape(n_lat, n_lon), len(cells)
