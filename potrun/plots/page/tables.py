"""The tables of a run's page: key figures, potentials by group, what is wrong with sweeps, settings, inputs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from potrun.core.provenance import flatten
from potrun.core.records import BoolArray, Region
from potrun.core.settings import RunConfig
from potrun.core.table import Table
from potrun.plots.style import count, objective_name, short, signed
from potrun.results.quality import QualityClass, count_flags
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination

FLAG_MEANINGS = {
    "no_fit": "no fit",
    "not_identifiable": "the 95 % interval of U is wider than what counts as known",
    "at_bound": "a parameter lies on its bound",
    "few_cells": "few cells entered the fit",
    "sunlit_cells": "many cells in direct sunlight",
    "attitude_old": "the last attitude record was held on for long",
    "attitude_gap": "rows without attitude or ephemeris",
    "grazing": "the field line meets the surface at a flat angle",
    "mixed_polarity": "rows of the sweep differ in polarity",
    "response_misfit": "the electron distribution fits badly",
    "nonadiabatic": "gyroradius larger than the altitude",
    "earth_shadow": "the Earth covers part of the Sun",
    "energy_table_change": "the energies are not those of the sweep before",
    "burst_mode": "a day of the instrument's burst modes",
    "sunlit_plasma_sheet": "sunlit in the plasma sheet: U is the barrier of potential",
    "particle_event": "penetrating particles",
}


def key_figures(result: RunResult, numbers: Mapping[str, float], quality: str) -> list[tuple[str, str, str]]:
    """Return what a reader wants to know first: name, value, and a note."""
    fitted = int(numbers["fitted"])
    figures = [
        ("sweeps fitted", count(fitted), f"of {count(result.n_sweeps)}"),
        ("identifiable", _number(numbers["identifiable"]), f"of {count(fitted)} fits"),
    ]
    if "spec_quality_class" in result:
        classes = result["spec_quality_class"][result["spec_has_fit"]]
        words = [f"{count(int((classes == word).sum()))} {word.name.lower()}" for word in QualityClass]
        figures.append(("good fits", words[0].split(" good", maxsplit=1)[0], ", ".join(words[1:])))
    for side in ("sun", "shadow"):
        n, low, middle, high = (numbers[f"potential_{side}_v/{key}"] for key in ("count", "p25", "median", "p75"))
        many = "the only sweep" if n == 1 else f"median of {count(int(n))} sweeps"
        note = f"{many} of quality={quality}" if n else f"no sweep of quality={quality}"
        if n > 3:
            note += f"; quartiles {signed(low)} and {signed(high)} V"
        figures.append((f"U in {side}", f"{signed(middle)} V" if n else "none", note))
    figures.append((f"{objective_name(result)}, median", _number(numbers["chi2/median"]), "of all fits"))
    return figures


def potentials(result: RunResult) -> Table:
    """Tell the potentials by region and illumination of the footpoint; small groups have no percentiles."""
    rows: list[list[Any]] = []
    u = result["spec_u_surface"]
    for region in Region:
        for side, chosen in illumination(result).items():
            here = chosen & (result["spec_region"] == region) & np.isfinite(u)
            if here.any():
                rows.append([region.name.replace("_", " ").lower(), f"in {side}", *_spread(result, here)])
    columns = ["region", "footpoint", "fits", "identifiable", "P5 (V)", "P25", "median", "P75", "P95"]
    return Table("Surface potential by region and illumination", columns, rows)


def _spread(result: RunResult, here: BoolArray) -> list[Any]:
    values = result["spec_u_surface"][here]
    percents = np.percentile(values, [5, 25, 50, 75, 95])
    # A percentile of three sweeps is one of the three.
    told = [
        float(value) if len(values) >= least else None for value, least in zip(percents, (20, 4, 1, 4, 20), strict=True)
    ]
    return [len(values), int(result["spec_u_identifiable"][here].sum()), *told]


def flags(result: RunResult) -> list[tuple[str, str, int, float]]:
    """Return the flags of quality that sweeps have: name, meaning, sweeps, share of all; the most frequent first."""
    if "spec_quality" not in result or not result.n_sweeps:
        return []
    found = [(name, FLAG_MEANINGS.get(name, ""), number) for name, number in count_flags(result).items() if number]
    ranked = sorted(found, key=lambda item: -item[2])
    return [(name.replace("_", " "), meaning, number, number / result.n_sweeps) for name, meaning, number in ranked]


def settings(cfg: RunConfig) -> list[tuple[str, str, str]]:
    """Return every setting, its value, and the default where that is another one."""
    default = flatten(asdict(RunConfig()))
    lines = []
    for name, value in flatten(asdict(cfg)).items():
        usual = default.get(name)
        lines.append((name, str(value), "" if value == usual else str(usual)))
    return lines


def _number(value: float) -> str:
    return short(value) if np.isfinite(value) else "unknown"
