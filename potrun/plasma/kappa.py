"""The isotropic kappa distribution of electrons, its moments, and how a potential moves it.

Every function takes numpy arrays or torch tensors that broadcast against each other. Densities in m-3, speeds in
m s-1, energies and temperatures in eV; a potential is that of the spacecraft against the plasma.

References
----------
Vasyliunas 1968, doi:10.1029/JA073i009p02839.
"""

import math
from typing import Any

from array_api_compat import array_namespace
from scipy.constants import e, m_e

from potrun.plasma.special import digamma, log_gamma


def theta_energy_ev(theta_m_s: Any) -> Any:
    """Convert the thermal speed theta to the energy m_e theta^2 / 2.

    Parameters
    ----------
    theta_m_s : array, m s-1
        Thermal speed.

    Returns
    -------
    array, eV
    """
    return theta_m_s * theta_m_s * (m_e / (2 * e))


def theta_of_temperature_m_s(temperature_ev: Any, kappa: Any) -> Any:
    """Find the thermal speed that gives a temperature: kT = kappa / (kappa - 3/2) * m_e theta^2 / 2.

    Parameters
    ----------
    temperature_ev : array, eV
        Temperature (second moment).
    kappa : array
        Spectral index, above 3/2.

    Returns
    -------
    array, m s-1
    """
    xp = array_namespace(temperature_ev)
    return xp.sqrt(temperature_ev * (kappa - 1.5) / kappa * (2 * e / m_e))


def temperature_ev(kappa: Any, theta_m_s: Any) -> Any:
    """Compute the temperature (second moment) of a kappa distribution.

    Parameters
    ----------
    kappa : array
        Spectral index, above 3/2.
    theta_m_s : array, m s-1
        Thermal speed.

    Returns
    -------
    array, eV
    """
    return kappa / (kappa - 1.5) * theta_energy_ev(theta_m_s)


def log_normalisation(kappa: Any, log_theta: Any) -> Any:
    """Compute ln of f at rest for unit density: Gamma(k+1) / (pi^1.5 k^1.5 Gamma(k-1/2)) / theta^3.

    Parameters
    ----------
    kappa : array
        Spectral index, above 3/2.
    log_theta : array
        ln of the thermal speed in m s-1.

    Returns
    -------
    array
        ln of s3 m-6, for a density of 1 m-3.
    """
    xp = array_namespace(kappa)
    return log_gamma(kappa + 1) - log_gamma(kappa - 0.5) - 1.5 * xp.log(math.pi * kappa) - 3 * log_theta


def log_normalisation_by_kappa(kappa: Any) -> Any:
    """Differentiate :func:`log_normalisation` by kappa.

    Parameters
    ----------
    kappa : array
        Spectral index, above 3/2.

    Returns
    -------
    array
    """
    return digamma(kappa + 1) - digamma(kappa - 0.5) - 1.5 / kappa


def phase_space_density(energy_ev: Any, density_m3: Any, kappa: Any, theta_m_s: Any) -> Any:
    """Evaluate f = n C(kappa) / theta^3 * (1 + v^2 / (kappa theta^2))^(-kappa - 1).

    Parameters
    ----------
    energy_ev : array, eV
        Kinetic energy in the plasma, away from the spacecraft.
    density_m3 : array, m-3
        Electron density.
    kappa : array
        Spectral index, above 3/2.
    theta_m_s : array, m s-1
        Thermal speed.

    Returns
    -------
    array, s3 m-6
    """
    xp = array_namespace(energy_ev)
    log_shape = -(kappa + 1) * xp.log1p(energy_ev / (kappa * theta_energy_ev(theta_m_s)))
    return density_m3 * xp.exp(log_normalisation(kappa, xp.log(theta_m_s)) + log_shape)


def omnidirectional_flux(energy_ev: Any, density_m3: Any, kappa: Any, theta_m_s: Any) -> Any:
    """Evaluate F = 4 pi j, with j = f v^2 / m_e the flux per steradian of an isotropic plasma.

    Parameters
    ----------
    energy_ev : array, eV
        Kinetic energy in the plasma.
    density_m3 : array, m-3
        Electron density.
    kappa : array
        Spectral index, above 3/2.
    theta_m_s : array, m s-1
        Thermal speed.

    Returns
    -------
    array, m-2 s-1 eV-1
    """
    speed_squared = energy_ev * (2 * e / m_e)
    return 4 * math.pi * phase_space_density(energy_ev, density_m3, kappa, theta_m_s) * speed_squared * (e / m_e)


def shifted_flux(flux: Any, energy_ev: Any, potential_v: Any) -> Any:
    """Carry a flux measured at the spacecraft out into the plasma: j_ambient(E - Usc) = j(E) (E - Usc) / E.

    Parameters
    ----------
    flux : array
        Measured flux, directional or omnidirectional, any unit per eV.
    energy_ev : array, eV
        Measured energy.
    potential_v : array, V
        Potential of the spacecraft; positive draws electrons in, so they had less energy outside.

    Returns
    -------
    array
        In flux's unit, at the energy ``energy_ev - potential_v``; NaN where no ambient electron has that energy.
    """
    xp = array_namespace(flux)
    ambient_ev = energy_ev - potential_v
    return xp.where(ambient_ev > 0, flux * ambient_ev / energy_ev, xp.nan)


def ambient_of_retarded(density_m3: Any, kappa: Any, theta_m_s: Any, potential_v: Any) -> tuple[Any, Any]:
    """Undo a retarding potential: from the kappa distribution at the spacecraft to the one in the plasma.

    Behind a negative potential U a kappa distribution is again one, with the same kappa: since f is conserved along
    a path, kappa E_theta falls by |U| on the way out, which is kT = kT(at the spacecraft) + U / (kappa - 3/2).

    Parameters
    ----------
    density_m3 : array, m-3
        Density fitted at the spacecraft.
    kappa : array
        Spectral index, above 3/2.
    theta_m_s : array, m s-1
        Thermal speed fitted at the spacecraft.
    potential_v : array, V
        Potential of the spacecraft, negative or zero.

    Returns
    -------
    density_m3, theta_m_s : array
        In the plasma; NaN where the potential asks for a temperature that is not positive.
    """
    xp = array_namespace(kappa)
    fitted_ev = theta_energy_ev(theta_m_s)
    ratio = 1 + potential_v / (kappa * fitted_ev)
    ratio = xp.where(ratio > 0, ratio, xp.nan)
    return density_m3 * xp.exp((0.5 - kappa) * xp.log(ratio)), theta_m_s * xp.sqrt(ratio)
