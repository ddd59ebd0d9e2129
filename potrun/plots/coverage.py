"""Where the footpoints are."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from potrun.core.records import FloatArray
from potrun.plots.map import moon_axes
from potrun.plots.style import count, heading, new_figure, say_nothing_here, span, styled
from potrun.results.run_result import RunResult

BIN_DEG = 5
BAR = "#5b7a99"
ROUND_COUNTS = [digit * 10**power for power in range(6) for digit in (1, 2, 5)]


@styled
def draw_coverage(result: RunResult) -> Figure:
    """Draw how many sweeps have their footpoint in each bin of latitude and longitude.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(11, 6.4)
    grid = figure.add_gridspec(3, 2, width_ratios=(6, 1), height_ratios=(1, 3.4, 0.11))
    ax = figure.add_subplot(grid[1, 0])
    above = figure.add_subplot(grid[0, 0], sharex=ax)
    beside = figure.add_subplot(grid[1, 1], sharey=ax)
    latitude, longitude = result["spec_projection_latitude"], result["spec_projection_longitude"]
    is_known = np.isfinite(latitude)
    x_edges, y_edges = np.arange(-180, 181, BIN_DEG), np.arange(-90, 91, BIN_DEG)
    number = np.histogram2d(latitude[is_known], longitude[is_known], (y_edges, x_edges))[0]
    moon_axes(ax)
    ax.set_aspect("auto")
    most = max(10.0, float(number.max(initial=0)))
    mesh = ax.pcolormesh(
        x_edges,
        y_edges,
        np.ma.masked_equal(number, 0),
        cmap=colormaps["cividis"],
        norm=LogNorm(1, most),
        rasterized=True,
    )
    bar = figure.colorbar(mesh, cax=figure.add_subplot(grid[2, 0]), orientation="horizontal")
    bar.set_ticks([tick for tick in ROUND_COUNTS if tick <= most])
    bar.ax.minorticks_off()
    bar.ax.xaxis.set_major_formatter("{x:.0f}")
    bar.set_label(f"sweeps in each bin of {BIN_DEG}° by {BIN_DEG}°")
    _margins(above, beside, number)
    if not is_known.any():
        say_nothing_here(ax, "no sweep has a footpoint")
    heading(
        figure,
        "Where the footpoints are",
        f"{span(result)}: {count(int(is_known.sum()))} of {count(len(is_known))} sweeps have a footpoint, "
        f"in {count(int((number > 0).sum()))} of {count(number.size)} bins",
        result.origin,
    )
    return figure


def _margins(above: Axes, beside: Axes, number: FloatArray) -> None:
    """Draw the sweeps of all latitudes above the map, of all longitudes beside it."""
    x_edges, y_edges = np.arange(-180, 181, BIN_DEG), np.arange(-90, 91, BIN_DEG)
    above.bar(x_edges[:-1], number.sum(0), BIN_DEG, align="edge", color=BAR)
    above.set_ylabel("sweeps")
    above.tick_params(labelbottom=False)
    above.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    beside.barh(y_edges[:-1], number.sum(1), BIN_DEG, align="edge", color=BAR)
    beside.set_xlabel("sweeps")
    beside.tick_params(labelleft=False)
    beside.xaxis.set_major_locator(MaxNLocator(3, integer=True))
