"""The exact search on a CUDA device, where there is one."""

import numpy as np
import pytest
import torch

from potrun.core.settings import DeviceConfig
from potrun.search import make_fitter
from tests.search.test_branch_and_bound import METHODS, assert_same, fit, mixed

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def fit_there(batch, settings, **device):
    return make_fitter(settings, DeviceConfig(name="cuda", **device), fast=True).fit(batch)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("method", METHODS)
def test_it_agrees_with_the_cpu(method, dtype):
    batch, settings = mixed(method, n=40, seed=17)
    here, there = fit(batch, settings), fit_there(batch, settings, dtype=dtype)
    np.testing.assert_allclose(there.chi2, here.chi2, rtol=1e-6)
    np.testing.assert_allclose(there.u_surface_v, here.u_surface_v, atol=0.3)
    assert there.is_certified.mean() > 0.95


@pytest.mark.parametrize("method", METHODS)
def test_same_bytes_for_any_chunk_and_order(method):
    batch, settings = mixed(method, n=40, seed=18)
    whole = fit_there(batch, settings)
    assert_same(whole, fit_there(batch, settings))
    assert_same(whole, fit_there(batch, settings, batch_size=7))
    order = np.random.default_rng(1).permutation(batch.n_sweeps)
    assert_same(whole, fit_there(batch.take(order), settings), order)
