"""The electrons of each sweep against time: density, temperature, kappa and the spacecraft potential."""

import numpy as np
from matplotlib.figure import Figure

from potrun.core.records import PotentialStatus
from potrun.plots.style import (
    QUIET,
    SHADOW,
    SUN,
    count,
    heading,
    new_figure,
    say_nothing_here,
    span,
    styled,
)
from potrun.plots.timeline import span_axes, split_at_gaps, sweep_times
from potrun.results.run_result import RunResult

QUANTITIES = (
    ("spec_electron_density", 1e-6, "density (cm$^{-3}$)", "log"),
    ("spec_electron_temperature", 1.0, "temperature (eV)", "log"),
    ("spec_kappa_value", 1.0, "kappa", "linear"),
    ("spec_spacecraft_potential", 1.0, "spacecraft\npotential (V)", "linear"),
)
MOST_BARS = 1000


@styled
def draw_plasma(result: RunResult) -> Figure:
    """Draw density, temperature, kappa and the spacecraft potential with their standard errors.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(13, 9)
    times = sweep_times(result)
    spans = split_at_gaps(times)
    axes = span_axes(figure, times, spans, (1, 1, 1, 1))
    in_sun = result["spec_spacecraft_in_sun"]
    has_bars = len(times) <= MOST_BARS
    for row, (name, factor, label, scale) in enumerate(QUANTITIES):
        axes[row, 0].set_ylabel(label)
        values, sigma = result[name] * factor, result[f"{name}_sigma"] * factor
        known = np.isfinite(values) & ((values > 0) | (scale == "linear"))
        if not known.any():
            say_nothing_here(axes[row, 0], f"no {label.split(' (')[0]}".replace("\n", " "), has_scale=bool(spans))
            continue
        for column, chosen in enumerate(spans):
            axes[row, column].set_yscale(scale)
            for is_lit, colour in ((True, SUN), (False, SHADOW)):
                here = chosen[known[chosen] & (in_sun[chosen] == is_lit)]
                error = np.nan_to_num(sigma[here]) if has_bars else None
                if error is not None and scale == "log":
                    error = np.vstack([np.minimum(error, 0.9 * values[here]), error])
                axes[row, column].errorbar(
                    times[here], values[here], yerr=error, fmt="o", color=colour, markersize=2.6 if has_bars else 1.6,
                    elinewidth=0.7, ecolor=QUIET, rasterized=True,
                    label="spacecraft in sun" if is_lit else "spacecraft in shadow",
                )  # fmt: skip
    figure.supxlabel("UTC; a date stands at its midnight", fontsize=9.5, color=QUIET)
    marks, words = axes[-1, 0].get_legend_handles_labels()
    if marks:
        figure.legend(marks, words, loc="outside lower right", ncols=2)
    found = int(np.isfinite(result["spec_electron_temperature"]).sum())
    bars = "; bars: standard errors" if has_bars else ""
    statuses = result["spec_potential_status"]
    others = int((statuses != PotentialStatus.OK).sum()) if "spec_potential_status" in result else 0
    heading(
        figure,
        "Electrons around the spacecraft",
        f"{span(result)}: {count(found)} of {count(len(times))} sweeps have a temperature, {count(others)} no "
        f"balanced potential{bars}",
        result.origin,
    )
    return figure
