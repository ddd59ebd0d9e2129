"""Compare the energy of the beam of secondary electrons with the one that the fitted potential gives it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.archive.table import read_day
from potrun.core.errors import DataError
from potrun.core.records import BoolArray, FloatArray
from potrun.core.table import Cell, Table
from potrun.geometry.compute import GeometryModel
from potrun.geometry.theta import read_theta
from potrun.results.day import SWEEPS_PER_DATE
from potrun.results.quality import is_wanted
from potrun.studies.base import AcceptsAnyRun, StudyCase, StudyReport
from potrun.studies.beam_peak import find_peak, in_reach, upward_flux
from potrun.studies.groups import share_and_interval
from potrun.studies.truth import has_truth, load_truth

FACTOR = 1.5
"""Two energies agree within this factor: the step from one channel to the next."""

AMPLITUDES = (0.0, 0.5, 1.0, 2.0, 5.0)
SIZES_V = (0.0, 50.0, 200.0, 2000.0)


@dataclass(frozen=True, eq=False)
class Beams:
    """Peaks of S sweeps: energy (eV) and excess, NaN without one; `expected_ev` is Usc - U of the fit.

    Of the truth, where there is one: `true_ev` is Usc - U, `amplitude` that of the beam (0: none; NaN: unknown), and
    `is_in_reach` tells the beams whose energy lies within the channels.
    """

    energy_ev: FloatArray
    excess: FloatArray
    expected_ev: FloatArray
    taken: BoolArray
    true_ev: FloatArray
    amplitude: FloatArray
    is_in_reach: BoolArray

    @property
    def found(self) -> BoolArray:
        """(S,) there is a peak."""
        return np.isfinite(self.energy_ev)


class EnergyOfTheBeam(AcceptsAnyRun):
    """Looks for the peak in the flux from the surface and sets its energy against Usc - U."""

    def report(self, case: StudyCase) -> StudyReport:
        """Look at every sweep of the run again; rates are told where the archive has a truth.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport

        Raises
        ------
        DataError
            If the archive no longer holds the sweeps of the result.
        """
        from potrun.plots.beam import draw_beam

        beams = look_for_beams(case)
        agreement, numbers = _agreement(case.result, beams)
        tables = {"agreement": agreement}
        rates: list[Rate] = []
        remarks = []
        if has_truth(case.archive, case.days):
            rates = detection_rates(beams)
            tables["rates"] = _rates_table(rates)
            numbers |= {f"{rate.kind}/{rate.group.replace(' ', '_')}": rate.share for rate in rates}
        else:
            remarks.append("the archive has no truth: how many beams are missed and how many are false is unknown")
        figure = draw_beam(case.result.of_quality(case.cfg.quality), beams, rates)
        metrics = {f"beam/{name}": value for name, value in numbers.items()}
        return StudyReport(metrics, tables, {"beam": figure}, remarks)


def look_for_beams(case: StudyCase) -> Beams:
    """Find the peak of every sweep of a run, and its truth where there is one."""
    result, settings = case.result, case.cfg.study.beam
    model = GeometryModel.of(case.archive, case.cfg.archive)
    theta = read_theta(case.archive.theta_path)
    truth = load_truth(case.archive, case.days, result) if has_truth(case.archive, case.days) else None
    nothing = np.full(result.n_sweeps, np.nan)
    true_ev = nothing if truth is None else truth["Usc"] - np.where(truth["mixed"], np.nan, truth["U"])
    energy, excess, reach = nothing.copy(), nothing.copy(), np.zeros(result.n_sweeps, np.bool_)
    date = result["spec_sweep_id"] // SWEEPS_PER_DATE
    for day in case.days:
        mine = np.flatnonzero(date == int(f"{day.date:%Y%m%d}"))
        table = read_day(day, case.archive.cache_dir, strict=False)
        if not np.array_equal(table.spectrum_number[table.sweep_start], result["spec_original_spec_no"][mine]):
            raise DataError(f"{day.date}: the archive holds other sweeps than the result: fit the day again")
        flux = upward_flux(table, model.compute(table), theta, settings)
        energy[mine], excess[mine] = find_peak(flux, result["spec_spacecraft_potential"][mine], settings)
        reach[mine] = in_reach(flux.energy_ev, true_ev[mine])
    return Beams(
        energy, excess, result["spec_spacecraft_potential"] - result["spec_u_surface"],
        is_wanted(result, case.cfg.quality) & result["spec_has_fit"], true_ev,
        nothing if truth is None else truth["A"], reach,
    )  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """A share of sweeps with its 95 % interval; `kind` is ``detection`` or ``false_alarm``."""

    kind: str
    group: str
    hits: int
    sweeps: int
    share: float
    low: float
    high: float


def detection_rates(beams: Beams) -> list[Rate]:
    """Count how many true beams are found at their energy, and how many sweeps without one have a peak.

    A true beam can be found where its energy lies within the channels of the sweep; it counts as found where the peak
    agrees with Usc - U of the truth within a step of the channels.

    Returns
    -------
    list of Rate
        Of all sweeps, by amplitude of the beam and by Usc - U.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        right = beams.found & (np.abs(np.log(beams.energy_ev / beams.true_ev)) < np.log(FACTOR))
        has_beam = (beams.amplitude > 0) & beams.is_in_reach
        without = (beams.amplitude == 0) & np.isfinite(beams.true_ev)
        groups: dict[str, BoolArray] = {"all": np.ones(len(right), np.bool_)}
        for name, values, edges in (("A", beams.amplitude, AMPLITUDES), ("Usc - U", beams.true_ev, SIZES_V)):
            for low, high in pairwise(edges):
                groups[f"{name} {low:g} to {high:g}"] = (values > low) & (values <= high)
    rates = [_rate("detection", name, right, has_beam & chosen) for name, chosen in groups.items()]
    for name, chosen in groups.items():
        if not name.startswith("A "):
            rates.append(_rate("false_alarm", name, beams.found, without & chosen))
    return [rate for rate in rates if rate.sweeps]


