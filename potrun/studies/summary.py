"""A run in numbers: how many sweeps, how sure, and which potentials, by region and light and day by day."""

import numpy as np

from potrun.core.records import BoolArray
from potrun.core.table import Cell, Table
from potrun.results.quality import QualityClass, is_wanted
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination
from potrun.studies.base import AcceptsAnyRun, StudyCase, StudyReport
from potrun.studies.groups import by_region_and_light, quantiles

NUMBERS = (
    "sweeps", "fitted", "identifiable share", "good share", "taken", "P5 (V)", "P25 (V)", "median (V)", "P75 (V)",
    "P95 (V)",
)  # fmt: skip
"""Shares are of the fitted sweeps; the percentiles are of the sweeps taken, those of the asked quality."""

KEYS = ("sweeps", "fitted", "identifiable_share", "good_share", "taken", "p05_v", "p25_v", "median_v", "p75_v", "p95_v")


class SummaryOfPotentials(AcceptsAnyRun):
    """Counts sweeps and sums their potentials up, by region and illumination and by day and illumination."""

    def report(self, case: StudyCase) -> StudyReport:
        """Sum a run up.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport
        """
        from potrun.plots.summary import draw_summary

        result, quality = case.result, case.cfg.quality
        taken = is_wanted(result, quality)
        groups = {**by_region_and_light(result), ("all", "all"): np.ones(result.n_sweeps, np.bool_)}
        numbers = {key: sums(result, chosen, taken) for key, chosen in groups.items() if chosen.any()}
        days = {key: sums(result, chosen, taken) for key, chosen in by_day(result).items() if chosen.any()}
        title = f"U of quality {quality} ({result.origin})"
        tables = {
            "regions": Table(f"By region and illumination: {title}", ("region", "light", *NUMBERS), _rows(numbers)),
            "days": Table(f"By day and illumination: {title}", ("day", "light", *NUMBERS), _rows(days)),
        }
        metrics = {
            f"summary/{region.replace(' ', '_')}/{light}/{key}": value
            for (region, light), values in numbers.items()
            for key, value in zip(KEYS, values, strict=True)
        }
        metrics["summary/days"] = float(len({day for day, _ in days}))
        figure = draw_summary(result.of_quality(quality), numbers, days)
        return StudyReport(metrics, tables, {"summary": figure})


def by_day(result: RunResult) -> dict[tuple[str, str], BoolArray]:
    """Sort sweeps with a footpoint by their UTC day and its illumination."""
    dates, place = np.unique(result["spec_utc_start"].astype("<U10"), return_inverse=True)
    light = illumination(result)
    return {(str(date), side): chosen & (place == n) for n, date in enumerate(dates) for side, chosen in light.items()}


def sums(result: RunResult, chosen: BoolArray, taken: BoolArray) -> list[float]:
    """Count some sweeps and take the percentiles of their potentials.

    Parameters
    ----------
    result : RunResult
        The run.
    chosen : (S,) bool
        Which sweeps.
    taken : (S,) bool
        Those of the asked quality: only their potentials enter the percentiles.

    Returns
    -------
    list of float
        In the order of :data:`NUMBERS`; shares of nothing, and shares that the result does not tell, are NaN.
    """
    fitted = chosen & result["spec_has_fit"]
    used = fitted & taken & np.isfinite(result["spec_u_surface"])
    good = result["spec_quality_class"] == QualityClass.GOOD
    return [
        float(chosen.sum()),
        float(fitted.sum()),
        _share(result["spec_u_identifiable"][fitted], "spec_u_identifiable" in result),
        _share(good[fitted], "spec_quality_class" in result),
        float(used.sum()),
        *quantiles(result["spec_u_surface"][used]),
    ]


def _share(flags: BoolArray, is_told: bool) -> float:
    return float(flags.mean()) if is_told and len(flags) else float("nan")


def _rows(numbers: dict[tuple[str, str], list[float]]) -> list[list[Cell]]:
    """Lay numbers out, counts without a decimal point."""
    counts = [name in ("sweeps", "fitted", "taken") for name in NUMBERS]
    return [
        [*key, *(int(value) if is_count else value for value, is_count in zip(values, counts, strict=True))]
        for key, values in numbers.items()
    ]
