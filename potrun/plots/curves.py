"""Many runs as curves: what came out against the setting that was varied."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, PercentFormatter

from potrun.core.records import BoolArray, FloatArray
from potrun.plots.style import (
    INK,
    LIGHT,
    LIGHT_LABEL,
    QUIET,
    count,
    heading,
    new_figure,
    objective_name,
    say_nothing_here,
    styled,
    volts,
)
from potrun.results.comparison import Comparison
from potrun.results.statistics import illumination

NOT_SETTINGS = ("origin", "code", "version")
LEAST = 4
"""Quartiles of fewer sweeps are two of them."""


@styled
def draw_curves(comparison: Comparison) -> Figure:
    """Draw median U, the shares of fits and the objective of the shared sweeps against the setting that differs.

    Parameters
    ----------
    comparison : Comparison
        Runs and the sweeps they share. Where one numeric setting alone tells them apart it is the axis; else the runs
        stand side by side under their names.

    Returns
    -------
    matplotlib.figure.Figure
    """
    name, values = varied_setting(comparison)
    figure = new_figure(12, 9.5)
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=(2, 1, 1))
    is_number = name is not None
    x = np.array(values if is_number else range(len(comparison.results)), dtype=np.float64)
    order = np.argsort(x, kind="stable")
    u, chi2 = comparison.values("spec_u_surface"), comparison.values("spec_fit_chi2")
    sides = illumination(comparison.results[0])
    for side, chosen in sides.items():
        here = chosen[comparison.matched[:, 0]]
        _curve(top, x, u[here], order, LIGHT[side], LIGHT_LABEL[side], is_number)
    top.set_ylabel("U (V): median and quartiles")
    top.yaxis.set_major_formatter(FuncFormatter(volts))
    has_fit = comparison.values("spec_has_fit").mean(0)
    is_sure = comparison.values("spec_u_identifiable").mean(0)
    for shares, colour, label in ((has_fit, INK, "fitted"), (is_sure, "#009e73", "identifiable")):
        middle.plot(x[order], shares[order], "o-" if is_number else "o", color=colour, markersize=4.5, label=label)
    middle.set(ylim=(-0.03, 1.03), ylabel="share of the sweeps")
    middle.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    objectives = {objective_name(result) for result in comparison.results}
    _curve(bottom, x, chi2, order, QUIET, " or ".join(sorted(objectives)), is_number)
    bottom.set_ylabel(f"{' or '.join(sorted(objectives))}:\nmedian and quartiles")
    methods = {str(result.provenance.get("settings", {}).get("fitter.method")) for result in comparison.results}
    if len(methods) > 1:
        bottom.set_title("the objectives of the runs differ: not to be compared", fontsize=9.5)
    _axis(bottom, name, x, comparison.labels)
    for ax in (top, middle):
        if ax.get_legend_handles_labels()[0]:
            ax.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), fontsize=9)
    if not np.isfinite(u).any():
        say_nothing_here(top, "no fitted sweep")
    heading(
        figure,
        f"{len(comparison.results)} runs on the same {count(len(comparison.matched))} sweeps",
        f"against {name}" if is_number else "runs side by side: more than one setting differs, or one without numbers",
        "simulated" if any(result.origin == "simulated" for result in comparison.results) else "measured",
    )
    return figure


def varied_setting(comparison: Comparison) -> tuple[str | None, Sequence[float]]:
    """Return the one setting in which all runs differ by a number, and its values; None where there is no such."""
    told = {
        name: values
        for name, values in comparison.settings.items()
        if name not in NOT_SETTINGS and not name.startswith("input ")
    }
    if len(told) != 1:
        return None, ()
    ((name, values),) = told.items()
    numbers = [_number(value) for value in values]
    if any(number is None for number in numbers) or len(set(numbers)) < len(numbers):
        return None, ()
    return name, [number for number in numbers if number is not None]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _curve(
    ax: Axes, x: FloatArray, values: FloatArray, order: np.ndarray, colour: str, label: str, is_number: bool
) -> None:
    """Draw the median of each run over its sweeps, with the quartiles as bars; (M, N) values."""
    told: BoolArray = np.isfinite(values)
    low, middle, high = np.full((3, len(x)), np.nan)
    for n in range(len(x)):
        found = values[told[:, n], n]
        if len(found):
            middle[n] = np.median(found)
        if len(found) >= LEAST:
            low[n], high[n] = np.percentile(found, [25, 75])
    ax.vlines(x, low, high, color=colour, alpha=0.45, linewidth=4)
    ax.plot(x[order], middle[order], "o-" if is_number else "o", color=colour, markersize=5, label=label)


def _axis(ax: Axes, name: str | None, x: FloatArray, labels: Sequence[str]) -> None:
    """Scale the axis of the setting, or write the runs' names along it."""
    if name is None:
        ax.set_xticks(x, labels, rotation=30, ha="right", fontsize=8.5)
        ax.set_xlim(-0.5, len(x) - 0.5)
        return
    if (x > 0).all() and x.max() > 20 * x.min():
        ax.set_xscale("log")
        ax.minorticks_off()
    if len(x) <= 12:
        ax.xaxis.set_major_locator(FixedLocator(sorted(x.tolist())))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_xlabel(name)
