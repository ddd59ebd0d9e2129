"""Which balance is chosen, and the balance in shadow."""

import numpy as np
import pytest

from potrun.plasma.charging import choose_bracket, kept_current_a_m2, shadow_potential_v
from potrun.plasma.currents import (
    electron_current_of_flux_a_m2,
    ion_current_a_m2,
    sternglass_yield,
)
from potrun.plasma.kappa import ambient_of_retarded, omnidirectional_flux, temperature_ev

MANY = np.full((1, 5), 12.0)


def test_the_stable_balance_is_taken():
    node, exists = choose_bracket(np.array([[1.0, 0.5, -0.5, -0.2, 0.3]]), np.ones((1, 5)), MANY)
    assert (node[0], exists[0]) == (1, True)


def test_a_balance_among_photoelectrons_gives_way_to_one_that_fits():
    imbalance = np.array([[0.2, -0.2, 0.3, 0.1, -0.4]])
    channels = np.array([[12.0, 11.0, 9.0, 9.0, 9.0]])
    node, exists = choose_bracket(imbalance, np.array([[900.0, 700.0, 4.0, 4.0, 4.0]]), channels)
    assert (node[0], exists[0]) == (3, True)


def test_a_balance_among_photoelectrons_alone_is_not_believed():
    imbalance = np.array([[0.2, -0.2, 0.3, 0.1, 0.4]])
    channels = np.array([[12.0, 11.0, 9.0, 9.0, 9.0]])
    assert not choose_bracket(imbalance, np.array([[900.0, 700.0, 4.0, 4.0, 4.0]]), channels)[1][0]


@pytest.mark.parametrize("imbalance", [[-1.0, -2.0, -3.0, -4.0, -5.0], [1.0, 2.0, 3.0, 4.0, 5.0], [np.nan] * 5])
def test_without_a_stable_balance_there_is_none(imbalance):
    assert not choose_bracket(np.array([imbalance]), np.ones((1, 5)), MANY)[1][0]


def test_too_few_channels_make_no_balance():
    imbalance = np.array([[1.0, 0.5, -0.5, -1.0, -2.0]])
    assert not choose_bracket(imbalance, np.ones((1, 5)), np.full((1, 5), 3.0))[1][0]


@pytest.mark.parametrize(("kappa", "theta"), [(3.0, 2e6), (5.5, 4e6), (2.6, 1.5e6)])
def test_currents_balance_in_shadow_when_taken_from_the_ambient_plasma(kappa, theta):
    kappa, theta = np.asarray([kappa]), np.asarray([theta])
    volts = shadow_potential_v(kappa, np.log(theta))
    assert volts[0] < 0
    density, ambient_theta = ambient_of_retarded(np.ones(1), kappa, theta, volts)
    energy = np.geomspace(1e-3, 1e7, 200_001)
    flux = omnidirectional_flux(energy, density, kappa, ambient_theta)
    electrons = electron_current_of_flux_a_m2(energy, flux, volts)
    at_surface = sternglass_yield(np.clip(energy + volts, 0, None))
    secondaries = electron_current_of_flux_a_m2(energy, flux * at_surface, volts)
    ions = ion_current_a_m2(density, temperature_ev(kappa, ambient_theta), volts)
    assert (ions + secondaries)[0] == pytest.approx(electrons, rel=1e-4)


def test_hot_electrons_that_free_more_than_arrive_leave_no_negative_balance():
    kappa, log_theta = np.array([6.0]), np.log(np.array([1.3e7]))
    assert np.isnan(kept_current_a_m2(kappa, log_theta)[0])
    assert np.isnan(shadow_potential_v(kappa, log_theta)[0])