def _rate(kind: str, group: str, hit: BoolArray, among: BoolArray) -> Rate:
    hits, sweeps = int((hit & among).sum()), int(among.sum())
    return Rate(kind, group, hits, sweeps, *share_and_interval(hits, sweeps))


def _rates_table(rates: Sequence[Rate]) -> Table:
    rows: list[list[Cell]] = [
        [rate.kind.replace("_", " "), rate.group, rate.sweeps, rate.hits, rate.share, rate.low, rate.high]
        for rate in rates
    ]
    columns = ("rate", "group (eV, amplitude)", "sweeps", "peaks", "share", "95 % from", "95 % to")
    return Table("Beams put in and found at their energy, and peaks where none was put in", columns, rows)


def _agreement(result: Mapping[str, NDArray[Any]], beams: Beams) -> tuple[Table, dict[str, float]]:
    """Compare the peaks of the asked quality with Usc - U of the fit and, where it is known, of the truth."""
    groups = {
        "all": beams.taken,
        "footpoint in sun": beams.taken & result["spec_projection_in_sun"],
        "footpoint in shadow": beams.taken & ~result["spec_projection_in_sun"],
    }
    rows: list[list[Cell]] = []
    metrics: dict[str, float] = {}
    for origin, expected in (("fit", beams.expected_ev), ("truth", beams.true_ev)):
        for name, chosen in groups.items():
            both = chosen & beams.found & (expected > 0)
            if origin == "truth" and not both.any():
                continue
            ratio = beams.energy_ev[both] / expected[both]
            low, middle, high = np.percentile(ratio, [16, 50, 84]).tolist() if both.any() else [np.nan] * 3
            within = float((np.abs(np.log(ratio)) < np.log(FACTOR)).mean()) if both.any() else float("nan")
            peaks = int((chosen & beams.found).sum())
            rows.append([origin, name, int(chosen.sum()), peaks, low, middle, high, within])
            numbers = {"sweeps": float(chosen.sum()), "peaks": peaks, "ratio_median": middle, "within_factor": within}
            metrics |= {f"{origin}/{name.replace(' ', '_')}/{key}": value for key, value in numbers.items()}
    columns = (
        "U of the",
        "sweeps",
        "taken",
        "with a peak",
        "16 % of E / (Usc - U)",
        "median",
        "84 %",
        f"within x{FACTOR:g}",
    )
    return Table("Energy of the peak, found without a fit, over Usc - U", columns, rows), metrics
