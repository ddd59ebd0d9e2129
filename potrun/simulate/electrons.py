"""Electron fluxes at the spacecraft: kappa plasma, photoelectrons, loss cone and secondary beam."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from potrun.simulate.cells import RESPONSE_SIGMA

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

ELECTRON_KG = 9.1093837015e-31
CHARGE_C = 1.602176634e-19
PHOTO_CURRENT_A_M2 = ((1.07e-6, 5.0), (1.6e-8, 60.0))
"""(A m-2, V) of the two populations of photoelectrons from the spacecraft (Halekas et al. 2008, para. 23)."""

BEAM_WIDTH_EV, BEAM_ANGLE_DEG = 15.0, 7.5
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_RESPONSE_FACTOR = np.exp(RESPONSE_SIGMA * _NODES)
_RESPONSE_WEIGHT = _WEIGHTS / _WEIGHTS.sum()


def thermal_speed_m_s(temperature_ev: FloatArray, kappa: FloatArray) -> FloatArray:
    """Give theta of a kappa distribution whose second moment is the temperature.

    Parameters
    ----------
    temperature_ev, kappa : (S,) float64
        kT in eV and index above 3/2.

    Returns
    -------
    (S,) float64, m/s
    """
    return np.asarray(np.sqrt(2.0 * temperature_ev * CHARGE_C / ELECTRON_KG * (kappa - 1.5) / kappa))


def phase_space_density(
    energy_ev: FloatArray, density_m3: FloatArray, temperature_ev: FloatArray, kappa: FloatArray
) -> FloatArray:
    """Evaluate the isotropic kappa distribution.

    Parameters
    ----------
    energy_ev : (S, ...) float64, eV
        Kinetic energies.
    density_m3, temperature_ev, kappa : (S,) float64
        Plasma of each sweep.

    Returns
    -------
    (S, ...) float64, s3 m-6

    References
    ----------
    Vasyliunas 1968, doi:10.1029/JA073i009p02839.
    """
    theta = thermal_speed_m_s(temperature_ev, kappa)
    log_norm = np.log(density_m3) + gammaln(kappa + 1) - gammaln(kappa - 0.5) - 1.5 * np.log(np.pi * kappa)
    shape = (-1,) + (1,) * (energy_ev.ndim - 1)
    scaled = energy_ev * (2.0 * CHARGE_C / ELECTRON_KG / (kappa * theta**2)).reshape(shape)
    return np.exp((log_norm - 3.0 * np.log(theta)).reshape(shape) - (kappa + 1.0).reshape(shape) * np.log1p(scaled))


def incident_flux(
    energy_ev: FloatArray,
    density_m3: FloatArray,
    temperature_ev: FloatArray,
    kappa: FloatArray,
    usc_v: FloatArray,
    energy_response: bool,
) -> FloatArray:
    """Compute the flux outside the loss cone, seen from a spacecraft at its potential.

    Above Usc the phase space density is that of the plasma at energy E - Usc (Liouville); below it are photoelectrons
    that a positive spacecraft draws back.

    Parameters
    ----------
    energy_ev : (S, E) float64, eV
        Measured energies.
    density_m3, temperature_ev, kappa : (S,) float64
        Ambient plasma.
    usc_v : (S,) float64, V
        Spacecraft potential, positive in sunlight.
    energy_response : bool
        Average over the channel's log-normal response instead of taking its centre.

    Returns
    -------
    (S, E) float64, cm-2 s-1 sr-1 eV-1
    """
    factor = _RESPONSE_FACTOR if energy_response else np.ones(1)
    weight = _RESPONSE_WEIGHT if energy_response else np.ones(1)
    measured = energy_ev[:, :, None] * factor
    return np.asarray((flux_at(measured, density_m3, temperature_ev, kappa, usc_v) * weight).sum(axis=-1))


def flux_at(
    measured_ev: FloatArray, density_m3: FloatArray, temperature_ev: FloatArray, kappa: FloatArray, usc_v: FloatArray
) -> FloatArray:
    """Compute the incident flux at single energies.

    Parameters
    ----------
    measured_ev : (S, E, K) float64, eV
        Measured energies.
    density_m3, temperature_ev, kappa, usc_v : (S,) float64
        As for :func:`incident_flux`.

    Returns
    -------
    (S, E, K) float64, cm-2 s-1 sr-1 eV-1
    """
    measured = measured_ev
    far = measured - usc_v[:, None, None]
    density = phase_space_density(np.maximum(far, 0.0), density_m3, temperature_ev, kappa)
    plasma = density * measured * (2.0 * CHARGE_C**2 / ELECTRON_KG**2)
    photo = sum(current / fall * np.exp(-measured / fall) / (np.pi * CHARGE_C) for current, fall in PHOTO_CURRENT_A_M2)
    return np.asarray(np.where(far > 0.0, plasma, photo) * 1e-4)


def angular_factor(
    energy_ev: FloatArray,
    pitch_deg: FloatArray,
    u_surface_v: FloatArray,
    b_ratio: FloatArray,
    beam_amplitude: FloatArray,
    usc_v: FloatArray,
    background_fraction: float,
) -> FloatArray:
    """Shape the flux over pitch angle: full outside the loss cone, a remnant inside, a beam from the surface.

    Parameters
    ----------
    energy_ev : (S, E) float64, eV
        Measured energies.
    pitch_deg : (S, E, C) float64, deg
        Angle between a cell's motion and the moonward field; NaN where there is no loss cone.
    u_surface_v, b_ratio, beam_amplitude, usc_v : (S,) float64
        Surface potential (V), B at the spacecraft over B at the surface, beam height, spacecraft potential (V).
    background_fraction : float
        Flux inside the cone relative to the incident one.

    Returns
    -------
    (S, E, C) float64, dimensionless
    """
    far = energy_ev - usc_v[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        sine2 = np.clip(b_ratio[:, None] * (1.0 + u_surface_v[:, None] / far), 0.0, 1.0)
    cone = np.degrees(np.arcsin(np.sqrt(sine2)))
    inside = (pitch_deg > 180.0 - cone[..., None]) & (far > 0.0)[..., None]
    height = np.where(usc_v > u_surface_v, beam_amplitude, 0.0)
    centre = np.maximum(usc_v - u_surface_v, BEAM_WIDTH_EV)
    in_energy = height[:, None] * np.exp(-((energy_ev - centre[:, None]) ** 2) / (2.0 * BEAM_WIDTH_EV**2))
    in_angle = np.exp(-((pitch_deg - 180.0) ** 2) / (2.0 * BEAM_ANGLE_DEG**2))
    beam = np.where(far > 0.0, in_energy, 0.0)[..., None] * in_angle
    return np.where(np.isfinite(pitch_deg), np.where(inside, background_fraction, 1.0) + np.nan_to_num(beam), 1.0)
