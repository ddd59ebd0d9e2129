"""What a GPU would do, as far as it can be found out without one."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.fitters.test_branch_and_bound import fit, mixed

from potrun.core.device import resolve_device
from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.search.exact.batched.engine import BatchedEngine
from potrun.search.exact.engine import CompiledEngine
from potrun.search.exact.fitter import BranchAndBoundFitter
from tests.support.pretend_device import PRETENDED, UNORDERED, PretendedDevice

STORED = (torch.float16, torch.float32)
"""Formats of the tables of bounds, which are compared and copied, but not computed with."""

TAKES_PART = {"_to_copy", "cat", "stack", "slice", "index_select", "minimum", "view", "clone", "unsqueeze", "expand"}
"""What may be done with such tables."""


def search_elsewhere(batch, settings: FitterConfig, dtype: str):
    here = resolve_device(DeviceConfig(name="cpu", engine="torch", dtype=dtype))
    there = SimpleNamespace(torch_device=PRETENDED, dtype=here.dtype)
    batch = batch.take(BatchedEngine(settings, here).kinds(batch) == 48)
    assert batch.n_sweeps > 5
    mode = PretendedDevice()
    with mode:
        found = BatchedEngine(settings, there).search(batch)
    return BatchedEngine(settings, here).search(batch), found, mode.operations


@pytest.mark.parametrize(("method", "dtype"), [("halekas", "float16"), ("lillis", "float32")])
def test_the_search_stays_on_its_device_and_in_float64(method, dtype):
    batch, settings = mixed(method, n=2)
    here, there, operations = search_elsewhere(batch, settings, dtype)
    assert ("log" if method == "halekas" else "exp", torch.float64) in operations
    for name in ("parameters", "chi2", "lower_bound", "touches"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
    np.testing.assert_array_equal(there.profile.worse_by, here.profile.worse_by)
    assert {name for name, dtype in operations if dtype in STORED} <= TAKES_PART
    assert not {(name, dtype) for name, dtype in operations if dtype.is_floating_point and name.startswith(UNORDERED)}


def test_the_pretended_device_notices_what_it_is_for():
    with PretendedDevice() as mode:
        far = torch.ones(3, device=PRETENDED)
        assert float((2.0 * far).sum()) == 6.0
        with pytest.raises(RuntimeError, match="mul of tensors on two devices"):
            far * torch.ones(3)
        torch.cumsum(far, dim=0)
    assert ("cumsum", torch.float32) in mode.operations


def test_chunks_follow_the_memory_of_a_gpu(monkeypatch):
    batch, settings = mixed("lillis", n=5, intervals=False)
    sizes, emptied = [], []

    class Engine(CompiledEngine):
        """Notes the sizes of chunks and has no room for more than six sweeps."""

        def search(self, sweeps):
            sizes.append(sweeps.n_sweeps)
            if sweeps.n_sweeps > 6:
                raise torch.OutOfMemoryError
            return super().search(sweeps)

    monkeypatch.setattr("potrun.search.exact.fitter.PROBE", 4)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: None)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: 1000 * sizes[-1])
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (20_000, 80_000))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))
    cpu = resolve_device(DeviceConfig(name="cpu", engine="compiled"))
    fitter = BranchAndBoundFitter(settings, replace(cpu, name="cuda"))
    fitter.engine = Engine(settings, cpu.dtype_name)
    found = fitter.fit(batch)
    # A probe; half of 20 kB at the 1 kB a sweep that it took; half of that from the first refusal on.
    assert sizes == [4, 10, 5, 5, 5, 5, 5, 1]
    assert emptied == [True]
    np.testing.assert_array_equal(found.chi2, fit(batch, settings).chi2)
