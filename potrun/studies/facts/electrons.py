"""What the cells themselves say: where sunlight stands, and on which side electrons are missing."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from potrun.core.instrument import GEOMETRIC_FACTOR_CM2_SR, ROW_ACCUMULATION_S
from potrun.core.records import ArchiveDay, DayTable, FloatArray, Geometry
from potrun.geometry.compute import GeometryModel
from potrun.studies.facts.finding import Evidence, Finding, Verdict, judged

SAMPLE_DAYS = 6
"""Days, spread over the archive, whose cells are looked at."""

HIGH_CHANNELS = 4
"""Channels at the top of a sweep, where plasma is thin and sunlight stands out."""

LEAST_FEATURE = 0.2
LEAST_SIGNIFICANCE = 5.0
"""Excess over the mean of all azimuths, and over their own scatter, from which sunlight counts as seen."""

LEAST_SWEEPS = 10
DEFICIT_ABOVE_EV = 200.0
INCIDENT_DEG, REFLECTED_DEG = 45.0, 135.0
LARGEST_RATIO = 0.95
AZIMUTHS = 16

SUNLIGHT = "readme of the ER collection: sunlight enters the aperture twice a spin"
LOSS_CONE = "Halekas et al. 2008, doi:10.1029/2008JA013194"


@dataclass(frozen=True, eq=False)
class CellSums:
    """What the sampled sweeps add up to.

    `lit` and `dark` are (N, 16) shares of the counts of the highest channels by azimuth, one line a sweep that has
    counts, in sunlight and in shadow; `ratio` holds the reflected over the incident flux of each connected sweep.
    """

    lit: FloatArray
    dark: FloatArray
    ratio: FloatArray
    dates: tuple[dt.date, ...]


def check_electrons(evidence: Evidence) -> list[Finding]:
    """Hold the measured electrons against what is known of them."""
    sums = _sample(evidence)
    return [_check_sunlight(sums, evidence), _check_deficit(sums, evidence)]


def _sample(evidence: Evidence) -> CellSums:
    """Read some days and add their cells up; a day that cannot be read is no part of the sample."""
    parts, dates = [], []
    for day, table in _sampled_days(evidence):
        parts.append(cell_sums(table, evidence.model))
        dates.append(day.date)
    empty = np.zeros((0, AZIMUTHS))
    lit, dark, ratio = ([part[n] for part in parts] for n in range(3))
    return CellSums(
        np.concatenate([empty, *lit]),
        np.concatenate([empty, *dark]),
        np.concatenate([np.zeros(0), *ratio]),
        tuple(dates),
    )


def _sampled_days(evidence: Evidence) -> Iterator[tuple[ArchiveDay, DayTable]]:
    days = evidence.case.days
    for n in np.unique(np.linspace(0, len(days) - 1, SAMPLE_DAYS).round().astype(int)):
        table = evidence.table(days[n].date)
        if table is not None:
            yield days[n], table


def cell_sums(table: DayTable, model: GeometryModel) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Add the cells of a day up, sweep by sweep.

    Parameters
    ----------
    table : DayTable
        The day.
    model : GeometryModel
        Its geometry.

    Returns
    -------
    lit, dark : (N, 16) float64
        Shares of the counts in the highest channels, in cells near the plane of the spin, by azimuth in steps of 22.5
        deg from 0; one line for each sweep in sunlight, in shadow.
    ratio : (N,) float64
        Flux beyond a pitch angle of 135 deg over that below 45 deg, above 200 eV, of each connected sweep.
    """
    geometry = model.compute(table)
    share = _azimuth_shares(table, model.theta_deg)
    lit = geometry.spacecraft_in_sun[table.sweep_start]
    seen = np.isfinite(share).all(axis=1) & geometry.is_known[table.sweep_start]
    return share[seen & lit], share[seen & ~lit], _reflected_over_incident(table, geometry)


def _azimuth_shares(table: DayTable, theta_deg: FloatArray) -> FloatArray:
    """Each sweep's counts by azimuth over their mean, (S, 16); NaN with fewer counts than azimuths."""
    energy = table.to_sweeps(table.energy_ev)
    lowest = -np.sort(-np.nan_to_num(energy), axis=1)[:, HIGH_CHANNELS - 1]
    near_plane = np.abs(theta_deg) < 12
    rate = (
        np.where(table.energy_ev >= lowest[table.row_sweep], table.energy_ev, 0.0)[:, None] * table.flux[:, near_plane]
    )
    place = np.round(table.phi_deg[:, near_plane] / (360.0 / AZIMUTHS))
    usable = np.isfinite(rate) & np.isfinite(place)
    index = table.row_sweep[:, None] * AZIMUTHS + np.where(usable, place, 0).astype(np.int64) % AZIMUTHS
    total = np.bincount(index[usable], rate[usable], minlength=table.n_sweeps * AZIMUTHS).reshape(-1, AZIMUTHS)
    # Flux times energy is a rate; cells near the plane share the accumulation with all azimuths.
    counts = total.sum(axis=1) * GEOMETRIC_FACTOR_CM2_SR * ROW_ACCUMULATION_S / AZIMUTHS
    with np.errstate(invalid="ignore", divide="ignore"):
        share = total / total.mean(axis=1, keepdims=True)
    return np.where((counts >= AZIMUTHS)[:, None], share, np.nan)


