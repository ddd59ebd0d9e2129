"""Runs against each other on the same sweeps."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from potrun.core.atomic import write_text
from potrun.core.records import BoolArray, FloatArray
from potrun.plots.curves import draw_curves
from potrun.plots.style import (
    INK,
    LIGHT,
    LIGHT_LABEL,
    QUIET,
    count,
    heading,
    new_figure,
    plain_log_ticks,
    save,
    say_nothing_here,
    short,
    signed,
    styled,
    u_axis,
    volts,
)
from potrun.results.comparison import CLOSE_V, Comparison, summary_table, sweeps_table
from potrun.results.statistics import illumination

MOST_PAIRS = 4
MOST_POINTS = 20_000
LETTERS = "ABCDE"
RUN_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
DIFFERENCE_EDGES_V = np.concatenate([-np.geomspace(1000, 1, 16), [-0.75, -0.25, 0.25, 0.75], np.geomspace(1, 1000, 16)])


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the tables and the picture of a comparison.

    Returns
    -------
    list of Path
        ``sweeps.csv``, ``summary.csv`` and ``comparison.png`` in `folder`; of three or more runs ``curves.png``.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    written = [
        write_text(folder / "sweeps.csv", sweeps_table(comparison).to_csv()),
        write_text(folder / "summary.csv", summary_table(comparison).to_csv()),
        save(draw_comparison(comparison), folder / "comparison.png"),
    ]
    if len(comparison.results) > 2:
        written.append(save(draw_curves(comparison), folder / "curves.png"))
    return written


@styled
def draw_comparison(comparison: Comparison) -> Figure:
    """Draw U against U, the differences of U and the distributions of chi2.

    Parameters
    ----------
    comparison : Comparison
        Runs and the sweeps they share; each of the first few is drawn against the first.

    Returns
    -------
    matplotlib.figure.Figure
    """
    pairs = min(len(comparison.results) - 1, MOST_PAIRS)
    figure = new_figure(14, 1.2 + 4.2 * pairs)
    axes = figure.subplots(pairs, 3, squeeze=False)
    u = comparison.values("spec_u_surface")
    sides = {name: chosen[comparison.matched[:, 0]] for name, chosen in illumination(comparison.results[0]).items()}
    for line in range(pairs):
        both = np.isfinite(u[:, 0]) & np.isfinite(u[:, line + 1])
        _against(axes[line, 0], u[:, 0], u[:, line + 1], both, sides)
        other = LETTERS[line + 1]
        axes[line, 0].set(xlabel="U of A (V)", ylabel=f"U of {other} (V)")
        _differences(axes[line, 1], (u[:, line + 1] - u[:, 0])[both])
        axes[line, 1].set_xlabel(f"U of {other} less U of A (V)")
        _chi2(axes[line, 2], comparison, (0, line + 1))
    marks, words = axes[0, 0].get_legend_handles_labels()
    figure.legend(marks, words, loc="outside lower left", ncols=2)
    dropped = len(comparison.results) - 1 - pairs
    heading(
        figure,
        f"{count(len(comparison.matched))} sweeps in all of {len(comparison.results)} runs",
        "; ".join(f"{letter}: {label}" for letter, label in zip(LETTERS, comparison.labels[: pairs + 1], strict=False))
        + (f"; {dropped} more in the table alone" if dropped else ""),
        "simulated" if any(result.origin == "simulated" for result in comparison.results) else "measured",
    )
    return figure


def _against(ax: Axes, first: FloatArray, second: FloatArray, both: BoolArray, sides: dict[str, BoolArray]) -> None:
    u_axis(ax, "x")
    u_axis(ax, "y")
    ax.tick_params(axis="x", rotation=45)
    ax.axline((0, 0), (1, 1), color=QUIET, linewidth=1, transform=ax.transAxes)
    for name, chosen in sides.items():
        shown = np.flatnonzero(both & chosen)
        step = max(1, -(-len(shown) // MOST_POINTS))
        ax.plot(
            first[shown[::step]],
            second[shown[::step]],
            ".",
            color=LIGHT[name],
            markersize=4,
            alpha=0.7,
            label=LIGHT_LABEL[name],
            rasterized=True,
        )
    ax.set_title(f"{count(int(both.sum()))} sweeps fitted in both")
    if not both.any():
        say_nothing_here(ax, "no sweep fitted in both")


def _differences(ax: Axes, difference: FloatArray) -> None:
    ax.set_xscale("symlog", linthresh=1, linscale=0.5)
    ax.set_xticks([-1000, -100, -10, -1, 0, 1, 10, 100, 1000])
    ax.xaxis.set_major_formatter(volts)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(ylabel="sweeps in each bin", xlim=(-1500, 1500))
    if not len(difference):
        ax.set_title("Differences of U")
        say_nothing_here(ax, "no sweep fitted in both")
        return
    inside = np.clip(difference, -999, 999)
    ax.hist(inside, bins=DIFFERENCE_EDGES_V.tolist(), color="#5b7a99")
    middle = float(np.median(difference))
    ax.axvline(middle, color=INK, linewidth=1.2)
    close = float((np.abs(difference) <= CLOSE_V).mean())
    ax.set_title(f"Median {signed(middle)} V; {close:.0%} within {CLOSE_V:g} V")


def _chi2(ax: Axes, comparison: Comparison, which: tuple[int, int]) -> None:
    chi2 = comparison.values("spec_fit_chi2")
    shown = {n: chi2[np.isfinite(chi2[:, n]) & (chi2[:, n] > 0), n] for n in which}
    ax.set(xscale="log", xlabel="chi2 of the shared sweeps", ylabel="sweeps in each bin", title="Distributions of chi2")
    together = np.concatenate(list(shown.values()))
    if not len(together):
        say_nothing_here(ax, "no sweep has a chi2", has_scale=False)
        return
    edges = np.geomspace(together.min() * 0.97, together.max() * 1.03, 36)
    for n, values in shown.items():
        middle = short(float(np.median(values))) if len(values) else "none"
        ax.hist(
            values,
            bins=edges.tolist(),
            histtype="step",
            linewidth=1.8,
            color=RUN_COLOURS[n % len(RUN_COLOURS)],
            linestyle="-" if n == which[0] else "--",
            label=f"{LETTERS[n]}: {count(len(values))}, median {middle}",
        )
    plain_log_ticks(ax)
    ax.set_ylim(top=ax.get_ylim()[1] * 1.25)
    ax.legend(loc="upper left", fontsize=8.5)
    methods = {str(comparison.results[n].provenance.get("settings", {}).get("fitter.method")) for n in which}
    if len(methods) > 1:
        ax.set_title("Distributions of chi2 (methods differ)")
