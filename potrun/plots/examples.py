"""Example sweeps: data, model and residual side by side."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from potrun.plots.panels import finish_panels, sweep_panels
from potrun.plots.style import count, heading, new_figure, say_nothing_here, span, styled
from potrun.results.run_result import RunResult
from potrun.results.sweeps import LoadSweep

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@styled
def draw_examples(result: RunResult, load_sweep: LoadSweep) -> Figure:
    """Draw the sweeps at quantiles of chi2, one a line: data, model, residual.

    Parameters
    ----------
    result : RunResult
        The run.
    load_sweep : callable
        Gives a sweep's :class:`SweepView` by its index.

    Returns
    -------
    matplotlib.figure.Figure
    """
    chosen = sweeps_at_quantiles(result).tolist()
    lines = max(len(chosen), 1)
    figure = new_figure(12, 1.8 + 2.25 * lines)
    axes = figure.subplots(lines, 3, squeeze=False, sharex=True, sharey="row")
    if chosen:
        for line, sweep in enumerate(chosen):
            meshes = sweep_panels(axes[line], result, sweep, load_sweep(sweep))
            name = f"{QUANTILES[line] * 100:.0f} % quantile" if lines == len(QUANTILES) else f"rank {line + 1}"
            axes[line, 0].set_title(f"Data: {name} of chi2", fontsize=9.5)
        finish_panels(figure, axes, meshes)
    else:
        for ax in axes[0]:
            say_nothing_here(ax, "no fitted sweep", has_scale=False)
    heading(
        figure,
        "Example sweeps from good to bad fits",
        f"{span(result)}: sweeps at the {', '.join(f'{q * 100:.0f}' for q in QUANTILES)} % quantiles of chi2 "
        f"of {count(int(result['spec_has_fit'].sum()))} fits; dashed: edge of the fitted loss cone",
        result.origin,
    )
    return figure


def sweeps_at_quantiles(result: RunResult) -> NDArray[np.int64]:
    """Return the indices of the fitted sweeps that stand at the quantiles of chi2, without repeats."""
    chi2 = result["spec_fit_chi2"]
    fitted = np.flatnonzero(result["spec_has_fit"] & np.isfinite(chi2))
    if not len(fitted):
        return fitted
    ranked = fitted[np.argsort(chi2[fitted], kind="stable")]
    place = np.round(np.array(QUANTILES) * (len(ranked) - 1)).astype(np.int64)
    return ranked[place] if len(ranked) >= len(QUANTILES) else ranked
