"""The spacecraft's own potential from a balance of currents, in sunlight and in shadow."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from potrun.simulate.electrons import (
    CHARGE_C,
    ELECTRON_KG,
    PHOTO_CURRENT_A_M2,
    phase_space_density,
    thermal_speed_m_s,
)

FloatArray = NDArray[np.float64]

PROTON_KG = 1.67262192369e-27
YIELD_MAXIMUM, YIELD_ENERGY_EV = 1.5, 500.0
_BISECTIONS = 45
_U, _W = np.polynomial.legendre.leggauss(96)


def electron_current_a_m2(density_m3: FloatArray, temperature_ev: FloatArray, kappa: FloatArray) -> FloatArray:
    """Compute the random current of the ambient electrons, e n <v> / 4.

    Parameters
    ----------
    density_m3, temperature_ev, kappa : (S,) float64
        Ambient plasma.

    Returns
    -------
    (S,) float64, A m-2
    """
    theta = thermal_speed_m_s(temperature_ev, kappa)
    ratio = np.exp(gammaln(kappa + 1.0) - gammaln(kappa - 0.5))
    speed = 2.0 * theta * ratio / (np.sqrt(np.pi * kappa) * (kappa - 1.0))
    return np.asarray(CHARGE_C * density_m3 * speed / 4.0)


def photo_current_a_m2(usc_v: FloatArray) -> FloatArray:
    """Compute the photoelectron current that escapes a positive spacecraft.

    Parameters
    ----------
    usc_v : (S,) float64, V
        Spacecraft potential.

    Returns
    -------
    (S,) float64, A m-2

    References
    ----------
    Halekas et al. 2008, doi:10.1029/2008JA013194, para. 23.
    """
    return np.asarray(sum(current * np.exp(-usc_v / fall) for current, fall in PHOTO_CURRENT_A_M2))


def sunlit_potential_v(current_a_m2: FloatArray) -> FloatArray:
    """Find the potential whose escaping photoelectrons balance a current of plasma electrons.

    Parameters
    ----------
    current_a_m2 : (S,) float64, A m-2
        Current of ambient electrons.

    Returns
    -------
    (S,) float64, V
        NaN where no potential in 0..150 V balances.
    """
    low, high = np.zeros_like(current_a_m2), np.full_like(current_a_m2, 150.0)
    solvable = (photo_current_a_m2(low) >= current_a_m2) & (photo_current_a_m2(high) <= current_a_m2)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        too_low = photo_current_a_m2(middle) > current_a_m2
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return np.where(solvable, 0.5 * (low + high), np.nan)


def shadow_potential_v(temperature_ev: FloatArray, kappa: FloatArray) -> FloatArray:
    """Find the negative potential where ions and secondaries balance the electrons that arrive.

    All three currents are proportional to the density, which therefore drops out.

    Parameters
    ----------
    temperature_ev, kappa : (S,) float64
        Ambient plasma; the ions share the electrons' temperature.

    Returns
    -------
    (S,) float64, V
        NaN where secondaries prevent a negative balance.
    """
    low, high = np.full_like(temperature_ev, -3000.0), np.full_like(temperature_ev, -0.01)
    solvable = (_net_current(high, temperature_ev, kappa) < 0) & (_net_current(low, temperature_ev, kappa) > 0)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        too_low = _net_current(middle, temperature_ev, kappa) > 0
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return np.where(solvable, 0.5 * (low + high), np.nan)


def _net_current(usc_v: FloatArray, temperature_ev: FloatArray, kappa: FloatArray) -> FloatArray:
    """Positive current per unit density onto a spacecraft at a negative potential."""
    start, end = np.log(1e-4 * temperature_ev)[:, None], np.log(1e4 * temperature_ev + 1e4)[:, None]
    half = 0.5 * (end - start)
    at_surface = np.exp(start + half * (1.0 + _U))
    weight = half * _W * at_surface
    arriving = phase_space_density(at_surface - usc_v[:, None], np.ones_like(kappa), temperature_ev, kappa)
    quarter = np.pi * CHARGE_C * (2.0 * CHARGE_C**2 / ELECTRON_KG**2) * arriving * at_surface * weight
    root = np.sqrt(at_surface / YIELD_ENERGY_EV)
    secondary = 7.4 * YIELD_MAXIMUM * root**2 * np.exp(-2.0 * root)
    ions = (
        CHARGE_C
        * np.sqrt(CHARGE_C * temperature_ev / (2.0 * np.pi * PROTON_KG))
        * np.sqrt(1.0 - usc_v / temperature_ev)
    )
    return np.asarray(ions + (quarter * (secondary - 1.0)).sum(axis=1))
