"""Picture of potentials by region beside what was published."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from potrun.core.records import BoolArray
from potrun.plots.style import (
    FAINT,
    INK,
    SHADOW,
    SUN,
    count,
    heading,
    new_figure,
    span,
    styled,
    u_axis,
)
from potrun.results.run_result import RunResult


@styled
def draw_regions(
    result: RunResult, members: Mapping[str, BoolArray], published: Mapping[str, tuple[float, float]]
) -> Figure:
    """Draw every fitted potential by region, the median, and the published range.

    Parameters
    ----------
    result : RunResult
        The run.
    members : mapping of str to (S,) bool
        The sweeps of each region.
    published : mapping of str to (float, float), V
        Least and greatest median that agrees with what was published; NaN where nothing was.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(11, 1.8 + 0.62 * len(members))
    ax = figure.subplots()
    u_axis(ax, "x")
    ax.set_yticks(
        -np.arange(len(members)), [f"{name} ({count(int(chosen.sum()))})" for name, chosen in members.items()]
    )
    jitter = np.random.default_rng(0)
    for line, (name, chosen) in enumerate(members.items()):
        low, high = published[name]
        if np.isfinite(low):
            ax.add_patch(Rectangle((low, -line - 0.38), high - low, 0.76, color=FAINT, linewidth=0))
        u = result["spec_u_surface"][chosen]
        colour = SUN if name == "day side" else SHADOW
        for is_sure in (False, True):
            shown = result["spec_u_identifiable"][chosen] == is_sure
            height = -line + jitter.uniform(-0.25, 0.25, int(shown.sum()))
            ax.plot(
                u[shown], height, "o", markersize=3.5, color=colour if is_sure else "none", markeredgecolor=colour,
                markeredgewidth=0.6, alpha=0.7, rasterized=True,
            )  # fmt: skip
        if len(u):
            ax.plot([np.median(u)] * 2, [-line - 0.38, -line + 0.38], color=INK, linewidth=2)
    ax.set(
        xlabel="surface potential U (V); grey: published, line: median, hollow: not identifiable",
        ylim=(-len(members) + 0.4, 0.6),
    )
    heading(
        figure,
        "Potentials by region, found and published (Halekas et al. 2008)",
        f"{span(result)}: {count(int(sum(chosen.sum() for chosen in members.values())))} fitted sweeps",
        result.origin,
    )
    return figure
