"""Carry counting errors through fit and current balance to what is reported."""

from typing import NamedTuple

import numpy as np

from potrun.core.records import BoolArray, FloatArray
from potrun.plasma.charging import kept_current_a_m2, shadow_imbalance
from potrun.plasma.currents import photoemission_current_a_m2, photoemission_slope_a_m2_v
from potrun.plasma.kappa import log_normalisation, log_normalisation_by_kappa, theta_energy_ev
from potrun.plasma.objective import clean_weight
from potrun.plasma.response import Response, arrivals, log_flux_by_potential, log_flux_model
from potrun.plasma.solution import PlasmaFit
from potrun.plasma.spectrum import Spectra

_KAPPA_STEP, _LOG_THETA_STEP, _RELATIVE_VOLTS_STEP = 1e-4, 1e-5, 1e-5
_SINGULAR = 1e-13


class Ambient(NamedTuple):
    """Plasma away from the spacecraft, (S,) each, and 1-sigma errors; infinite where the channels do not tell."""

    temperature_ev: FloatArray
    density_m3: FloatArray
    sigma_volts: FloatArray
    sigma_temperature_ev: FloatArray
    sigma_density_m3: FloatArray
    sigma_kappa: FloatArray


def reduced_chi2(fit: PlasmaFit) -> FloatArray:
    """Divide chi2 by the channels left after three parameters, at least one.

    Parameters
    ----------
    fit : PlasmaFit
        Fits of S sweeps.

    Returns
    -------
    (S,) float64
    """
    return np.asarray(fit.chi2 / np.maximum(fit.channels - 3, 1.0))


def potential_slopes(fit: PlasmaFit, in_sun: BoolArray) -> FloatArray:
    """Differentiate the balancing potential by (kappa, ln theta, ln f at rest).

    In sun the escaping photoelectrons follow e n <v> / 4, hence f(0) theta^4 kappa / (kappa - 1); in shadow the density
    drops out of the balance.

    Parameters
    ----------
    fit : PlasmaFit
        Fits and balances of S sweeps.
    in_sun : (S,) bool
        Which balance was used.

    Returns
    -------
    (S, 3) float64, V per unit of each parameter
    """
    kappa, volts = fit.kappa, fit.potential_v
    per_log_current = photoemission_current_a_m2(volts) / photoemission_slope_a_m2_v(volts)
    one = np.ones_like(kappa)
    slopes = per_log_current[:, None] * np.stack([1 / kappa - 1 / (kappa - 1), 4 * one, one], axis=1)
    dark = ~in_sun
    slopes[dark] = _shadow_slopes(kappa[dark], fit.log_theta[dark], volts[dark])
    return np.asarray(slopes)


def _shadow_slopes(kappa: FloatArray, log_theta: FloatArray, volts: FloatArray) -> FloatArray:
    """Differentiate the balance in shadow by central differences: (S, 3)."""

    def imbalance(kappa: FloatArray, log_theta: FloatArray, volts: FloatArray) -> FloatArray:
        return np.asarray(shadow_imbalance(volts, kappa, log_theta, kept_current_a_m2(kappa, log_theta)))

    def slope(step_kappa: FloatArray, step_theta: FloatArray, step_volts: FloatArray) -> FloatArray:
        ahead = imbalance(kappa + step_kappa, log_theta + step_theta, volts + step_volts)
        behind = imbalance(kappa - step_kappa, log_theta - step_theta, volts - step_volts)
        return np.asarray((ahead - behind) / (2 * (step_kappa + step_theta + step_volts)))

    still, one = np.zeros_like(kappa), np.ones_like(kappa)
    by_volts = slope(still, still, np.abs(volts) * _RELATIVE_VOLTS_STEP)
    by_kappa, by_log_theta = slope(_KAPPA_STEP * one, still, still), slope(still, _LOG_THETA_STEP * one, still)
    return -np.stack([by_kappa, by_log_theta, still], axis=1) / by_volts[:, None]