def _reflected_over_incident(table: DayTable, geometry: Geometry) -> FloatArray:
    """Reflected over incident flux of each sweep that has both."""
    flux = geometry.electron_flux(table.flux)
    high = (table.energy_ev > DEFICIT_ABOVE_EV)[:, None] & np.isfinite(flux)
    means = []
    for chosen in (geometry.pitch_deg > REFLECTED_DEG, geometry.pitch_deg < INCIDENT_DEG):
        use = high & chosen
        total = np.add.reduceat(np.where(use, flux * table.energy_ev[:, None], 0.0).sum(axis=1), table.sweep_start)
        means.append(total / np.maximum(np.add.reduceat(use.sum(axis=1), table.sweep_start), 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = means[0] / means[1]
    return np.asarray(ratio[np.isfinite(ratio)])


def _check_sunlight(sums: CellSums, evidence: Evidence) -> Finding:
    """Find the azimuth at which sunlight stands, which tells directions of motion from look directions."""
    from potrun.plots.acceptance import draw_sunlight

    directions = evidence.case.cfg.archive.directions
    wanted = 180.0 if directions == "motion" else 0.0
    fact, expected = "azimuth of the Sun's false electrons", f"{wanted:.0f} deg (archive.directions={directions})"
    if len(sums.lit) < LEAST_SWEEPS:
        said = f"{len(sums.lit)} sunlit sweeps with counts, {LEAST_SWEEPS} needed"
        return Finding(fact, said, expected, "", Verdict.ABSENT, SUNLIGHT, is_history=False)
    profile = sums.lit.mean(axis=0)
    if len(sums.dark) >= LEAST_SWEEPS:
        # What shadow shows as well is plasma or sensitivity, not sunlight.
        profile = profile - sums.dark.mean(axis=0)
    profile = profile - np.median(profile)
    peak = int(np.argmax(profile))
    others = np.delete(profile, [(peak + step) % AZIMUTHS for step in (-1, 0, 1)])
    scatter = 1.4826 * float(np.median(np.abs(others - np.median(others))))
    azimuth = float(peak * 360.0 / AZIMUTHS)
    away = abs((azimuth - wanted + 180.0) % 360.0 - 180.0)
    figure = draw_sunlight(sums, profile, wanted, evidence.case.archive.origin)
    said = f"{azimuth:.0f} deg, excess {profile[peak]:.2f} of the mean"
    verdict, remark = judged(away <= 22.5), ""
    if profile[peak] < max(LEAST_FEATURE, LEAST_SIGNIFICANCE * scatter):
        said, verdict = f"no clear feature (largest excess {profile[peak]:.2f} of the mean)", Verdict.UNDECIDED
    elif abs((azimuth - (180.0 - wanted) + 180.0) % 360.0 - 180.0) <= 22.5:
        other = "look" if directions == "motion" else "motion"
        remark = (
            f"sunlight stands at azimuth {azimuth:.0f} deg: theta and phi are {_meaning(other)}, "
            f"set archive.directions={other}"
        )
    return Finding(
        fact,
        said,
        expected,
        "22.5 deg",
        verdict,
        SUNLIGHT,
        is_history=False,
        remark=remark,
        figures={"sunlight": figure},
    )


def _meaning(directions: str) -> str:
    return "look directions" if directions == "look" else "directions of motion"


def _check_deficit(sums: CellSums, evidence: Evidence) -> Finding:
    """Tell on which side of 90 deg electrons are missing."""
    from potrun.plots.acceptance import draw_deficit

    fact, expected = f"flux beyond 90 deg over that below, above {DEFICIT_ABOVE_EV:.0f} eV", f"below {LARGEST_RATIO}"
    if len(sums.ratio) < LEAST_SWEEPS:
        said = f"{len(sums.ratio)} connected sweeps, {LEAST_SWEEPS} needed"
        return Finding(fact, said, expected, "", Verdict.ABSENT, LOSS_CONE, is_history=False)
    median = float(np.median(sums.ratio))
    remark = ""
    if median > 1 / LARGEST_RATIO:
        now = evidence.case.cfg.archive.directions
        other = "look" if now == "motion" else "motion"
        remark = f"electrons are missing on the incident side: try archive.directions={other}"
    figure = draw_deficit(sums, evidence.case.archive.origin)
    return Finding(
        fact, f"{median:.2f} (median of {len(sums.ratio)} sweeps)", expected, "", judged(median < LARGEST_RATIO),
        LOSS_CONE, is_history=False, remark=remark, figures={"deficit": figure},
    )  # fmt: skip
