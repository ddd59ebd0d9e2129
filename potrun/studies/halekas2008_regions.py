"""Compare potentials by region with what Halekas et al. 2008 report."""

from dataclasses import dataclass

import numpy as np

from potrun.core.records import BoolArray, Region
from potrun.core.table import Table
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination
from potrun.studies.base import NeedsTemperature, StudyCase, StudyReport

WAKE_EDGE_DEG = 110.0
"""A footpoint in shadow counts as near the wake's edge while the Sun is less than 20 degrees below its horizon."""


@dataclass(frozen=True)
class Expectation:
    """What a region's median potential is reported to be; `low_v` and `high_v` are what still counts as agreement."""

    published: str
    low_v: float
    high_v: float


EXPECTED = {
    "day side": Expectation("below the threshold of about 20 V", -20.0, 20.0),
    "night, tail lobe": Expectation("-100 V", -200.0, -50.0),
    "night, plasma sheet": Expectation("-200 V to -1 kV", -1000.0, -200.0),
    "night, tail, plasma unknown or cool": Expectation("", np.nan, np.nan),
    "night, edge of the wake": Expectation("about -200 V", -400.0, -100.0),
    "night, deep in the wake": Expectation("", np.nan, np.nan),
}
"""Halekas et al. 2008, doi:10.1029/2008JA013194; a value without a range is taken as agreeing within a factor of 2."""

COLUMNS = ("region", "published", "sweeps", "identifiable", "quartile (V)", "median (V)", "quartile (V)", "agrees")


class PublishedRegions(NeedsTemperature):
    """Sets the median potential of each region against the published one."""

    def report(self, case: StudyCase) -> StudyReport:
        """Sort the fitted sweeps by region and sum each region up.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport
        """
        from potrun.plots.regions import draw_regions

        members = regions(case.result, case.cfg.region.lobe_above_ev)
        u, is_sure = case.result["spec_u_surface"], case.result["spec_u_identifiable"]
        rows: list[list[str | int | float]] = []
        metrics: dict[str, float] = {}
        for name, chosen in members.items():
            expected = EXPECTED[name]
            low, middle, high = np.percentile(u[chosen], [25, 50, 75]).tolist() if chosen.any() else [np.nan] * 3
            agrees = expected.low_v <= middle <= expected.high_v
            verdict = "" if not expected.published or not chosen.any() else "yes" if agrees else "no"
            sure = int((chosen & is_sure).sum())
            rows.append([name, expected.published, int(chosen.sum()), sure, low, middle, high, verdict])
            word = name.replace(", ", "_").replace(" ", "_")
            metrics |= {
                f"halekas2008_regions/{word}/sweeps": float(chosen.sum()),
                f"halekas2008_regions/{word}/median_v": middle,
            }
            if verdict:
                metrics[f"halekas2008_regions/{word}/agrees"] = float(agrees)
        origin = "simulated" if case.result.origin == "simulated" else "measured"
        published = {name: (expected.low_v, expected.high_v) for name, expected in EXPECTED.items()}
        table = Table(f"Potentials by region, published (Halekas et al. 2008) and found ({origin})", COLUMNS, rows)
        return StudyReport(metrics, {"regions": table}, {"regions": draw_regions(case.result, members, published)})


def regions(result: RunResult, lobe_above_ev: float) -> dict[str, BoolArray]:
    """Sort fitted sweeps by region.

    Footpoints in sun are the day side. At night ``spec_region`` decides between tail and wake, and in the tail between
    lobe and sheet; electrons too cool for a lobe stand apart. Elsewhere the Sun's depth below the horizon tells the
    wake's edge.

    Parameters
    ----------
    result : RunResult
        The run.
    lobe_above_ev : float
        Electron temperature (eV) from which on the tail is taken for its lobe.

    Returns
    -------
    dict of str to (S,) bool
        In the order and with the names of ``EXPECTED``; each fitted sweep with a known region is in one of them.
    """
    side = {name: chosen & result["spec_has_fit"] for name, chosen in illumination(result).items()}
    region, zenith = result["spec_region"], result["spec_projection_solar_zenith"]
    night = side["shadow"] & (region != Region.UNKNOWN) & np.isfinite(zenith)
    sheet = night & (region == Region.PLASMA_SHEET)
    tail = night & (region == Region.TAIL_LOBE)
    lobe = tail & (np.nan_to_num(result["spec_electron_temperature"], nan=0.0) >= lobe_above_ev)
    wake = night & ~sheet & ~tail
    edge = wake & (zenith < WAKE_EDGE_DEG)
    members = (side["sun"], lobe, sheet, tail & ~lobe, edge, wake & ~edge)
    return dict(zip(EXPECTED, members, strict=True))
