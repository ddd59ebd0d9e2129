"""The slope of a spectrum comes back from levels that wide channels have averaged."""

import numpy as np
import pytest

from potrun.losscone.incident_spectrum import spectral_shape
from potrun.simulate.cells import RESPONSE_SIGMA, energy_grid_ev
from potrun.simulate.electrons import flux_at
from potrun.simulate.optics import NODE_FACTOR, NODE_WEIGHT

TEMPERATURE_EV, KAPPA, USC_V = np.array([10.0, 60.0, 250.0]), np.array([4.0, 3.0, 5.0]), np.full(3, 8.0)


def plasma(energy):
    return flux_at(energy, np.full(3, 1e6), TEMPERATURE_EV, KAPPA, USC_V)


@pytest.fixture
def levels():
    energy = np.tile(energy_grid_ev("40ev", None), (3, 1))
    return energy, (plasma(energy[..., None] * NODE_FACTOR) * NODE_WEIGHT).sum(-1)


def true_slope(energy):
    step = np.array([0.99, 1.01])
    return -np.diff(np.log(plasma(energy[..., None] * step)), axis=-1)[..., 0] / np.diff(np.log(step))


def test_slopes_of_kappa_distributions_are_found(levels):
    energy, flux = levels
    slope, curvature = spectral_shape(energy, flux, np.ones_like(flux), np.zeros_like(flux), RESPONSE_SIGMA)
    bright = flux > 1e3
    assert bright.sum() > 20
    assert np.abs(slope - true_slope(energy))[bright].max() < 0.3
    assert np.median(np.abs(slope - true_slope(energy))[bright]) < 0.06
    assert (curvature[bright] < 0.05).all()


def test_a_power_law_has_its_slope_whatever_the_order_of_rows():
    energy = energy_grid_ev("7ev", None)[None, ::-1]
    flux = 1e12 * energy**-3.0
    slope, curvature = spectral_shape(energy, flux, np.ones_like(flux), np.zeros_like(flux), RESPONSE_SIGMA)
    # The lowest rows of the steepest part lie below the counting noise of two.
    np.testing.assert_allclose(slope[0, :10], 3.0, atol=0.05)
    np.testing.assert_allclose(curvature[0, :10], 0.0, atol=0.05)


def test_rows_without_counts_follow_their_neighbours_and_nothing_is_known_of_none(levels):
    energy, flux = levels
    flux = np.where(np.arange(15) == 7, 0.0, flux)
    flux[1] = 0.0
    slope, curvature = spectral_shape(energy, flux, np.ones_like(flux), np.zeros_like(flux), RESPONSE_SIGMA)
    np.testing.assert_array_equal(slope[1], 2.0)
    np.testing.assert_array_equal(curvature[1], 0.0)
    assert abs(slope[2, 7] - true_slope(energy)[2, 7]) < 0.3
