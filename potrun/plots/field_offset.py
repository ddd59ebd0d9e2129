"""Picture of what an offset of the magnetometer moves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from potrun.plots.style import SHADOW, SUN, heading, new_figure, plain_log_ticks, say_nothing_here, span, styled
from potrun.results.run_result import RunResult

if TYPE_CHECKING:
    from potrun.studies.field_offset import Moved

LEAST_DEG, LEAST_V = 1e-3, 0.1
"""Smaller moves are drawn here."""


@styled
def draw_field_offset(moved: "Sequence[Moved]", result: RunResult) -> Figure:
    """Draw the moves of footpoints and of U against the strength of the field.

    Parameters
    ----------
    moved : sequence of Moved
        Sweeps with each offset.
    result : RunResult
        The run.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(13, 5.5)
    left, right = figure.subplots(1, 2)
    for found, color in zip(moved, (SUN, SHADOW), strict=True):
        for ax, values, least in ((left, found.footpoint_deg, LEAST_DEG), (right, np.abs(found.u_v), LEAST_V)):
            has = np.isfinite(values) & (found.strength_nt > 0)
            label = f"{found.offset_nt:+g} nT: {has.sum()} sweeps"
            ax.plot(found.strength_nt[has], np.maximum(values[has], least), ".", color=color, alpha=0.6, label=label)
            out = has & (found.is_out if ax is right else found.is_turned)
            ax.plot(found.strength_nt[out], np.maximum(values[out], least), "o", color=color, fillstyle="none")
    for ax, title in (
        (left, "Move of the footpoint (deg); rings: polarity turned"),
        (right, "Move of U (V); rings: out of its 95 % interval"),
    ):
        ax.set_title(title, fontsize=10)
        ax.set(xscale="log", yscale="log", xlabel="strength of the field (nT)")
        if ax.get_lines() and any(len(line.get_xdata()) for line in ax.get_lines()):
            plain_log_ticks(ax)
            ax.legend(fontsize=9)
        else:
            say_nothing_here(ax, "no sweep")
    size = max(abs(found.offset_nt) for found in moved)
    title = f"An offset of {size:g} nT along the spin axis"
    heading(figure, title, f"{span(result)}; spacecraft potential as found", result.origin)
    return figure
