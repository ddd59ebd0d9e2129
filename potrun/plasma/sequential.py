"""One sweep after another with scipy: bounded quasi-Newton from several starts, Brent's method for the balance."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize

from potrun.core.interrupts import raise_if_interrupted
from potrun.core.progress import tell
from potrun.core.records import FloatArray
from potrun.plasma.charging import (
    MIN_CHANNELS,
    SUNLIT_NODES_V,
    choose_bracket,
    coldest_potential_v,
    kept_current_a_m2,
    shadow_imbalance,
)
from potrun.plasma.objective import clean_weight, profile, sunlit_imbalance
from potrun.plasma.response import arrivals
from potrun.plasma.solution import FitSettings, PlasmaFit
from potrun.plasma.spectrum import Spectra

STARTS = ((0.3, 0.15), (0.3, 0.4), (0.7, 0.25), (0.7, 0.6))
"""Starts of the search, as fractions of the way between the bounds of kappa and of ln theta."""

POTENTIAL_TOLERANCE_V = 1e-4


class _Minimum(NamedTuple):
    kappa: float
    log_theta: float
    log_at_rest: float
    chi2: float
    channels: float


class SequentialSolver:
    """Solves sweeps one by one; slower than the batched solver, with the same physics.

    Parameters
    ----------
    settings : FitSettings
        Bounds and response.
    """

    def __init__(self, settings: FitSettings) -> None:
        self._settings = settings

    def solve(self, spectra: Spectra) -> PlasmaFit:
        """Fit every sweep and balance its currents.

        Parameters
        ----------
        spectra : Spectra
            Of S sweeps.

        Returns
        -------
        PlasmaFit

        Raises
        ------
        RunInterruptedError
            If a signal asked the run to end; a day takes many minutes here.
        """
        columns = np.full((len(spectra.in_sun), 6), np.nan)
        for sweep, in_sun in enumerate(spectra.in_sun):
            raise_if_interrupted()
            tell("spacecraft potential", sweep, len(columns))
            search = _Search(spectra.take(sweep), self._settings)
            volts = search.sunlit_potential_v() if in_sun else search.shadow_potential_v()
            best = search.at(volts if in_sun and np.isfinite(volts) else 0.0)
            columns[sweep] = (*best[:3], volts, *best[3:])
        return PlasmaFit(*columns.T)


class _Search:
    """The search for one sweep; `spectrum` holds (E,) arrays."""

    def __init__(self, spectrum: Spectra, settings: FitSettings) -> None:
        self._spectrum = spectrum
        self._settings = settings

    def at(self, volts: float, near: _Minimum | None = None, fresh: int = len(STARTS)) -> _Minimum:
        """Fit at a fixed potential, from a neighbouring fit and some fresh starts."""
        spectrum, settings = self._spectrum, self._settings
        clean = clean_weight(spectrum.energy_ev, np.asarray(volts))
        weight = spectrum.weight * clean

        seen = arrivals(spectrum.energy_ev, np.asarray(volts), settings.response)

        def chi2(point: FloatArray) -> tuple[float, FloatArray]:
            here = profile(seen, spectrum.log_flux, weight, point[0], point[1])
            return float(here.chi2), -2 * np.array(here.downhill)

        bounds = (settings.kappa, settings.log_theta)
        starts = [_between(bounds, parts) for parts in STARTS[:fresh]]
        starts += [np.array(near[:2])] if near else []
        results = [
            minimize(
                chi2,
                first,
                args=(),
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500, "maxls": 50},
            )
            for first in starts
        ]
        best = min(results, key=lambda result: float(result.fun))
        kappa, log_theta = (float(value) for value in best.x)
        here = profile(seen, spectrum.log_flux, weight, best.x[0], best.x[1])
        channels = float(np.sum(clean * (spectrum.weight > 0)))
        return _Minimum(kappa, log_theta, float(here.log_at_rest), float(here.chi2), channels)

    def sunlit_potential_v(self) -> float:
        """Balance photoelectrons and plasma electrons; NaN without a stable balance."""
        fits = [self.at(SUNLIT_NODES_V[0])]
        for volts in SUNLIT_NODES_V[1:]:
            fits.append(self.at(volts, fits[-1], fresh=1))
        nodes = np.array(SUNLIT_NODES_V)
        table = np.array(fits).T
        imbalance = sunlit_imbalance(nodes, *table[:3])
        node, exists = choose_bracket(imbalance[None], table[3][None], table[4][None])
        if not exists[0]:
            return float("nan")
        low, high = nodes[node[0]], nodes[node[0] + 1]
        near = fits[node[0]]

        def at(volts: float) -> float:
            return float(sunlit_imbalance(np.asarray(volts), *np.array(self.at(volts, near, fresh=0)[:3])))

        return float(brentq(at, low, high, xtol=POTENTIAL_TOLERANCE_V))

    def shadow_potential_v(self) -> float:
        """Balance ions, secondaries and plasma electrons; NaN without a negative balance."""
        best = self.at(0.0)
        kappa, log_theta = np.asarray(best.kappa), np.asarray(best.log_theta)
        kept = kept_current_a_m2(kappa, log_theta)
        if best.channels < MIN_CHANNELS or np.isnan(kept):
            return float("nan")

        def at(volts: float) -> float:
            return float(shadow_imbalance(volts, kappa, log_theta, kept))

        low = float(coldest_potential_v(kappa, log_theta))
        if at(low) * at(0.0) > 0:
            return float("nan")
        return float(brentq(at, low, 0.0, xtol=1e-6))


def _between(bounds: tuple[tuple[float, float], ...], parts: tuple[float, ...]) -> FloatArray:
    return np.array([low + part * (high - low) for part, (low, high) in zip(parts, bounds, strict=True)])
