"""The exact search on a CUDA device: compiled without one, run where there is one."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.search import make_fitter
from tests.search.test_branch_and_bound import METHODS, assert_same, fit, mixed

pytest.importorskip("numba_cuda", reason="numba-cuda is not installed")
cuda = pytest.importorskip("numba.cuda")
needs_a_device = pytest.mark.skipif(not cuda.is_available(), reason="there is no CUDA device")


@pytest.mark.study
def test_it_compiles_to_ptx_without_fused_operations(monkeypatch):
    from cuda.pathfinder import DynamicLibNotFoundError, load_nvidia_dynamic_lib
    from numba.cuda import dispatcher

    from potrun.search.exact.cuda import search_queue, signature_of, unfused

    try:
        for library in ("nvvm", "nvrtc"):
            load_nvidia_dynamic_lib(library)
    except DynamicLibNotFoundError as missing:
        pytest.skip(f"the CUDA toolkit is not complete: {str(missing).splitlines()[0]}")
    # Device functions are compiled for the device that is there.
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=(9, 0)))
    with unfused():
        ptx, _ = cuda.compile_ptx(search_queue, signature_of(FitterConfig(), "float32"), cc=(9, 0))
    assert ".target sm_90" in ptx
    # An operation without a rounding mode is one that the assembler may fuse.
    assert not re.search(r"\b(mul|add|sub)\.f64", ptx)
    assert re.search(r"\bmul\.rn\.f64", ptx)


def fit_there(batch, settings, **device):
    return make_fitter(settings, DeviceConfig(name="cuda", **device), fast=True).fit(batch)


@needs_a_device
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("method", METHODS)
def test_it_agrees_with_the_cpu(method, dtype):
    batch, settings = mixed(method, n=40, seed=17)
    here, there = fit(batch, settings), fit_there(batch, settings, dtype=dtype)
    np.testing.assert_allclose(there.chi2, here.chi2, rtol=1e-6)
    np.testing.assert_allclose(there.u_surface_v, here.u_surface_v, atol=0.3)
    assert there.is_certified.mean() > 0.95


@needs_a_device
@pytest.mark.parametrize("method", METHODS)
def test_same_bytes_for_any_chunk_and_order(method):
    batch, settings = mixed(method, n=40, seed=18)
    whole = fit_there(batch, settings)
    assert_same(whole, fit_there(batch, settings))
    assert_same(whole, fit_there(batch, settings, batch_size=7))
    order = np.random.default_rng(1).permutation(batch.n_sweeps)
    assert_same(whole, fit_there(batch.take(order), settings), order)
