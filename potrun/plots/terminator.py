"""Picture of U against the Sun's zenith angle by region."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from potrun.core.records import Region
from potrun.plots.style import (
    FAINT,
    INK,
    LOWEST_U_V,
    QUIET,
    SHADOW,
    heading,
    new_figure,
    number_of,
    say_nothing_here,
    span,
    styled,
    u_axis,
)
from potrun.results.run_result import RunResult

if TYPE_CHECKING:
    from potrun.studies.terminator import Curve

PUBLISHED = {
    Region.SOLAR_WIND: ((90.0, 110.0, -400.0, -100.0), "published: about \N{MINUS SIGN}200 V at the wake's edge"),
    Region.TAIL_LOBE: ((90.0, 180.0, -200.0, -50.0), "published: about \N{MINUS SIGN}100 V at night"),
    Region.PLASMA_SHEET: (
        (90.0, 180.0, -1000.0, -200.0),
        "published: \N{MINUS SIGN}200 to \N{MINUS SIGN}1000 V",
    ),
}
"""Halekas et al. 2008, doi:10.1029/2008JA013194: zenith angles (deg) and potentials (V); within a factor of 2."""


@styled
def draw_terminator(result: RunResult, curves: "Mapping[Region, Curve]") -> Figure:
    """Draw median, quartiles and the mean's interval in each bin, with the counts, one panel a region.

    Parameters
    ----------
    result : RunResult
        The sweeps that were binned.
    curves : mapping of Region to Curve
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(13, 8)
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    for ax, (region, found) in zip(panels.ravel(), curves.items(), strict=True):
        u_axis(ax)
        ax.set_xlim(0, 180)
        ax.set_xticks(np.arange(0, 181, 30))
        ax.axvline(90, color=QUIET, linewidth=0.8, linestyle=":")
        ax.set_title(f"{region.name.replace('_', ' ').capitalize()}: {number_of(int(found.count.sum()), 'sweep')}")
        if region in PUBLISHED:
            (low, high, bottom, top), label = PUBLISHED[region]
            ax.fill_between([low, high], bottom, top, color=FAINT, linewidth=0, label=label)
        has = found.count > 0
        if not has.any():
            say_nothing_here(ax, "no sweep")
            continue
        middle = found.low_deg[has] + 2.5
        ax.vlines(middle, found.p25_v[has], found.p75_v[has], color=SHADOW, alpha=0.4, linewidth=5, label="quartiles")
        ax.plot(middle, found.median_v[has], "o", color=SHADOW, markersize=5, label="median")
        ax.vlines(
            middle + 0.8, found.mean_low_v[has], found.mean_high_v[has], color=INK, linewidth=1.5,
            label="68 % of the mean",
        )  # fmt: skip
        for x, number in zip(middle, found.count[has], strict=True):
            ax.text(x, 1.07 * LOWEST_U_V, str(number), fontsize=6.5, color=QUIET, ha="center", va="bottom")
        ax.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 0.06))
    for ax in panels[1]:
        ax.set_xlabel("zenith angle of the Sun at the footpoint (deg); small numbers: sweeps in the bin")
    for ax in panels[:, 0]:
        ax.set_ylabel("surface potential U (V)")
    heading(figure, "Surface potential across the terminator", span(result), result.origin)
    return figure
