"""The energy response and the modelled flux."""

import math

import numpy as np
import pytest
import torch

from potrun.plasma.kappa import log_normalisation, omnidirectional_flux
from potrun.plasma.response import (
    Response,
    arrivals,
    log_flux_by_potential,
    log_flux_model,
    log_normal_response,
    response_sigma,
)

ENERGY = np.geomspace(7.0, 2e4, 15)[None]
KAPPA, LOG_THETA = np.array([3.2]), np.log(np.array([2.5e6]))


def test_half_maximum_energies_lie_the_relative_width_apart():
    half = math.sqrt(2 * math.log(2)) * response_sigma(0.5)
    assert math.exp(half) - math.exp(-half) == pytest.approx(0.5)


@pytest.mark.parametrize("volts", [-60.0, 0.0, 4.0])
def test_few_nodes_are_enough(volts):
    few, many = (
        log_flux_model(arrivals(ENERGY, np.array([volts]), log_normal_response(0.5, nodes)), KAPPA, LOG_THETA)
        for nodes in (5, 41)
    )
    np.testing.assert_allclose(few.log_flux, many.log_flux, atol=2e-4)


def test_without_width_the_model_is_the_flux_at_the_centre():
    seen = arrivals(ENERGY, np.array([0.0]), log_normal_response(0.0))
    log_flux = log_flux_model(seen, KAPPA, LOG_THETA).log_flux + log_normalisation(KAPPA, LOG_THETA)
    np.testing.assert_allclose(np.exp(log_flux), omnidirectional_flux(ENERGY, 1.0, KAPPA, np.exp(LOG_THETA)))


def test_a_potential_shifts_the_model_as_liouville_demands():
    """F at the spacecraft over E is F in the plasma over E - Usc."""
    volts = 5.0
    shifted = log_flux_model(arrivals(ENERGY, np.array([volts]), log_normal_response(0.0)), KAPPA, LOG_THETA)
    ambient = log_flux_model(arrivals(ENERGY - volts, np.array([0.0]), log_normal_response(0.0)), KAPPA, LOG_THETA)
    ratio = np.exp(shifted.log_flux - ambient.log_flux)
    np.testing.assert_allclose(ratio, ENERGY / (ENERGY - volts))


@pytest.mark.parametrize("volts", [-30.0, 0.0, 6.0])
def test_derivatives_match_differences(volts):
    response = log_normal_response(0.5)

    def log_flux(kappa: float = 0.0, log_theta: float = 0.0, potential: float = 0.0) -> np.ndarray:
        seen = arrivals(ENERGY, np.array([volts + potential]), response)
        return log_flux_model(seen, KAPPA + kappa, LOG_THETA + log_theta).log_flux

    step = 1e-5
    seen = arrivals(ENERGY, np.array([volts]), response)
    model = log_flux_model(seen, KAPPA, LOG_THETA)
    np.testing.assert_allclose(model.by_kappa, (log_flux(kappa=step) - log_flux(kappa=-step)) / 2 / step, atol=1e-6)
    np.testing.assert_allclose(
        model.by_log_theta, (log_flux(log_theta=step) - log_flux(log_theta=-step)) / 2 / step, atol=1e-6
    )
    np.testing.assert_allclose(
        log_flux_by_potential(seen, KAPPA, LOG_THETA),
        (log_flux(potential=step) - log_flux(potential=-step)) / 2 / step,
        atol=1e-6,
    )


def test_numpy_and_torch_agree():
    response = log_normal_response(0.5)
    expected = log_flux_model(arrivals(ENERGY, np.array([3.0]), response), KAPPA, LOG_THETA)
    on_torch = Response(*(torch.as_tensor(part) for part in response))
    seen = arrivals(torch.as_tensor(ENERGY), torch.tensor([3.0], dtype=torch.float64), on_torch)
    found = log_flux_model(seen, torch.as_tensor(KAPPA), torch.as_tensor(LOG_THETA))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-12, atol=1e-12)


def test_a_steep_distribution_does_not_underflow():
    seen = arrivals(ENERGY, np.array([0.0]), log_normal_response(0.5))
    model = log_flux_model(seen, np.array([1000.0]), np.log(np.array([1e6])))
    assert np.isfinite(model.log_flux).all()
