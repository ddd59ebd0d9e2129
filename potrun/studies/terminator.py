"""Surface potential against the Sun's zenith angle, by region: the central figure of Halekas et al. 2008."""

from dataclasses import dataclass

import numpy as np

from potrun.core.records import BoolArray, FloatArray, IntArray, Region
from potrun.core.table import Cell, Table
from potrun.results.run_result import RunResult
from potrun.studies.base import NeedsTemperature, StudyCase, StudyReport
from potrun.studies.groups import bootstrap_over_groups, orbit_of

BIN_DEG = 5.0
COLUMNS = (
    "region", "zenith from (deg)", "zenith to (deg)", "sweeps", "orbits", "quartile (V)", "median (V)", "quartile (V) ",
    "mean (V)", "68 % of mean, low (V)", "68 % of mean, high (V)", "identifiable share",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Curve:
    """One region's potentials in Z bins of the zenith angle; NaN where a bin is empty."""

    low_deg: FloatArray
    count: IntArray
    orbits: IntArray
    p25_v: FloatArray
    median_v: FloatArray
    p75_v: FloatArray
    mean_v: FloatArray
    mean_low_v: FloatArray
    mean_high_v: FloatArray
    identifiable: FloatArray


class PotentialAcrossTheTerminator(NeedsTemperature):
    """Bins U by the Sun's zenith angle at the footpoint, in each region of the Earth's surroundings."""

    def report(self, case: StudyCase) -> StudyReport:
        """Bin the sweeps of the asked quality.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport
        """
        from potrun.plots.terminator import draw_terminator

        result = case.result.of_quality(case.cfg.quality)
        curves = {region: curve(result, result["spec_region"] == region) for region in Region if region}
        rows: list[list[Cell]] = []
        metrics: dict[str, float] = {}
        for region, found in curves.items():
            name = region.name.lower()
            metrics[f"terminator/{name}/sweeps"] = float(found.count.sum())
            night = found.low_deg >= 90.0
            metrics[f"terminator/{name}/night_sweeps"] = float(found.count[night].sum())
            for n in np.flatnonzero(found.count):
                numbers = (
                    found.p25_v, found.median_v, found.p75_v, found.mean_v, found.mean_low_v, found.mean_high_v,
                    found.identifiable,
                )  # fmt: skip
                low = float(found.low_deg[n])
                head: list[Cell] = [name, low, low + BIN_DEG, int(found.count[n]), int(found.orbits[n])]
                rows.append(head + [float(values[n]) for values in numbers])
        remark = f"{result.left_out} fits of lesser quality left out; quality=all takes them" if result.left_out else ""
        table = Table(f"U against the Sun's zenith angle ({result.origin})", COLUMNS, rows)
        return StudyReport(
            metrics, {"terminator": table}, {"terminator": draw_terminator(result, curves)}, [remark] if remark else []
        )


def curve(result: RunResult, chosen: BoolArray) -> Curve:
    """Sum up the fitted sweeps among some in bins of the zenith angle.

    The interval of the mean is the 68 % range of means of bootstrap samples drawn over orbits, as sweeps of one orbit
    are not independent; NaN with fewer than three orbits.
    """
    zenith, u = result["spec_projection_solar_zenith"], result["spec_u_surface"]
    use = np.flatnonzero(chosen & np.isfinite(zenith) & np.isfinite(u))
    orbit = orbit_of(result)[use]
    place = np.minimum(zenith[use] // BIN_DEG, 180 / BIN_DEG - 1).astype(np.int64)
    bins = int(180 / BIN_DEG)
    numbers = np.full((7, bins), np.nan)
    count, orbits = np.bincount(place, minlength=bins), np.zeros(bins, np.int64)
    for n in np.flatnonzero(count):
        here = use[place == n]
        names = orbit[place == n]
        orbits[n] = len(np.unique(names))
        numbers[:3, n] = np.percentile(u[here], [25, 50, 75])
        numbers[3, n] = u[here].mean()
        numbers[4:6, n] = bootstrap_over_groups(u[here], names)
        numbers[6, n] = result["spec_u_identifiable"][here].mean()
    return Curve(np.arange(bins, dtype=np.float64) * BIN_DEG, count, orbits, *numbers)
