"""Pictures of the checks that a number alone does not settle."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from potrun.core.records import BoolArray, FloatArray, TextArray
from potrun.plots.style import FAINT, INK, QUIET, SHADOW, SUN, heading, new_figure, styled

if TYPE_CHECKING:
    from potrun.studies.facts.electrons import CellSums
    from potrun.studies.facts.published import Eclipse, ParticleEvent

WRONG = "#d55e00"


def _hours(utc: TextArray) -> FloatArray:
    """Hours of the day of UTC texts."""
    parts = np.array([[int(text[11:13]), int(text[14:16]), int(text[17:19])] for text in utc.tolist()], np.float64)
    return np.asarray(parts.reshape(-1, 3) @ [1.0, 1 / 60, 1 / 3600])


@styled
def draw_sunlight(sums: "CellSums", excess: FloatArray, wanted_deg: float, origin: str) -> Figure:
    """Draw the counts of the highest channels against azimuth, in sun and in shadow, and their difference."""
    figure = new_figure(11, 6.5)
    top, bottom = figure.subplots(2, 1, sharex=True)
    azimuth = np.arange(excess.size) * 360.0 / excess.size
    for part, color, name in ((sums.lit, SUN, "in sun"), (sums.dark, SHADOW, "in shadow")):
        if len(part):
            error = part.std(axis=0) / np.sqrt(len(part))
            top.errorbar(
                azimuth,
                part.mean(axis=0),
                error,
                fmt="o-",
                color=color,
                label=f"spacecraft {name} ({len(part)} sweeps)",
            )
    top.set_ylabel("counts over their mean")
    top.legend(fontsize=9)
    bottom.bar(azimuth, excess, width=18, color=QUIET)
    bottom.axhline(0, color=INK, linewidth=0.8)
    bottom.set_ylabel("excess in sun")
    for place, name in ((180.0, "directions of motion"), (0.0, "look directions"), (360.0, "")):
        mark = wanted_deg in (place, place - 360)
        bottom.axvline(place, color=INK if mark else WRONG, linewidth=1.2, linestyle="-" if mark else ":")
        bottom.text(place + 3, bottom.get_ylim()[1], name, fontsize=9, va="top", color=INK if mark else WRONG)
    bottom.set(xlabel="azimuth phi in the despun spacecraft frame (deg)", xlim=(-15, 375))
    bottom.set_xticks(np.arange(0, 361, 45))
    dates = ", ".join(str(date) for date in sums.dates)
    heading(figure, "Sunlight in the four highest channels, cells at \N{PLUS-MINUS SIGN}11.25 deg", dates, origin)
    return figure


@styled
def draw_deficit(sums: "CellSums", origin: str) -> Figure:
    """Draw how much flux comes back beyond a pitch angle of 135 deg."""
    figure = new_figure(9, 5)
    ax = figure.subplots()
    values = np.clip(sums.ratio, 1e-2, 1e2)
    ax.hist(values, bins=np.geomspace(1e-2, 1e2, 61).tolist(), color=SHADOW)
    ax.axvline(1.0, color=INK, linewidth=0.8)
    ax.axvline(float(np.median(sums.ratio)), color=WRONG, linewidth=1.5, label=f"median {np.median(sums.ratio):.2f}")
    ax.set(xscale="log", xlabel="flux beyond 135 deg over that below 45 deg, above 200 eV", ylabel="sweeps")
    ax.legend()
    dates = ", ".join(str(date) for date in sums.dates)
    heading(figure, "Electrons missing from the loss cone", f"{len(sums.ratio)} connected sweeps, {dates}", origin)
    return figure


@styled
def draw_eclipse(date: str, hour: FloatArray, magnitude: FloatArray, eclipse: "Eclipse", origin: str) -> Figure:
    """Draw how deep the Moon lies in the Earth's penumbra, with the published contacts."""
    figure = new_figure(9, 4.5)
    ax = figure.subplots()
    ax.fill_between(hour, 0, np.maximum(magnitude, 0), color=FAINT)
    ax.plot(hour, magnitude, color=INK)
    for place in _hours(np.array([eclipse.begin_utc, eclipse.end_utc])):
        ax.axvline(place, color=WRONG, linewidth=1.2)
    ax.plot([], [], color=WRONG, label="published contacts")
    ax.axhline(0, color=QUIET, linewidth=0.8)
    ax.set(ylim=(-0.5, max(1.1, float(np.nanmax(magnitude)) + 0.1)), xlim=(0, 24), xlabel=f"hour of {date} (UTC)")
    ax.set_ylabel("part of the Moon in the penumbra")
    ax.legend()
    heading(figure, "The Moon in the Earth's penumbra", f"{date}; from the kernels' Sun and Earth", origin)
    return figure


@styled
def draw_event(
    date: str, start: TextArray, rate_per_s: FloatArray, flag: BoolArray, event: "ParticleEvent", origin: str
) -> Figure:
    """Draw the rate of penetrating particles along a day."""
    figure = new_figure(10, 4.5)
    ax = figure.subplots()
    hour = _hours(start)
    for chosen, color, name in ((~flag, SHADOW, "not flagged"), (flag, WRONG, "particle_event")):
        ax.plot(
            hour[chosen], np.maximum(rate_per_s[chosen], 0.1), ".", color=color, label=f"{name}: {int(chosen.sum())}"
        )
    for place in _hours(np.array([event.quiet_until_utc, event.full_from_utc])):
        ax.axvline(place, color=INK, linewidth=0.8, linestyle=":")
    ax.set(yscale="log", xlim=(0, 24), xlabel=f"hour of {date} (UTC)", ylabel="counts/s alike in all channels")
    ax.legend()
    heading(figure, "Penetrating particles", "dotted: quiet until, dominant from", origin)
    return figure


@styled
def draw_temperatures(values_ev: FloatArray, facts: Mapping[int, float], origin: str) -> Figure:
    """Draw the electron temperatures with the percentiles that were found and expected."""
    figure = new_figure(9, 4.5)
    ax = figure.subplots()
    ax.hist(np.clip(values_ev, 0.5, 2000), bins=np.geomspace(0.5, 2000, 73).tolist(), color=SHADOW)
    for percent, wanted in facts.items():
        ax.axvline(wanted, color=WRONG, linewidth=1.2)
        ax.axvline(float(np.percentile(values_ev, percent)), color=INK, linewidth=1.2, linestyle="--")
    ax.plot([], [], color=WRONG, label="expected: " + ", ".join(f"{name} %" for name in facts))
    ax.plot([], [], color=INK, linestyle="--", label="found")
    ax.set(xscale="log", xlabel="electron temperature (eV)", ylabel="sweeps")
    ax.legend()
    heading(figure, "Electron temperatures", f"{len(values_ev)} sweeps", origin)
    return figure
