"""The histogram of chi2."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from potrun.core.records import BoolArray, FloatArray
from potrun.plots.style import (
    INK,
    LIGHT,
    LIGHT_LABEL,
    count,
    heading,
    new_figure,
    plain_log_ticks,
    say_nothing_here,
    short,
    span,
    styled,
)
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination

MARKS = {"median": ([50], "-"), "quartiles": ([25, 75], "--"), "5 % and 95 %:": ([5, 95], ":")}


@styled
def draw_chi2(result: RunResult) -> Figure:
    """Draw the distribution of chi2, sunlit and shadowed footpoints stacked.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(9.5, 5.4)
    ax = figure.subplots()
    name, meaning, chi2 = measure(result)
    is_shown = np.isfinite(chi2) & (chi2 > 0)
    ax.set(xlabel=f"{name}: {meaning}", ylabel="sweeps in each bin")
    if is_shown.any():
        _histogram(ax, result, chi2, is_shown)
        if name != "chi2" and ax.get_xlim()[0] < 1 < ax.get_xlim()[1]:
            ax.axvline(1, color="#d55e00", linewidth=1.6, label="as far as counting alone would be off")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)
    else:
        say_nothing_here(ax, f"no sweep has a {name}")
    exact = int((chi2 == 0).sum())
    heading(
        figure,
        "How well the loss-cone model fits",
        f"{span(result)}: {count(int(np.isfinite(chi2).sum()))} of {count(len(chi2))} sweeps have a {name}"
        + (f", {count(exact)} of them exactly 0 and not shown" if exact else ""),
        result.origin,
    )
    return figure


def measure(result: RunResult) -> tuple[str, str, FloatArray]:
    """Return what tells how well sweeps were fitted: its name, its meaning, and its values.

    Only the likelihood's measure knows the errors of the data; the others compare sweeps of one method.
    """
    method = str(result.provenance.get("settings", {}).get("fitter.method"))
    if method == "likelihood":
        return "deviance", "of the counts, per degree of freedom", result["spec_fit_deviance_per_freedom"]
    meanings = {
        "halekas": "sum of squared differences of logarithms, without errors",
        "lillis": "sum of squared differences per degree of freedom, without errors",
    }
    return "chi2", meanings.get(method, "the method's objective"), result["spec_fit_chi2"]


def _histogram(ax: Axes, result: RunResult, chi2: FloatArray, is_shown: BoolArray) -> None:
    low, high = chi2[is_shown].min(), chi2[is_shown].max()
    edges = np.geomspace(low * 0.97, high * 1.03, int(np.clip(np.sqrt(is_shown.sum()) * 2, 10, 60)) + 1)
    sides = {light: is_shown & chosen for light, chosen in illumination(result).items()}
    ax.hist(
        [chi2[side] for side in sides.values()],
        bins=edges.tolist(),
        stacked=True,
        color=[LIGHT[light] for light in sides],
        label=[f"{LIGHT_LABEL[light]} ({count(int(side.sum()))})" for light, side in sides.items()],
        alpha=0.9,
    )
    ax.set_xscale("log")
    plain_log_ticks(ax)
    for name, (percents, line) in MARKS.items():
        values = [float(value) for value in np.percentile(chi2[is_shown], percents)]
        label = f"{name} {' and '.join(short(value) for value in values)}"
        for value in values:
            ax.axvline(value, color=INK, linestyle=line, linewidth=1.2, label=label)
            label = "_again"
