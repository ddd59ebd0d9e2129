"""Picture of a global field: what was fitted, and how well it predicts orbits that it has not seen."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from potrun.core.settings import HarmonicsConfig
from potrun.plots.map import moon_axes, u_colour_bar
from potrun.plots.style import (
    INK,
    QUIET,
    SHADOW,
    SUN,
    count,
    heading,
    new_figure,
    number_of,
    say_nothing_here,
    span,
    styled,
    u_colours,
)
from potrun.results.run_result import RunResult

if TYPE_CHECKING:
    from potrun.studies.field import Field
    from potrun.studies.harmonics import Sample, Skill

    Fields = Mapping[str, tuple[Field, Sample]]

COLOURS = {"found": SHADOW, "true": INK, "injected": SUN}
LABELS = {"found": "U found", "true": "U put in", "injected": "a known field with the scatter of U"}


@styled
def draw_harmonics(
    result: RunResult,
    skills: "Sequence[Skill]",
    fields: "Fields",
    settings: HarmonicsConfig,
) -> Figure:
    """Draw the field of the window with the most sweeps, and the skill of every window.

    Parameters
    ----------
    result : RunResult
        The sweeps of the asked quality.
    skills : sequence of Skill
        Of every source and window.
    fields : mapping of str to (Field, Sample)
        The field of each window and what it was fitted to, by the window's first date.
    settings : HarmonicsConfig
        What was fitted.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(14, 5.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    _field(figure, left, skills, fields, settings)
    _skill(right, skills)
    heading(
        figure,
        f"A field of potential by spherical harmonics to degree {settings.degree}",
        f"{span(result)}: {number_of(len(fields), 'window')} of {settings.window_days:g} days, "
        f"ridge {settings.ridge:g}, light {settings.light}; judged on held-out orbits",
        result.origin,
    )
    return figure


def _field(figure: Figure, ax: Axes, skills: "Sequence[Skill]", fields: "Fields", settings: HarmonicsConfig) -> None:
    moon_axes(ax)
    if settings.frame == "sun":
        ax.set_xlabel("longitude from the subsolar meridian")
    u_colour_bar(figure, ax, "fitted U (V)")
    if not fields:
        say_nothing_here(ax, "too few sweeps for a field")
        return
    best = max((item for item in skills if item.source == "found"), key=lambda item: item.sweeps)
    edges = np.arange(-180.0, 181.0, 4.0), np.arange(-90.0, 91.0, 4.0)
    longitude, latitude = np.meshgrid(*((edge[1:] + edge[:-1]) / 2 for edge in edges))
    field, sample = fields[best.window]
    value = field.at(latitude.ravel(), longitude.ravel()).reshape(latitude.shape)
    colours, norm = u_colours()
    ax.pcolormesh(*edges, np.clip(value, -2000, 20), cmap=colours, norm=norm, rasterized=True)
    ax.set_title(f"Window from {best.window}: {count(best.sweeps)} sweeps of {best.orbits} orbits")
    east = (sample.longitude_deg + 180.0) % 360.0 - 180.0
    ax.plot(east, sample.latitude_deg, ".", color=INK, markersize=2, alpha=0.4, rasterized=True)


def _skill(ax: Axes, skills: "Sequence[Skill]") -> None:
    ax.axvline(0, color=QUIET, linewidth=1)
    if not skills:
        say_nothing_here(ax, "nothing to judge", has_scale=False)
        return
    names = sorted({item.window for item in skills})
    place = {name: -float(n) for n, name in enumerate(names)}
    for n, (source, colour) in enumerate(COLOURS.items()):
        mine = [item for item in skills if item.source == source]
        if not mine:
            continue
        y = np.array([place[item.window] + 0.22 * (1 - n) for item in mine])
        ax.hlines(y, [item.low for item in mine], [item.high for item in mine], color=colour, linewidth=1.2)
        ax.plot([item.skill for item in mine], y, "o", color=colour, markersize=5, label=LABELS[source])
        ax.plot([item.skill_of_light for item in mine], y, "|", color=colour, markersize=8)
    ax.set_yticks(list(place.values()), list(place))
    ax.set_ylim(-len(names) - 0.1, 0.6)
    lowest = min([-0.3, *(item.low - 0.05 for item in skills if np.isfinite(item.low))])
    ax.set_xlim(max(lowest, -1.5), 1.02)
    ax.set_xlabel("1 \N{MINUS SIGN} (error / error of a constant)\N{SUPERSCRIPT TWO};  |: a constant for each light")
    ax.set_title("Orbits that were held out; 0: no better than a constant")
    ax.legend(fontsize=8, loc="lower right", frameon=True)
