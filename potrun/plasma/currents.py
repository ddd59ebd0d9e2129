"""Current densities that charge a spacecraft. Each is positive as named; potentials in V against the plasma."""

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from scipy.constants import e, m_e, m_p

PHOTOEMISSION_A_M2 = (1.07e-6, 1.6e-8)
PHOTOEMISSION_V = (5.0, 60.0)
PHOTOEMISSION_MAX_V = 150.0
"""Potential up to which the photoemission curve is used."""

YIELD_MAX = 1.5
YIELD_ENERGY_EV = 500.0
"""Most secondaries per electron, and the energy that gives them."""

_YIELD_NODES = 96
_YIELD_LOG_ENERGY = (math.log(0.05), math.log(2.0e5))


def photoemission_current_a_m2(potential_v: Any) -> Any:
    """Photoelectron current that escapes a sunlit spacecraft at a positive potential.

    Parameters
    ----------
    potential_v : array, V
        Potential of the spacecraft, 0 to 150.

    Returns
    -------
    array, A m-2

    References
    ----------
    Halekas et al. 2008, doi:10.1029/2008JA013194, paragraph 23.
    """
    xp = array_namespace(potential_v)
    first, second = PHOTOEMISSION_A_M2
    return first * xp.exp(-potential_v / PHOTOEMISSION_V[0]) + second * xp.exp(-potential_v / PHOTOEMISSION_V[1])


def photoemission_slope_a_m2_v(potential_v: Any) -> Any:
    """Differentiate :func:`photoemission_current_a_m2` by the potential.

    Parameters
    ----------
    potential_v : array, V
        Potential of the spacecraft.

    Returns
    -------
    array, A m-2 V-1
        Negative.
    """
    xp = array_namespace(potential_v)
    first, second = (-current / scale for current, scale in zip(PHOTOEMISSION_A_M2, PHOTOEMISSION_V, strict=True))
    return first * xp.exp(-potential_v / PHOTOEMISSION_V[0]) + second * xp.exp(-potential_v / PHOTOEMISSION_V[1])


def electron_current_a_m2(log_at_rest: Any, kappa: Any, log_theta: Any) -> Any:
    """Electron current onto a plane surface: e/4 times the integral of F over energy, which is e n <v> / 4.

    For a kappa distribution n <v> = 2 pi f(0) theta^4 kappa / (kappa - 1).

    Parameters
    ----------
    log_at_rest : array
        ln of f at rest (s3 m-6) of the electrons where the surface is.
    kappa : array
        Spectral index, above 1.
    log_theta : array
        ln of the thermal speed in m s-1.

    Returns
    -------
    array, A m-2
    """
    xp = array_namespace(kappa)
    return e * math.pi / 2 * xp.exp(log_at_rest + 4 * log_theta) * kappa / (kappa - 1)


def electron_current_of_flux_a_m2(energy_ev: Any, flux: Any, potential_v: Any = 0.0) -> Any:
    """Electron current onto a surface at a negative potential, by quadrature over an ambient spectrum.

    By Liouville's theorem the flux that reaches the surface from ambient energy E is ``1 - |U| / E`` of the ambient
    one, and none from below ``|U|``.

    Parameters
    ----------
    energy_ev : (..., K) array, eV
        Rising energies in the plasma.
    flux : (..., K) array, m-2 s-1 eV-1
        Omnidirectional flux.
    potential_v : array, V
        Potential of the surface, negative or zero; broadcasts against the energies.

    Returns
    -------
    (...) array, A m-2
    """
    xp = array_namespace(flux)
    arriving = flux * xp.clip(1 + potential_v / energy_ev, 0.0, None)
    steps = energy_ev[..., 1:] - energy_ev[..., :-1]
    return e / 4 * xp.sum((arriving[..., 1:] + arriving[..., :-1]) / 2 * steps, axis=-1)


def sternglass_yield(energy_ev: Any) -> Any:
    """Secondary electrons per electron that arrives with an energy.

    The yield peaks at 1.5 for 500 eV: 7.4 d (E/Em) exp(-2 sqrt(E/Em)), where 7.4 stands for e^2.

    Parameters
    ----------
    energy_ev : array, eV
        Energy at the surface.

    Returns
    -------
    array

    References
    ----------
    Sternglass 1954, doi:10.1103/PhysRev.95.345; Halekas et al. 2008, doi:10.1029/2008JA013194.
    """
    xp = array_namespace(energy_ev)
    reduced = energy_ev / YIELD_ENERGY_EV
    return 7.4 * YIELD_MAX * reduced * xp.exp(-2 * xp.sqrt(reduced))


def mean_yield(kappa: Any, log_theta: Any) -> Any:
    """Average the Sternglass yield over the electron flux that arrives at a surface.

    The secondary current is this times the electron current. The arriving flux of a kappa distribution is integrated
    over ln E from 0.05 eV to 200 keV by the trapezoid rule.

    Parameters
    ----------
    kappa : (...) array
        Spectral index at the surface.
    log_theta : (...) array
        ln of the thermal speed (m s-1) at the surface.

    Returns
    -------
    (...) array
    """
    xp = array_namespace(kappa)
    nodes, step = np.linspace(*_YIELD_LOG_ENERGY, _YIELD_NODES, retstep=True)
    energy_ev = xp.exp(xp.asarray(nodes, dtype=kappa.dtype, device=device(kappa)))
    per_node = energy_ev * energy_ev * sternglass_yield(energy_ev)
    scale_ev = kappa * xp.exp(2 * log_theta) * (m_e / (2 * e))
    shape = xp.exp(-(kappa + 1)[..., None] * xp.log1p(energy_ev / scale_ev[..., None]))
    # The integral of E f is f(0) scale^2 / (kappa (kappa - 1)).
    return kappa * (kappa - 1) * (step / (scale_ev * scale_ev)) * xp.sum(per_node * shape, axis=-1)


def ion_current_a_m2(density_m3: Any, temperature_ev: Any, potential_v: Any) -> Any:
    """Proton current onto a negative surface: e n sqrt(eT / 2 pi m_p) sqrt(1 - U/T), protons as warm as electrons.

    Parameters
    ----------
    density_m3 : array, m-3
        Ambient density.
    temperature_ev : array, eV
        Ambient temperature.
    potential_v : array, V
        Potential of the surface, negative or zero.

    Returns
    -------
    array, A m-2
    """
    xp = array_namespace(temperature_ev)
    return e * density_m3 * math.sqrt(e / (2 * math.pi * m_p)) * xp.sqrt(temperature_ev - potential_v)
