"""Spacecraft potential and plasma from each sweep's own electrons."""

import numpy as np

from potrun.core.records import (
    BoolArray,
    CodeArray,
    DayTable,
    FloatArray,
    Geometry,
    PotentialStatus,
    SpacecraftPotential,
)
from potrun.plasma.charging import MIN_CHANNELS, coldest_potential_v, kept_current_a_m2, shadow_imbalance
from potrun.plasma.environment import sweep_environment
from potrun.plasma.solution import FitSettings, PlasmaFit, Solver
from potrun.plasma.spectrum import Spectra, sweep_spectra
from potrun.plasma.uncertainty import Ambient, ambient_plasma, reduced_chi2

_BOUND_MARGIN = 1e-6
_NUMBERS = (
    "volts",
    "electron_temperature_ev",
    "electron_density_m3",
    "kappa",
    "sigma_volts",
    "sigma_electron_temperature_ev",
    "sigma_electron_density_m3",
    "sigma_kappa",
    "reduced_chi2",
)


class KappaPotential:
    """Fits a kappa distribution to each sweep and balances the currents on the spacecraft.

    Parameters
    ----------
    solver : Solver
        How fit and balance are found.
    settings : FitSettings
        Bounds and response, as given to the solver.
    background_counts_per_s : float
        Dark rate of the whole instrument.
    fallback_volts : float or None, V
        Potential for sweeps without one of their own; None leaves them without.
    batch_size : int
        Sweeps in memory at a time.
    """

    def __init__(
        self,
        solver: Solver,
        settings: FitSettings,
        background_counts_per_s: float,
        fallback_volts: float | None,
        batch_size: int,
    ) -> None:
        self._solver = solver
        self._settings = settings
        self._background = background_counts_per_s
        self._fallback_volts = fallback_volts
        self._batch_size = batch_size

    def estimate(self, table: DayTable, geometry: Geometry) -> SpacecraftPotential:
        """Estimate potential (V, positive where it draws electrons in), temperature, density and kappa.

        Parameters
        ----------
        table : DayTable
            One day.
        geometry : Geometry
            Its geometry, with the cells' inclinations.

        Returns
        -------
        SpacecraftPotential
            All numbers NaN with a status other than OK and AT_BOUND, but for the volts of a fallback. At a bound the
            numbers stand, with errors as the curvature there gives them.

        Raises
        ------
        DataError
            If the geometry lacks the inclinations.

        References
        ----------
        Halekas et al. 2008, doi:10.1029/2008JA013194, paragraph 23.
        """
        columns = {name: np.full(table.n_sweeps, np.nan) for name in _NUMBERS}
        status = np.zeros(table.n_sweeps, dtype=np.int8)
        for first in range(0, table.n_sweeps, self._batch_size):
            last = min(first + self._batch_size, table.n_sweeps)
            spectra = sweep_spectra(table, geometry, first, last, self._background)
            numbers, status[first:last] = self._estimate_batch(spectra)
            for name, values in numbers.items():
                columns[name][first:last] = values
        environment = sweep_environment(table, geometry, columns["electron_temperature_ev"])
        if self._fallback_volts is not None:
            failed = np.isnan(columns["volts"])
            columns["volts"][failed] = self._fallback_volts
            status[failed] = PotentialStatus.FALLBACK
        return SpacecraftPotential(**columns, status=status, environment=environment)

    def _estimate_batch(self, spectra: Spectra) -> tuple[dict[str, FloatArray], CodeArray]:
        fit = self._solver.solve(spectra)
        ambient = ambient_plasma(spectra, fit, self._settings.response)
        status = self._status(spectra, fit, ambient)
        numbers = (
            fit.potential_v,
            ambient.temperature_ev,
            ambient.density_m3,
            fit.kappa,
            ambient.sigma_volts,
            ambient.sigma_temperature_ev,
            ambient.sigma_density_m3,
            ambient.sigma_kappa,
            reduced_chi2(fit),
        )
        valid = (status == PotentialStatus.OK) | (status == PotentialStatus.AT_BOUND)
        return {name: np.where(valid, value, np.nan) for name, value in zip(_NUMBERS, numbers, strict=True)}, status

    def _status(self, spectra: Spectra, fit: PlasmaFit, ambient: Ambient) -> CodeArray:
        """Say of each sweep what became of it; what was wrong first counts."""
        numbers = np.stack([ambient.temperature_ev, ambient.density_m3])
        sound = (np.isfinite(numbers) & (numbers > 0)).all(axis=0)
        rules = (
            (~spectra.has_geometry, PotentialStatus.NO_GEOMETRY),
            (~(fit.channels >= MIN_CHANNELS), PotentialStatus.TOO_FEW_CHANNELS),
            (_asks_for_cold(fit, ~spectra.in_sun), PotentialStatus.UNPHYSICAL),
            (np.isnan(fit.potential_v), PotentialStatus.NO_ROOT),
            (~sound, PotentialStatus.UNPHYSICAL),
            (self._at_bound(fit), PotentialStatus.AT_BOUND),
        )
        return np.select([rule for rule, _ in rules], [int(code) for _, code in rules], int(PotentialStatus.OK)).astype(
            np.int8
        )

    def _at_bound(self, fit: PlasmaFit) -> BoolArray:
        pairs = ((fit.kappa, self._settings.kappa), (fit.log_theta, self._settings.log_theta))
        near = [np.abs(value - bound) <= _BOUND_MARGIN for value, bounds in pairs for bound in bounds]
        return np.asarray(np.logical_or.reduce(near))


def _asks_for_cold(fit: PlasmaFit, in_shadow: BoolArray) -> BoolArray:
    """Tell sweeps in shadow whose balance lies beyond an ambient temperature of zero."""
    kappa, log_theta = fit.kappa[in_shadow], fit.log_theta[in_shadow]
    asks = np.zeros(len(in_shadow), dtype=bool)
    with np.errstate(all="ignore"):
        kept = kept_current_a_m2(kappa, log_theta)
        asks[in_shadow] = shadow_imbalance(coldest_potential_v(kappa, log_theta), kappa, log_theta, kept) < 0
    return asks
