"""What the counts are asked to tell of the instrument is what they were drawn with."""

from dataclasses import replace

import numpy as np
import torch
from scipy.stats import nbinom

from potrun.core.settings import FitterConfig
from potrun.losscone.normalise import build_sweep_batch
from potrun.losscone.quasi_likelihood import misfit
from potrun.search.likelihood import batched
from potrun.search.likelihood.evaluate import predict
from potrun.search.likelihood.limits import bounds_of
from potrun.search.likelihood.preferred import preferred, unsurpassed
from potrun.search.likelihood.problem import make_problem
from tests.support.smeared import smeared_day

CFG = FitterConfig(method="likelihood")
CPU = torch.device("cpu")


def batch_of(number, seed):
    table, geometry, potential, _ = smeared_day(number, seed)
    batch = build_sweep_batch(table, geometry, potential, CFG)
    return batch.take(batch.status == 0)


def test_misfit_and_the_rest_are_the_negative_binomial():
    counts, expected, scatter = np.array([0.0, 1.0, 7.0, 900.0]), np.array([0.4, 3.0, 5.0, 1000.0]), 0.1
    size = 1.0 / scatter**2
    whole = misfit(counts, expected, scatter) + unsurpassed(torch.from_numpy(counts), scatter).numpy()
    np.testing.assert_allclose(whole, -nbinom.logpmf(counts, size, size / (size + expected)), rtol=1e-6)


def test_an_instrument_that_was_put_in_comes_out():
    torch.set_num_threads(1)
    batch = batch_of(16, 61)
    true = replace(CFG, background=0.08, likelihood=replace(CFG.likelihood, energy_width=0.4, scatter=0.08))
    best, _ = batched.best_two(make_problem(batch, CFG, CPU), bounds_of(CFG, CPU), CFG)
    problem = make_problem(batch, true, CPU)
    expected = predict(problem, torch.arange(batch.n_sweeps), best.parameters, best.level, true).double().numpy()
    size = 1.0 / true.likelihood.scatter**2
    drawn = np.random.default_rng(3)
    counts = drawn.poisson(drawn.gamma(size, np.maximum(expected, 0.0) / size))
    found = preferred(replace(batch, counts=np.where(batch.mask, counts, 0.0)), CFG)
    np.testing.assert_allclose(found.value, [0.4, 0.08, 0.08], rtol=0.06)
    assert (np.abs(np.log(found.value / [0.4, 0.08, 0.08])) < 4.0 * found.sigma_log).all()
    assert found.gain > 100.0


def test_the_flown_simulator_is_taken_for_what_it_is():
    torch.set_num_threads(1)
    found = preferred(batch_of(16, 62), CFG)
    np.testing.assert_allclose(found.value[[0, 2]], [0.5, 0.05], rtol=0.06)
    assert found.value[1] < 0.05
