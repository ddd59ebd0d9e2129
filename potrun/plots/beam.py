"""Picture of the beam's energy against Usc - U, and of how many beams are found."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from potrun.plots.style import (
    FAINT,
    INK,
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
from potrun.results.run_result import RunResult

if TYPE_CHECKING:
    from potrun.studies.beam import Beams, Rate

LEAST_EV, MOST_EV = 10.0, 3000.0


@styled
def draw_beam(result: RunResult, beams: "Beams", rates: "Sequence[Rate]") -> Figure:
    """Draw the peaks' energies against Usc - U of the fit, and the rates by group.

    Parameters
    ----------
    result : RunResult
        The sweeps of the asked quality.
    beams : Beams
        Peaks of all sweeps, with their truth where it is known.
    rates : sequence of Rate
        Detection and false alarms; empty without a truth.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(13, 5.6)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.05])
    _energies(left, beams)
    _rates(right, rates)
    shown = beams.taken & beams.found
    heading(
        figure,
        "Energy of the beam from the surface against Usc \N{MINUS SIGN} U",
        f"{span(result)}: {count(int(shown.sum()))} peaks in {count(int(beams.taken.sum()))} fitted sweeps",
        result.origin,
    )
    return figure


def _energies(ax: Axes, beams: "Beams") -> None:
    line = np.array([LEAST_EV, MOST_EV])
    ax.set(xscale="log", yscale="log", xlim=line, ylim=line, aspect="equal")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    ax.fill_between(line, line / 1.5, line * 1.5, color=FAINT, linewidth=0, label="within a channel")
    ax.plot(line, line, color=QUIET, linewidth=1)
    shown = beams.taken & beams.found & (beams.expected_ev > 0)
    with np.errstate(invalid="ignore"):
        kinds = (
            ("a beam was put in", SHADOW, shown & (beams.amplitude > 0)),
            ("none was put in", SUN, shown & (beams.amplitude == 0)),
            ("truth unknown", INK, shown & ~(beams.amplitude >= 0)),
        )
    for label, colour, chosen in kinds:
        if chosen.any():
            x, y = (np.clip(v[chosen], LEAST_EV, MOST_EV) for v in (beams.expected_ev, beams.energy_ev))
            ax.plot(x, y, "o", color=colour, markersize=4, alpha=0.6, label=f"{label}: {count(int(chosen.sum()))}")
    if not shown.any():
        say_nothing_here(ax, "no peak")
    ax.set(xlabel="Usc \N{MINUS SIGN} U of the fit (eV)", ylabel="energy of the peak (eV), without a fit")
    ax.legend(fontsize=8, loc="upper left")


def _rates(ax: Axes, rates: "Sequence[Rate]") -> None:
    if not rates:
        say_nothing_here(ax, "no truth: rates are unknown", has_scale=False)
        return
    y = -np.arange(len(rates), dtype=float)
    for place, rate in zip(y, rates, strict=True):
        colour = SHADOW if rate.kind == "detection" else SUN
        ax.hlines(place, rate.low, rate.high, color=colour, linewidth=2)
        ax.plot(rate.share, place, "o", color=colour, markersize=6)
    names = {"detection": "found", "false_alarm": "false"}
    ax.set_yticks(y, [f"{names[rate.kind]}: {rate.group} ({rate.hits} of {rate.sweeps})" for rate in rates])
    ax.set(xlim=(-0.02, 1.02), xlabel="% of the sweeps, with its 95 % interval")
    ax.set_ylim(y[-1] - 0.7, 0.7)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
    ax.set_title("Beams put in that are found, and peaks without one")
