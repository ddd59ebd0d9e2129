"""A device that runs out of memory fits fewer sweeps at once, with the same answers."""

import numpy as np
import pytest
import torch

from potrun.core.device import resolve_device
from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.losscone.normalise import build_sweep_batch
from potrun.search.likelihood import batched
from potrun.search.likelihood.fitter import MOST_ON_GPU, LikelihoodFitter, sweeps_in
from tests.support.smeared import smeared_day

CFG = FitterConfig(method="likelihood")


class Small:
    """The batched search on a device that holds few sweeps."""

    settle, finish = staticmethod(batched.settle), staticmethod(batched.finish)

    def __init__(self, most):
        self.most, self.tried = most, []

    def best_two(self, problem, bounds, settings):
        self.tried.append(problem.n_sweeps)
        if problem.n_sweeps > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return batched.best_two(problem, bounds, settings)


def fitted(search):
    table, geometry, potential, _ = smeared_day(5, 71)
    batch = build_sweep_batch(table, geometry, potential, CFG)
    return LikelihoodFitter(CFG, resolve_device(DeviceConfig(name="cpu", threads=1)), search=search).fit(batch)


def test_pieces_are_halved_until_they_fit():
    small, roomy = Small(2), Small(5)
    np.testing.assert_allclose(fitted(small).u_surface_v, fitted(roomy).u_surface_v, rtol=1e-6)
    assert small.tried == [5, 2, 3, 1, 2]
    with pytest.raises(torch.OutOfMemoryError):
        fitted(Small(0))


@pytest.mark.parametrize(("free", "sweeps"), [(0, 1), (80_000_000, 10), (80_000_000_000, MOST_ON_GPU)])
def test_pieces_follow_free_memory(free, sweeps):
    assert sweeps_in(free) == sweeps
