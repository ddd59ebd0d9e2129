"""Try to recover a global field of the potential from sweeps along orbits, and measure how far that goes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from potrun.core.records import BoolArray, FloatArray, IntArray
from potrun.core.settings import HarmonicsConfig
from potrun.core.table import Cell, Table
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination
from potrun.results.times import times
from potrun.studies.base import AcceptsAnyRun, StudyCase, StudyReport
from potrun.studies.field import Field, correlation, known_field
from potrun.studies.groups import bootstrap_over_groups, orbit_of
from potrun.studies.truth import has_truth, load_truth

DAY_S = 86400.0
SOURCES = {
    "found": "U found",
    "true": "U put in",
    "injected": "known field + scatter of U",
}


@dataclass(frozen=True, eq=False)
class Sample:
    """Values (V) at N places in one frame, with the orbit and the light of each."""

    latitude_deg: FloatArray
    longitude_deg: FloatArray
    value_v: FloatArray
    orbit: IntArray
    in_sun: BoolArray

    def take(self, chosen: BoolArray) -> "Sample":
        """Return some of them."""
        return Sample(
            self.latitude_deg[chosen], self.longitude_deg[chosen], self.value_v[chosen], self.orbit[chosen],
            self.in_sun[chosen],
        )  # fmt: skip


@dataclass(frozen=True)
class Skill:
    """How well values of orbits that were held out are predicted in one window; errors are root mean squares in V.

    A skill is one less the ratio of the mean squares, 0 where nothing is gained; `low` and `high` are the 68 % range of
    the skill against a constant by bootstrap over orbits. `correlation` is that of the fitted field with the known one
    over the whole sphere (NaN where none is known).
    """

    source: str
    window: str
    sweeps: int
    orbits: int
    constant_v: float
    light_v: float
    field_v: float
    skill: float
    low: float
    high: float
    skill_of_light: float
    correlation: float


class GlobalFieldOfPotential(AcceptsAnyRun):
    """Fits regularised spherical harmonics in windows of time and judges them on orbits that were held out."""

    def report(self, case: StudyCase) -> StudyReport:
        """Fit and judge the found potentials, those put in where they are known, and a known field at the same places.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport
        """
        from potrun.plots.harmonics import draw_harmonics

        settings = case.cfg.study.harmonics
        result = case.result.of_quality(case.cfg.quality)
        light = illumination(result).get(settings.light, np.ones(result.n_sweeps, np.bool_))
        truth = None
        if has_truth(case.archive, case.days):
            truth = load_truth(case.archive, case.days, result)["U"]
        skills: list[Skill] = []
        few: list[str] = []
        fields: dict[str, tuple[Field, Sample]] = {}
        for window, chosen in windows(result, light, settings.window_days).items():
            sample = sample_of(result, result["spec_u_surface"], settings.frame).take(chosen)
            if len(sample.value_v) < settings.fewest or len(np.unique(sample.orbit)) < settings.folds:
                few.append(f"{window}: {len(sample.value_v)} sweeps")
                continue
            skills.append(judge(sample, "found", window, settings))
            fields[window] = fit(sample, settings), sample
            known = known_field(settings.degree, settings.injected_v)
            skills.append(judge(injected(sample, known), "injected", window, settings, known))
            if truth is not None:
                put_in = sample_of(result, truth, settings.frame).take(chosen & np.isfinite(truth))
                skills.append(judge(put_in, "true", window, settings))
        remarks = (
            [f"too few for a field ({settings.fewest} sweeps, {settings.folds} orbits): {', '.join(few)}"]
            if few
            else []
        )
        if result.left_out:
            remarks.append(f"{result.left_out} fits of lesser quality left out; quality=all takes them")
        figure = draw_harmonics(result, skills, fields, settings)
        return StudyReport(
            _metrics(skills), {"skill": _table(skills, settings, result)}, {"harmonics": figure}, remarks
        )


def windows(result: RunResult, among: BoolArray, days: float) -> dict[str, BoolArray]:
    """Cut those sweeps among some that have a potential into windows of so many days, by their first date."""
    seconds = times(result["spec_utc_start"]).astype("M8[s]").astype(np.int64)
    has = among & np.isfinite(result["spec_u_surface"]) & np.isfinite(result["spec_projection_latitude"])
    if not has.any():
        return {}
    number = ((seconds - seconds[has].min()) // (days * DAY_S)).astype(np.int64)
    found = {}
    for n in np.unique(number[has]):
        chosen = has & (number == n)
        found[min(result["spec_utc_start"][chosen].tolist())[:10]] = chosen
    return found


def sample_of(result: RunResult, value_v: FloatArray, frame: str) -> Sample:
    """Place values at the footpoints: in selenographic longitude, or in longitude from the subsolar meridian."""
    longitude = result["spec_projection_longitude"]
    if frame == "sun":
        longitude = 15.0 * (result["spec_projection_local_time"] - 12.0)
    return Sample(
        result["spec_projection_latitude"], longitude, value_v, orbit_of(result), result["spec_projection_in_sun"]
    )


def injected(sample: Sample, known: Field) -> Sample:
    """Put a known field in place of what was found, with the scatter of what was found about its mean in each light.

    The scatter is moved by half of the window, so that it keeps how it hangs together along orbits and forgets places.
    """
    rest = sample.value_v.copy()
    for side in (sample.in_sun, ~sample.in_sun):
        if side.any():
            rest[side] = np.roll(rest[side] - rest[side].mean(), int(side.sum()) // 2)
    value = known.at(sample.latitude_deg, sample.longitude_deg) + rest
    return Sample(sample.latitude_deg, sample.longitude_deg, value, sample.orbit, sample.in_sun)


def fit(sample: Sample, settings: HarmonicsConfig) -> Field:
    """Fit a field to a sample."""
    return Field.fit(sample.latitude_deg, sample.longitude_deg, sample.value_v, settings.degree, settings.ridge)


def judge(sample: Sample, source: str, window: str, settings: HarmonicsConfig, known: Field | None = None) -> Skill:
    """Predict each orbit from the others, by a constant, by one constant for each light, and by a field.

    Parameters
    ----------
    sample : Sample
        Values of one window.
    source, window : str
        What they are and when.
    settings : HarmonicsConfig
        Of the field; in how many turns orbits are held out.
    known : Field, optional
        What the fitted field should be.

    Returns
    -------
    Skill
    """
    names, index = np.unique(sample.orbit, return_inverse=True)
    turn = np.random.default_rng(0).permutation(len(names))[index] % settings.folds
    constant, light, field = (np.empty(len(turn)) for _ in range(3))
    for n in range(settings.folds):
        seen, held = sample.take(turn != n), turn == n
        constant[held] = seen.value_v.mean()
        for side in (True, False):
            same = seen.value_v[seen.in_sun == side]
            light[held & (sample.in_sun == side)] = same.mean() if len(same) else seen.value_v.mean()
        field[held] = fit(seen, settings).at(sample.latitude_deg[held], sample.longitude_deg[held])
    errors = [(sample.value_v - guess) ** 2 for guess in (constant, light, field)]
    means = [float(error.mean()) for error in errors]
    # The bootstrap is of the gain, in parts of the constant's mean square.
    low, high = bootstrap_over_groups((errors[0] - errors[2]) / means[0], sample.orbit)
    constant_v, light_v, field_v = (float(np.sqrt(mean)) for mean in means)
    return Skill(
        source, window, len(turn), len(names), constant_v, light_v, field_v,
        1.0 - means[2] / means[0], low, high, 1.0 - means[1] / means[0],
        float("nan") if known is None else correlation(fit(sample, settings), known),
    )  # fmt: skip


def _table(skills: Sequence[Skill], settings: HarmonicsConfig, result: RunResult) -> Table:
    rows: list[list[Cell]] = [
        [
            SOURCES[item.source], item.window, item.sweeps, item.orbits, item.constant_v, item.light_v, item.field_v,
            item.skill, item.low, item.high, item.skill_of_light, item.correlation,
        ]
        for item in skills
    ]  # fmt: skip
    title = (
        f"Held-out orbits predicted by harmonics to degree {settings.degree}, ridge {settings.ridge:g}, windows of "
        f"{settings.window_days:g} days, frame {settings.frame}, light {settings.light} ({result.origin})"
    )
    columns = (
        "values", "window from", "sweeps", "orbits", "constant: rms (V)", "constant by light (V)", "field (V)",
        "skill of field", "68 % from", "68 % to", "skill of light", "correlation with known field",
    )  # fmt: skip
    return Table(title, columns, rows)


def _metrics(skills: Sequence[Skill]) -> dict[str, float]:
    """Return medians over the windows."""
    metrics: dict[str, float] = {}
    for source in SOURCES:
        mine = [item for item in skills if item.source == source]
        if mine:
            metrics[f"harmonics/{source}/windows"] = float(len(mine))
            metrics[f"harmonics/{source}/skill_median"] = float(np.median([item.skill for item in mine]))
            metrics[f"harmonics/{source}/skill_of_light_median"] = float(np.median([m.skill_of_light for m in mine]))
        if mine and source == "injected":
            metrics["harmonics/injected/correlation_median"] = float(np.median([item.correlation for item in mine]))
    return metrics
