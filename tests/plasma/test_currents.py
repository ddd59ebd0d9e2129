"""Charging currents against published numbers and against quadrature."""

import math

import numpy as np
import pytest
from scipy.constants import e, m_p
from scipy.optimize import minimize_scalar

from potrun.plasma.currents import (
    electron_current_a_m2,
    electron_current_of_flux_a_m2,
    ion_current_a_m2,
    mean_yield,
    photoemission_current_a_m2,
    photoemission_slope_a_m2_v,
    sternglass_yield,
)
from potrun.plasma.kappa import ambient_of_retarded, log_normalisation, omnidirectional_flux

KAPPA, THETA = np.asarray(3.4), np.asarray(3e6)
ENERGY = np.geomspace(1e-4, 1e7, 100_001)


@pytest.mark.parametrize(
    ("volts", "expected"),
    [
        (0.0, 1.07e-6 + 1.6e-8),
        (5.0, 1.07e-6 / math.e + 1.6e-8 * math.exp(-1 / 12)),
        (20.0, 1.07e-6 * math.exp(-4) + 1.6e-8 * math.exp(-1 / 3)),
        (60.0, 1.07e-6 * math.exp(-12) + 1.6e-8 / math.e),
    ],
)
def test_photoemission_follows_the_published_curve(volts, expected):
    assert photoemission_current_a_m2(np.asarray(volts)) == pytest.approx(expected, rel=1e-12)


def test_photoemission_slope_is_its_derivative():
    volts = np.array([0.0, 3.0, 22.0, 120.0])
    numeric = (photoemission_current_a_m2(volts + 1e-4) - photoemission_current_a_m2(volts - 1e-4)) / 2e-4
    np.testing.assert_allclose(photoemission_slope_a_m2_v(volts), numeric, rtol=1e-6)


def test_sternglass_yield_peaks_at_500_ev_with_about_one_and_a_half():
    peak = minimize_scalar(lambda x: -float(sternglass_yield(np.asarray(x))), bounds=(50, 3000), method="bounded")
    assert peak.x == pytest.approx(500.0, abs=0.1)
    assert -peak.fun == pytest.approx(7.4 * 1.5 * math.exp(-2), rel=1e-9)
    assert -peak.fun == pytest.approx(1.5, rel=2e-3)


def test_electron_current_is_a_quarter_of_the_omnidirectional_flux():
    flux = omnidirectional_flux(ENERGY, 2e6, KAPPA, THETA)
    closed = electron_current_a_m2(math.log(2e6) + log_normalisation(KAPPA, np.log(THETA)), KAPPA, np.log(THETA))
    assert electron_current_of_flux_a_m2(ENERGY, flux) == pytest.approx(float(closed), rel=1e-6)


def test_retarded_current_needs_liouvilles_factor():
    """What is fitted behind the potential carries the current that the ambient plasma brings through it."""
    volts = -25.0
    density, theta = ambient_of_retarded(1e6, KAPPA, THETA, volts)
    ambient = omnidirectional_flux(ENERGY, density, KAPPA, theta)
    arriving = electron_current_of_flux_a_m2(ENERGY, ambient, volts)
    fitted = electron_current_a_m2(math.log(1e6) + log_normalisation(KAPPA, np.log(THETA)), KAPPA, np.log(THETA))
    assert arriving == pytest.approx(float(fitted), rel=1e-5)
    without = electron_current_of_flux_a_m2(ENERGY, np.where(-volts < ENERGY, ambient, 0.0))
    assert 1.5 < without / arriving < 3.0


@pytest.mark.parametrize("theta", [1e6, 1e7, 8e7])
def test_mean_yield_is_the_flux_weighted_one(theta):
    flux = omnidirectional_flux(ENERGY, 1.0, KAPPA, np.asarray(theta))
    weighted = electron_current_of_flux_a_m2(ENERGY, flux * sternglass_yield(ENERGY))
    expected = weighted / electron_current_of_flux_a_m2(ENERGY, flux)
    assert mean_yield(KAPPA, np.log(np.asarray(theta))) == pytest.approx(expected, rel=1e-4)


def test_ion_current_grows_with_the_negative_potential():
    at_rest = e * 1e6 * math.sqrt(e * 20.0 / (2 * math.pi * m_p))
    assert ion_current_a_m2(1e6, np.asarray(20.0), 0.0) == pytest.approx(at_rest)
    assert ion_current_a_m2(1e6, np.asarray(20.0), -60.0) == pytest.approx(2 * at_rest)
