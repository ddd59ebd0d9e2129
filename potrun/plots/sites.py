"""Picture of potentials near named places: where they are, what was measured, and how often it was strong."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from potrun.core.settings import SitesConfig
from potrun.plots.map import moon_axes
from potrun.plots.style import INK, LIGHT, LIGHT_LABEL, QUIET, count, heading, new_figure, span, styled, u_axis
from potrun.results.run_result import RunResult

if TYPE_CHECKING:
    from potrun.studies.sites import NearPlace


@styled
def draw_sites(result: RunResult, found: "Sequence[NearPlace]", settings: SitesConfig) -> Figure:
    """Draw the places on a map with the footpoints, and percentiles and the share of strong potentials of each.

    Parameters
    ----------
    result : RunResult
        The sweeps that were chosen from.
    found : sequence of NearPlace
        What is near each place.
    settings : SitesConfig
        Places, radius and limits.

    Returns
    -------
    matplotlib.figure.Figure
    """
    places = list(settings.places)
    height = 0.30 * max(len(places), 4)
    figure = new_figure(13, 6.2 + height)
    grid = figure.add_gridspec(2, 2, width_ratios=[2.4, 1], height_ratios=[4.4, height + 0.6])
    _map(figure.add_subplot(grid[0, :]), result, settings)
    left = figure.add_subplot(grid[1, 0])
    right = figure.add_subplot(grid[1, 1], sharey=left)
    _lines(left, right, found, places, settings)
    lights = [item for item in found if item.region == "any"]
    enough = sum(item.is_enough for item in lights)
    heading(
        figure,
        f"Surface potential within {settings.radius_km:g} km of {len(places)} places",
        f"{span(result)}: {count(sum(item.sweeps for item in lights))} sweeps near a place; enough for percentiles "
        f"({settings.fewest}) in {enough} of {len(lights)} lines",
        result.origin,
    )
    return figure


def _map(ax: Axes, result: RunResult, settings: SitesConfig) -> None:
    moon_axes(ax)
    has = np.isfinite(result["spec_u_surface"])
    ax.plot(
        result["spec_projection_longitude"][has], result["spec_projection_latitude"][has], ".", markersize=2,
        color=QUIET, alpha=0.5, rasterized=True,
    )  # fmt: skip
    for number, (latitude, longitude) in enumerate(settings.places.values(), 1):
        east = (longitude + 180) % 360 - 180
        ax.plot(east, latitude, "o", color="none", markeredgecolor="#b3261e", markersize=9, markeredgewidth=1.4)
        side = (5, 5) if number % 2 else (-14, 5)
        ax.annotate(str(number), (east, latitude), side, textcoords="offset points", fontsize=8, weight="bold")
    ax.set_title("Footpoints of the sweeps (grey) and the places by number")


def _lines(left: Axes, right: Axes, found: "Sequence[NearPlace]", places: list[str], settings: SitesConfig) -> None:
    u_axis(left, "x")
    labels = []
    for n, name in enumerate(places):
        lines = {item.light: item for item in found if item.place == name and item.region == "any"}
        numbers = ", ".join(f"{count(lines[light].sweeps)} {light}" for light in LIGHT)
        labels.append(f"{n + 1} {name.replace('_', ' ')} ({numbers})")
        for light, shift in (("sun", 0.18), ("shadow", -0.18)):
            item, place = lines[light], -n + shift
            if item.is_enough:
                low, p25, middle, p75, high = item.percentiles_v
                left.hlines(place, low, high, color=LIGHT[light], linewidth=1.2)
                left.hlines(place, p25, p75, color=LIGHT[light], linewidth=4.5)
                left.plot(middle, place, "|", color=INK, markersize=7, markeredgewidth=1.6)
            else:
                left.plot(
                    item.potentials_v, np.full(item.sweeps, place), "o", markersize=3.5, color="none",
                    markeredgecolor=LIGHT[light], markeredgewidth=0.8,
                )  # fmt: skip
            if item.sweeps:
                right.hlines(place, item.low, item.high, color=LIGHT[light], linewidth=1.2)
                right.plot(item.share, place, "o", color=LIGHT[light], markersize=4)
        few = [light for light, item in lines.items() if not item.is_enough]
        if few:
            left.text(0.005, -n, f"too few: {', '.join(few)}", fontsize=7.5, va="center", color=QUIET,
                      transform=left.get_yaxis_transform())  # fmt: skip
    left.set_yticks(-np.arange(len(places)), labels)
    left.set_ylim(-len(places) + 0.4, 0.6)
    left.set_xlabel("surface potential U (V): median, quartiles, P5 to P95; circles: single sweeps, too few")
    for light, colour in LIGHT.items():
        right.plot([], [], "o", color=colour, label=LIGHT_LABEL[light])
    right.legend(fontsize=8, loc="lower right", frameon=True)
    right.tick_params(labelleft=False)
    right.set(xlim=(-0.02, 1.02), xlabel=f"% with |U| > {settings.strong_above_v:g} V; lines: 95 %")
    right.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
