"""Example sweeps: data, model and residual side by side."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter
from numpy.typing import NDArray

from potrun.plots.panels import finish_panels, sweep_panels
from potrun.plots.style import HEADING_IN, count, heading, objective_name, plain_figure, say_nothing_here, span, styled
from potrun.results.run_result import RunResult
from potrun.results.sweeps import LoadSweep

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

WIDTH_IN, LEFT_IN, RIGHT_IN, BETWEEN_IN = 12.0, 0.8, 0.2, 0.28
LINE_IN, TITLE_IN, FOOT_IN, BAR_IN = 1.7, 0.52, 1.15, 0.13


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
    lines, objective = max(len(chosen), 1), objective_name(result)
    figure = plain_figure(WIDTH_IN, HEADING_IN + lines * (TITLE_IN + LINE_IN) + FOOT_IN)
    axes = _panels(figure, lines)
    if chosen:
        for line, sweep in enumerate(chosen):
            meshes = sweep_panels(axes[line], result, sweep, load_sweep(sweep))
            name = f"{QUANTILES[line] * 100:.0f} % quantile" if lines == len(QUANTILES) else f"rank {line + 1}"
            axes[line, 0].set_title(
                f"Sweep {result['spec_sweep_id'][sweep]}: {name} of {objective}\n{result['spec_utc_start'][sweep]} UTC",
                fontsize=9.5,
            )
        finish_panels(figure, axes, meshes, _bars(figure))
        for number, ax in enumerate(figure.axes[: axes.size]):
            line, column = divmod(number, axes.shape[1])
            ax.xaxis.set_major_locator(FixedLocator(range(0, 181, 45)))
            if column:
                ax.yaxis.set_major_formatter(NullFormatter())
            if line < lines - 1:
                ax.xaxis.set_major_formatter(NullFormatter())
    else:
        for ax in axes[0]:
            say_nothing_here(ax, "no fitted sweep", has_scale=False)
    heading(
        figure,
        "Example sweeps from good to bad fits",
        f"{span(result)}: sweeps at the {', '.join(f'{q * 100:.0f}' for q in QUANTILES)} % quantiles of "
        f"{objective} of {count(int(result['spec_has_fit'].sum()))} fits; dashed: edge of the fitted loss cone",
        result.origin,
    )
    return figure


def _panels(figure: Figure, lines: int) -> NDArray[np.object_]:
    """Place the panels by hand; those of a line share nothing but their limits."""
    width, height = figure.get_size_inches()
    panel = (WIDTH_IN - LEFT_IN - RIGHT_IN - 2 * BETWEEN_IN) / 3
    axes = np.empty((lines, 3), dtype=object)
    for line in range(lines):
        bottom = height - HEADING_IN - (line + 1) * (TITLE_IN + LINE_IN)
        for column in range(3):
            left = LEFT_IN + column * (panel + BETWEEN_IN)
            axes[line, column] = figure.add_axes((left / width, bottom / height, panel / width, LINE_IN / height))
    return axes


def _bars(figure: Figure) -> tuple[tuple[float, float, float, float], ...]:
    """Places of the two colour bars below the last line: under data and model, and under the residuals."""
    width, height = figure.get_size_inches()
    panel = (WIDTH_IN - LEFT_IN - RIGHT_IN - 2 * BETWEEN_IN) / 3
    wide = 2 * panel + BETWEEN_IN
    bottom = (FOOT_IN - 0.66) / height
    return (
        ((LEFT_IN + 0.2 * wide) / width, bottom, 0.6 * wide / width, BAR_IN / height),
        ((LEFT_IN + wide + BETWEEN_IN + 0.1 * panel) / width, bottom, 0.8 * panel / width, BAR_IN / height),
    )


def sweeps_at_quantiles(result: RunResult) -> NDArray[np.int64]:
    """Return the indices of the fitted sweeps that stand at the quantiles of chi2, without repeats."""
    chi2 = result["spec_fit_chi2"]
    fitted = np.flatnonzero(result["spec_has_fit"] & np.isfinite(chi2))
    if not len(fitted):
        return fitted
    ranked = fitted[np.argsort(chi2[fitted], kind="stable")]
    place = np.round(np.array(QUANTILES) * (len(ranked) - 1)).astype(np.int64)
    return ranked[place] if len(ranked) >= len(QUANTILES) else ranked
