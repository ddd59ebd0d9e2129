"""Many bracketed roots at once."""

import numpy as np
import torch
from scipy.optimize import brentq

from potrun.plasma.roots import find_roots

SHIFT = np.linspace(0.1, 5.0, 37)


def cubic(x):
    return x * x * x - 2 * x - (SHIFT if isinstance(x, np.ndarray) else torch.as_tensor(SHIFT))


def test_roots_agree_with_brent_on_numpy_and_torch():
    expected = [brentq(lambda x, s=s: x**3 - 2 * x - s, 1.0, 4.0, xtol=1e-12) for s in SHIFT]
    low, high = np.full(37, 1.0), np.full(37, 4.0)
    found = find_roots(cubic, low, high)
    np.testing.assert_allclose(found, expected, atol=1e-8)
    on_torch = find_roots(cubic, torch.as_tensor(low), torch.as_tensor(high))
    np.testing.assert_allclose(on_torch.numpy(), expected, atol=1e-8)


def test_steep_and_flat_functions_are_solved():
    targets = np.array([1e-9, 1.0, 1e9])
    found = find_roots(lambda x: np.exp(x) - targets, np.full(3, -40.0), np.full(3, 40.0), tolerance=1e-10)
    np.testing.assert_allclose(found, np.log(targets), atol=1e-9)


def test_no_change_of_sign_is_no_root():
    found = find_roots(lambda x: x * x + np.array([1.0, -1.0]), np.zeros(2), np.full(2, 2.0))
    assert np.isnan(found[0])
    assert abs(found[1] - 1) < 1e-8


def test_a_root_at_an_end_and_values_that_are_nan():
    found = find_roots(lambda x: np.array([x[0], np.nan]), np.zeros(2), np.ones(2))
    assert found[0] == 0
    assert np.isnan(found[1])


def test_each_root_is_found_as_if_it_were_alone():
    together = find_roots(cubic, np.full(37, 1.0), np.full(37, 4.0))
    for i in (0, 18, 36):
        alone = find_roots(lambda x, i=i: x * x * x - 2 * x - SHIFT[i : i + 1], np.array([1.0]), np.array([4.0]))
        assert alone[0] == together[i]
