"""One sweep in a row of panels: the flux as measured and normalised, model and residual."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from potrun.core.records import FitStatus
from potrun.plots.panels import finish_panels, measured_panel, sweep_panels
from potrun.plots.style import HEADING_IN, heading, plain_figure, say_nothing_here, styled
from potrun.results.run_result import RunResult
from potrun.results.sweeps import SweepView

WIDTH_IN, LEFT_IN, RIGHT_IN, BETWEEN_IN = 13.0, 0.75, 0.25, 0.25
PANEL_IN, TITLE_IN, FOOT_IN, BAR_IN = 2.1, 0.5, 1.15, 0.12


@styled
def draw_strip(result: RunResult, sweep: int, view: SweepView) -> Figure:
    """Draw one sweep in one row, quickly: nothing is laid out.

    Parameters
    ----------
    result : RunResult
        The run.
    sweep : int
        Index of the sweep in the result.
    view : SweepView
        What the fit saw of it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    height = HEADING_IN + TITLE_IN + PANEL_IN + FOOT_IN
    figure = plain_figure(WIDTH_IN, height)
    panel = (WIDTH_IN - LEFT_IN - RIGHT_IN - 3 * BETWEEN_IN) / 4
    lefts = [LEFT_IN + column * (panel + BETWEEN_IN) for column in range(4)]
    axes = [figure.add_axes((left / WIDTH_IN, FOOT_IN / height, panel / WIDTH_IN, PANEL_IN / height)) for left in lefts]
    normalised = np.array([axes[1:]], dtype=object)
    meshes = sweep_panels(normalised[0], result, sweep, view)
    raw = measured_panel(axes[0], view)
    axes[0].set_ylabel("energy (eV)")
    axes[1].set_ylabel("")
    axes[1].set_title("Flux over the row's incident flux", fontsize=9.5)
    if not result["spec_has_fit"][sweep]:
        reason = FitStatus(int(result["spec_fit_status"][sweep])).name.replace("_", " ").lower()
        for ax, title in zip(axes[2:], ("Model", "Residual"), strict=True):
            ax.set_title(title, fontsize=9.5)
            say_nothing_here(ax, f"no fit: {reason}")
    bottom, thin = (FOOT_IN - 0.66) / height, BAR_IN / height
    wide = (2 * panel + BETWEEN_IN) * 0.6
    places = (
        ((lefts[1] + 0.33 * wide) / WIDTH_IN, bottom, wide / WIDTH_IN, thin),
        ((lefts[3] + 0.1 * panel) / WIDTH_IN, bottom, 0.8 * panel / WIDTH_IN, thin),
    )
    finish_panels(figure, normalised, meshes, places)
    if raw is not None:
        place = ((lefts[0] + 0.1 * panel) / WIDTH_IN, bottom, 0.8 * panel / WIDTH_IN, thin)
        bar = figure.colorbar(raw, cax=figure.add_axes(place), orientation="horizontal")
        bar.ax.xaxis.set_minor_locator(NullLocator())
        bar.set_label("cm$^{-2}$ s$^{-1}$ sr$^{-1}$ eV$^{-1}$")
    for ax in axes:
        ax.xaxis.set_major_locator(FixedLocator(range(0, 181, 45)))
        ax.set_xlabel("pitch angle (deg)")
    for ax in axes[1:]:
        ax.yaxis.set_major_formatter(NullFormatter())
        if raw is not None:
            ax.set_ylim(axes[0].get_ylim())
    heading(
        figure,
        f"Sweep {result['spec_sweep_id'][sweep]}",
        f"{result['spec_utc_start'][sweep]} UTC; pitch angle 0: towards the Moon; dashed: edge of the fitted loss cone",
        result.origin,
    )
    return figure
