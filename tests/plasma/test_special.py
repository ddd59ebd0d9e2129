"""Gamma functions against scipy."""

import numpy as np
import torch
from scipy import special

from potrun.plasma.special import digamma, log_gamma

X = np.array([0.01, 0.5, 1.0, 1.5, 2.0, 3.3, 7.0, 50.0, 1e3, 1e6])


def test_log_gamma_and_digamma_agree_with_scipy_on_numpy_and_torch():
    np.testing.assert_allclose(log_gamma(X), special.gammaln(X), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(digamma(X), special.digamma(X), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(log_gamma(torch.as_tensor(X)).numpy(), log_gamma(X), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(digamma(torch.as_tensor(X)).numpy(), digamma(X), rtol=1e-14, atol=1e-14)