def covariance(spectra: Spectra, fit: PlasmaFit, slopes: FloatArray, response: Response) -> FloatArray:
    """Propagate the channels' errors to (kappa, ln theta, ln f at rest).

    In sun the fit sees energies shifted by a potential that itself follows from the fit: with J the Jacobian at a fixed
    potential and K the one along the balance, the errors are (J'WK)^-1 J'WJ (J'WK)^-T. Variances of a fit
    whose reduced chi2 is above one are multiplied by it.

    Parameters
    ----------
    spectra : Spectra
        Of S sweeps.
    fit : PlasmaFit
        Their fits.
    slopes : (S, 3) float64
        Of :func:`potential_slopes`; used in sun.
    response : Response
        Of the channels.

    Returns
    -------
    (S, 3, 3) float64
        Infinite where the channels do not fix the parameters.
    """
    volts = np.where(spectra.in_sun, fit.potential_v, 0.0)
    seen = arrivals(spectra.energy_ev, volts, response)
    model = log_flux_model(seen, fit.kappa, fit.log_theta)
    by_potential = np.where(spectra.in_sun[:, None], log_flux_by_potential(seen, fit.kappa, fit.log_theta), 0.0)
    fixed = np.stack([model.by_kappa, model.by_log_theta, np.ones_like(model.by_kappa)], axis=-1)
    along = fixed + by_potential[..., None] * np.where(spectra.in_sun[:, None], slopes, 0.0)[:, None, :]
    weight = spectra.weight * clean_weight(spectra.energy_ev, volts)
    weighted = np.swapaxes(fixed * weight[..., None], 1, 2)
    system, spread = weighted @ along, weighted @ fixed
    size = np.sqrt(np.maximum(np.einsum("sii->si", spread), 1e-300))
    scaled = system / size[:, :, None] / size[:, None, :]
    usable = np.isfinite(scaled).all(axis=(1, 2))
    usable[usable] = np.abs(np.linalg.det(scaled[usable])) > _SINGULAR
    out = np.full_like(system, np.inf)
    inverse = np.linalg.inv(scaled[usable]) / size[usable, :, None] / size[usable, None, :]
    excess = np.maximum(reduced_chi2(fit), 1.0)[usable, None, None]
    out[usable] = excess * (inverse @ spread[usable] @ np.swapaxes(inverse, 1, 2))
    return np.asarray(out)


def ambient_plasma(spectra: Spectra, fit: PlasmaFit, response: Response) -> Ambient:
    """Take the fits out into the plasma and give every number its error.

    Parameters
    ----------
    spectra : Spectra
        Of S sweeps.
    fit : PlasmaFit
        Their fits, in sun already those of the plasma.
    response : Response
        Of the channels.

    Returns
    -------
    Ambient
        NaN where there is no balance.
    """
    with np.errstate(all="ignore"):
        slopes = potential_slopes(fit, spectra.in_sun)
        matrix = covariance(spectra, fit, slopes, response)
        retarding = np.where(spectra.in_sun, 0.0, fit.potential_v)
        kappa, scale_ev = fit.kappa, fit.kappa * theta_energy_ev(np.exp(fit.log_theta))
        rest_ev = scale_ev + retarding
        ratio = rest_ev / scale_ev
        temperature = rest_ev / (kappa - 1.5)
        log_density = fit.log_at_rest - log_normalisation(kappa, fit.log_theta) + (0.5 - kappa) * np.log(ratio)
        still, one = np.zeros_like(kappa), np.ones_like(kappa)
        by_rest = np.where(spectra.in_sun[:, None], 0.0, slopes)
        log_temperature = np.stack(
            [scale_ev / kappa / rest_ev - 1 / (kappa - 1.5), 2 * scale_ev / rest_ev, still], axis=1
        )
        log_temperature += by_rest / rest_ev[:, None]
        lift = (0.5 - kappa) / rest_ev
        by_kappa = -np.log(ratio) - lift * retarding / kappa - log_normalisation_by_kappa(kappa)
        density = np.stack([by_kappa, 3 - 2 * lift * retarding, one], axis=1)
        density += by_rest * lift[:, None]

        def sigma(gradient: FloatArray) -> FloatArray:
            singular = np.isinf(matrix[:, 0, 0])
            variance = np.einsum("si,sij,sj->s", gradient, np.where(singular[:, None, None], 0.0, matrix), gradient)
            return np.asarray(np.where(singular, np.inf, np.sqrt(variance)) + 0.0 * fit.potential_v)

        unit = np.tile([1.0, 0.0, 0.0], (len(kappa), 1))
        return Ambient(
            temperature_ev=temperature + 0.0 * fit.potential_v,
            density_m3=np.exp(log_density) + 0.0 * fit.potential_v,
            sigma_volts=sigma(slopes),
            sigma_temperature_ev=temperature * sigma(log_temperature),
            sigma_density_m3=np.exp(log_density) * sigma(density),
            sigma_kappa=sigma(unit),
        )
