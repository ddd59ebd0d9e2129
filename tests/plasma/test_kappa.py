"""The kappa distribution: moments, limits, and what a potential does to it."""

import numpy as np
import pytest
import torch
from scipy.constants import e, m_e
from scipy.integrate import quad

from potrun.plasma.kappa import (
    ambient_of_retarded,
    omnidirectional_flux,
    phase_space_density,
    shifted_flux,
    temperature_ev,
    theta_energy_ev,
    theta_of_temperature_m_s,
)


def moment(power: int, kappa: float, theta: float) -> float:
    """4 pi integral of v^(2 + power) f dv for unit density, with v = theta * x."""

    def integrand(x: float) -> float:
        energy = np.asarray(theta_energy_ev(theta * x))
        density = phase_space_density(energy, 1.0, np.asarray(kappa), np.asarray(theta))
        return 4 * np.pi * theta**3 * x**2 * (theta * x) ** power * float(density)

    return quad(integrand, 0, 5, epsrel=1e-10)[0] + quad(integrand, 5, np.inf, epsrel=1e-10, limit=500)[0]


@pytest.mark.parametrize("kappa", [1.8, 2.5, 4.0, 6.0, 50.0])
@pytest.mark.parametrize("theta", [1e6, 3e7])
def test_moments_give_density_and_temperature(kappa, theta):
    assert moment(0, kappa, theta) == pytest.approx(1.0, rel=1e-6)
    mean_square = moment(2, kappa, theta)
    assert m_e * mean_square / 3 / e == pytest.approx(temperature_ev(kappa, theta), rel=1e-6)


def test_large_kappa_is_a_maxwellian():
    kt_ev = 20.0
    energy = np.linspace(0.1, 200.0, 50)
    theta = theta_of_temperature_m_s(np.asarray(kt_ev), np.asarray(1e6))
    maxwell = (m_e / (2 * np.pi * e * kt_ev)) ** 1.5 * np.exp(-energy / kt_ev)
    np.testing.assert_allclose(phase_space_density(energy, 1.0, np.asarray(1e6), theta), maxwell, rtol=1e-4)


def test_temperature_and_theta_are_inverse():
    theta = theta_of_temperature_m_s(np.array([5.0, 300.0]), np.array([2.6, 6.0]))
    np.testing.assert_allclose(temperature_ev(np.array([2.6, 6.0]), theta), [5.0, 300.0])


def test_flux_integrates_to_density():
    energy = np.geomspace(1e-6, 1e8, 200_001)
    flux = omnidirectional_flux(energy, 3e6, np.asarray(3.3), np.asarray(3e6))
    density = np.trapezoid(flux / np.sqrt(2 * e * energy / m_e), energy)
    assert density == pytest.approx(3e6, rel=1e-6)


@pytest.mark.parametrize("volts", [-40.0, 0.0, 12.0])
def test_shifting_a_measured_flux_conserves_phase_space_density(volts):
    measured = np.array([20.0, 50.0, 400.0])
    at_spacecraft = phase_space_density(measured - volts, 1e6, np.asarray(3.5), np.asarray(2e6)) * measured
    ambient = phase_space_density(measured - volts, 1e6, np.asarray(3.5), np.asarray(2e6)) * (measured - volts)
    np.testing.assert_allclose(shifted_flux(at_spacecraft, measured, volts), ambient)


def test_no_ambient_electron_is_slower_than_the_potential():
    assert np.isnan(shifted_flux(np.array([1.0]), np.array([5.0]), 6.0)).all()


def test_retarded_kappa_plasma_is_undone():
    kappa, theta, volts = np.asarray(3.3), np.asarray(3e6), -20.0
    density, ambient_theta = ambient_of_retarded(1e6, kappa, theta, volts)
    energy = np.array([0.0, 5.0, 500.0])
    np.testing.assert_allclose(
        phase_space_density(energy, 1e6, kappa, theta),
        phase_space_density(energy - volts, density, kappa, ambient_theta),
    )
    cooler = temperature_ev(kappa, theta) + volts / (kappa - 1.5)
    assert temperature_ev(kappa, ambient_theta) == pytest.approx(cooler)


def test_a_potential_beyond_zero_temperature_is_refused():
    kappa, theta = np.asarray(3.0), np.asarray(1e6)
    beyond = -1.01 * kappa * theta_energy_ev(theta)
    assert np.isnan(ambient_of_retarded(1e6, kappa, theta, beyond)[0])


def test_numpy_and_torch_agree():
    energy = np.geomspace(1.0, 1e4, 20)
    expected = omnidirectional_flux(energy, 1e6, np.asarray(4.0), np.asarray(2e6))
    kappa, theta = torch.tensor(4.0, dtype=torch.float64), torch.tensor(2e6, dtype=torch.float64)
    found = omnidirectional_flux(torch.as_tensor(energy), 1e6, kappa, theta)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-13)
