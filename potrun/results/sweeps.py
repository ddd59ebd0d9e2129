"""Sweeps of a result, seen again as the fit saw them."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from potrun.archive.table import read_day
from potrun.core.errors import DataError
from potrun.core.records import Archive, BoolArray, DayTable, FloatArray, Geometry, SweepBatch
from potrun.core.settings import ArchiveConfig, FitterConfig
from potrun.geometry.compute import GeometryModel
from potrun.losscone.model import loss_cone_model, loss_cone_sine_squared
from potrun.losscone.normalise import build_sweep_batch
from potrun.plasma.constant import ConstantPotential
from potrun.results.run_result import RunResult


@dataclass(frozen=True, eq=False)
class SweepView:
    """One sweep as the fit saw it.

    Parameters
    ----------
    energy_ev : (E,) float64, eV
        Channels, NaN where a row does not exist.
    pitch_deg : (E, C) float64, deg
        Angle between the electrons' motion and the field line towards the Moon.
    flux, model : (E, C) float64
        Normalised flux and the model at the reported parameters, dimensionless; NaN where a cell holds none.
    is_used : (E, C) bool
        Cells that entered the objective.
    cone_edge_deg : (E,) float64, deg
        Pitch angle beyond which the model's electrons are lost to the Moon, NaN where none are.
    measured_flux : (E, C) float64, cm-2 s-1 sr-1 eV-1, or None
        The flux as the table gives it, cells in sunlight included; None: not told.
    is_sunlit : (E, C) bool or None
        Cells that direct sunlight may have reached.
    usc_v : float, V
        Spacecraft potential.
    residual : (E, C) float64 or None
        Counts less those expected, over their error, of the likelihood; None: the fit compared fluxes.
    profile_u_v, profile_rise : (N,) float64 or None
        Potentials (V), and how much lower ln L is there with everything else at its best.
    """

    energy_ev: FloatArray
    pitch_deg: FloatArray
    flux: FloatArray
    model: FloatArray
    is_used: BoolArray
    cone_edge_deg: FloatArray
    measured_flux: FloatArray | None = None
    is_sunlit: BoolArray | None = None
    usc_v: float = float("nan")
    residual: FloatArray | None = None
    profile_u_v: FloatArray | None = None
    profile_rise: FloatArray | None = None


PLASMA = {
    "spec_spacecraft_potential_sigma": "sigma_volts",
    "spec_electron_temperature": "electron_temperature_ev",
    "spec_kappa_value": "kappa",
}
"""What the likelihood takes from the estimate of the spacecraft potential beside its value."""

LoadSweep = Callable[[int], SweepView]
"""Gives a sweep by its index in the result."""


class SweepLoader:
    """Reads single sweeps of a result from the archive it was made from.

    Parameters
    ----------
    archive : Archive
        The archive that the result was made from.
    settings, fitter
        How the result read it, and how it normalised and modelled its sweeps.
    result : RunResult
        Tells each sweep's file, spectrum number, spacecraft potential and parameters.
    """

    def __init__(self, archive: Archive, settings: ArchiveConfig, fitter: FitterConfig, result: RunResult) -> None:
        self._fitter = fitter
        self._archive = archive
        self._result = result
        self._geometry = GeometryModel.of(archive, settings)
        # The sweeps of a page come day by day; two days in memory are enough.
        self._read = lru_cache(maxsize=2)(self._read_day)
        self._one = lru_cache(maxsize=1)(self._one_with_geometry)

    def batch(self, sweep: int) -> SweepBatch:
        """Return one sweep, normalised and masked.

        Parameters
        ----------
        sweep : int
            Index of the sweep in the result.

        Returns
        -------
        SweepBatch
            With S = 1.

        Raises
        ------
        DataError
            If the archive no longer holds the sweep.
        """
        table, geometry = self._one(sweep)
        usc = float(self._result["spec_spacecraft_potential"][sweep])
        told = {field: np.array([self._result[key][sweep]]) for key, field in PLASMA.items() if key in self._result}
        potential = replace(ConstantPotential(usc).estimate(table, geometry), **told)
        return build_sweep_batch(table, geometry, potential, self._fitter)

    def __call__(self, sweep: int) -> SweepView:
        """Return one sweep's data and its model at the reported parameters, for a picture."""
        batch = self.batch(sweep)
        measured, is_sunlit = self._measured(sweep)
        fitter = self._fitter
        u, ratio, beam = (
            np.array([self._result[name][sweep]]) for name in ("spec_u_surface", "spec_bs_over_bm", "spec_beam_amp")
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            model = loss_cone_model(
                batch.energy_ev,
                batch.usc_v,
                batch.pitch_deg,
                u,
                ratio,
                beam,
                background=fitter.background,
                beam_width_ev=fitter.beam_width_ev,
                beam_angle_deg=fitter.beam_angle_deg,
            )
            edge = 180.0 - np.degrees(
                np.arcsin(np.sqrt(loss_cone_sine_squared(batch.energy_ev, batch.usc_v, u, ratio)))
            )
            edge = np.where(batch.energy_ev >= batch.usc_v, edge, np.nan)
        view = SweepView(
            energy_ev=batch.energy_ev[0],
            pitch_deg=batch.pitch_deg[0],
            flux=batch.flux[0],
            # Below the spacecraft potential, and without a fit, the model says nothing.
            model=np.where(np.isfinite(edge)[..., None], model, np.nan)[0],
            is_used=batch.mask[0],
            cone_edge_deg=edge[0],
            measured_flux=measured,
            is_sunlit=is_sunlit,
            usc_v=float(self._result["spec_spacecraft_potential"][sweep]),
        )
        if fitter.method != "likelihood" or not self._result["spec_has_fit"][sweep]:
            return view
        return _with_counts(view, batch, (float(u[0]), float(ratio[0]), float(beam[0])), fitter)

    def _measured(self, sweep: int) -> tuple[FloatArray, BoolArray]:
        """Return a sweep's flux as the table gives it, and which cells sunlight may have reached."""
        table, geometry = self._one(sweep)
        is_sunlit = geometry.is_sunlit_cell
        if is_sunlit is None:
            is_sunlit = np.zeros(table.flux.shape, np.bool_)
        return table.to_sweeps(table.flux)[0], table.to_sweeps(is_sunlit, fill=False)[0]

    def _one_with_geometry(self, sweep: int) -> tuple[DayTable, Geometry]:
        table = self._table(sweep)
        return table, self._geometry.compute(table)

    def _table(self, sweep: int) -> DayTable:
        number = int(self._result["spec_original_spec_no"][sweep])
        date = dt.date.fromisoformat(str(int(self._result["spec_sweep_id"][sweep]) // 100_000))
        table = self._read(date)
        start = str(self._result["spec_utc_start"][sweep])
        found = np.flatnonzero(
            (table.spectrum_number[table.sweep_start] == number) & (table.utc[table.sweep_start] == start)
        )
        if not len(found):
            raise DataError(f"spectrum {number} of {date} ({start}) is no longer in {self._archive.root}")
        return one_sweep(table, int(found[0]))

    def _read_day(self, date: dt.date) -> DayTable:
        for day in self._archive.days:
            if day.date == date:
                return read_day(day, self._archive.cache_dir, strict=False)
        raise DataError(f"{date} is no longer in {self._archive.root}")


def _with_counts(
    view: SweepView, batch: SweepBatch, best: tuple[float, float, float], settings: FitterConfig
) -> SweepView:
    """Put the folded model in the place of the sharp one, and tell residuals and the profile of U."""
    from potrun.losscone.counted import LikelihoodBatch
    from potrun.search.likelihood.seen import see

    assert isinstance(batch, LikelihoodBatch)
    seen = see(batch, best, settings)
    # The model over its own incident flux, as the data over theirs.
    flux = np.where(batch.mask[0], seen.expected / batch.sensitivity[0], np.nan)
    incident = np.isfinite(flux) & (batch.pitch_deg[0] < 90.0)
    number = incident.sum(axis=1)
    mean = np.where(incident, flux, 0.0).sum(axis=1) / np.maximum(number, 1)
    model = flux / np.where(mean > 0.0, mean, np.nan)[:, None]
    return replace(
        view,
        model=model,
        residual=seen.residual,
        profile_u_v=seen.profile_u_v,
        profile_rise=seen.profile_rise,
    )


def one_sweep(table: DayTable, index: int) -> DayTable:
    """Return a table of one sweep of another."""
    start, number = int(table.sweep_start[index]), int(table.sweep_rows[index])
    rows = slice(start, start + number)
    per_row = ("utc", "unix_time_s", "energy_ev", "spectrum_number", "b_scd_nt", "flux", "phi_deg")
    return replace(
        table,
        **{name: getattr(table, name)[rows] for name in per_row},
        sweep_start=np.zeros(1, np.int64),
        sweep_rows=np.array([number]),
        defects=(),
    )
