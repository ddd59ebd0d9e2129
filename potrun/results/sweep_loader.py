"""Bring back what a fit saw of one sweep, from the archive and the result."""

from dataclasses import fields, replace

import numpy as np

from potrun.archive.days import Archive
from potrun.archive.table import read_day
from potrun.config import FitterConfig
from potrun.errors import DataError
from potrun.geometry.compute import GeometryModel
from potrun.losscone.model import loss_cone_model, loss_cone_sine_squared
from potrun.losscone.normalise import build_sweep_batch
from potrun.records import DayTable, PotentialStatus, SpacecraftPotential
from potrun.results.day import SWEEPS_PER_DATE
from potrun.results.load import RunResult
from potrun.results.pictures.examples import SweepView


class SweepLoader:
    """Reads sweeps of a result again, with their normalised flux and the fitted model.

    Parameters
    ----------
    result : RunResult
        The run; its parameters and spacecraft potentials are taken as they are.
    archive : Archive
        The archive that it was made from.
    fitter : FitterConfig
        Its settings of the fit.
    strict : bool, optional
        How its tables were read.
    geometry : GeometryModel, optional
        Used if it is at hand already.
    """

    def __init__(
        self,
        result: RunResult,
        archive: Archive,
        fitter: FitterConfig,
        strict: bool = False,
        geometry: GeometryModel | None = None,
    ) -> None:
        self._result = result
        self._archive = archive
        self._fitter = fitter
        self._strict = strict
        self._geometry = geometry or GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path)
        self._day: DayTable | None = None

    def __call__(self, sweep: int) -> SweepView:
        """Load one sweep.

        Parameters
        ----------
        sweep : int
            Index of the sweep in the result.

        Returns
        -------
        SweepView

        Raises
        ------
        DataError
            If the archive no longer holds the table that the result was made from.
        """
        number = int(self._result["spec_spec_no"][sweep])
        table = one_sweep(self._table(int(self._result["spec_source_file"][sweep])), number % SWEEPS_PER_DATE - 1)
        geometry = self._geometry.compute(table)
        usc = float(self._result["spec_spacecraft_potential"][sweep])
        batch = build_sweep_batch(table, geometry, _known_potential(usc), self._fitter)
        u, ratio, beam = (
            self._result[name][sweep : sweep + 1] for name in ("spec_u_surface", "spec_bs_over_bm", "spec_beam_amp")
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            model = loss_cone_model(
                batch.energy_ev,
                batch.usc_v,
                batch.pitch_deg,
                u,
                ratio,
                beam,
                background=self._fitter.background,
                beam_width_ev=self._fitter.beam_width_ev,
                beam_angle_deg=self._fitter.beam_angle_deg,
            )[0]
            edge = loss_cone_sine_squared(batch.energy_ev, batch.usc_v, u, ratio)[0]
            is_fitted = np.isfinite(u[0]) & (batch.energy_ev[0] >= usc)
            cone = np.where(is_fitted & (edge > 0), 180.0 - np.degrees(np.arcsin(np.sqrt(edge))), np.nan)
        return SweepView(
            energy_ev=batch.energy_ev[0],
            pitch_deg=batch.pitch_deg[0],
            flux=batch.flux[0],
            model=np.where(is_fitted[:, None], model, np.nan),
            is_used=batch.mask[0],
            cone_edge_deg=cone,
        )

    def _table(self, file: int) -> DayTable:
        """Read the table that a result names; the last one read is kept."""
        name, digest = (str(self._result[key][file]) for key in ("source_name", "source_sha256"))
        if self._day is None or self._day.source.name != name:
            day = next((day for day in self._archive.days if day.name == name), None)
            if day is None:
                raise DataError(f"the archive {self._archive.root} does not hold {name}: give the one of this result")
            self._day = read_day(day, self._archive.cache_dir, self._strict)
        if self._day.source.sha256 != digest:
            raise DataError(f"{name} in {self._archive.root} is not the file that this result was made from")
        return self._day


def one_sweep(table: DayTable, sweep: int) -> DayTable:
    """Return a table that holds one sweep of another, by its place."""
    rows = slice(table.sweep_start[sweep], table.sweep_start[sweep] + table.sweep_rows[sweep])
    per_row = {
        item.name: getattr(table, item.name)[rows]
        for item in fields(table)
        if item.metadata.get("axes", "")[:1] == ("R",)
    }
    return replace(
        table,
        **per_row,
        sweep_start=np.zeros(1, np.int64),
        sweep_rows=table.sweep_rows[sweep : sweep + 1],
        defects=(),
    )


def _known_potential(volts: float) -> SpacecraftPotential:
    """Return the record of one sweep whose spacecraft potential is known."""
    unknown = {item.name: np.full(1, np.nan) for item in fields(SpacecraftPotential)}
    codes = {"status": np.full(1, PotentialStatus.OK, np.int8), "environment": np.zeros(1, np.int8)}
    return SpacecraftPotential(**{**unknown, **codes, "volts": np.full(1, volts)})
