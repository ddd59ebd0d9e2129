"""The likelihood finds what a smeared instrument was shown, and a sweep's answer is that sweep's alone."""

import numpy as np
import pytest
import torch

from potrun.core.errors import UsageError
from potrun.core.records import FitStatus
from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.losscone.normalise import build_sweep_batch
from potrun.losscone.quasi_likelihood import misfit
from potrun.search import make_fitter
from potrun.search.likelihood import departures
from potrun.search.likelihood.evaluate import BARRIER, N_PARAMETERS, evaluate
from potrun.search.likelihood.problem import make_problem
from tests.support.smeared import smeared_day

CFG = FitterConfig(method="likelihood")


@pytest.fixture(scope="module")
def day():
    table, geometry, potential, truth = smeared_day(32, 9001)
    return build_sweep_batch(table, geometry, potential, CFG), truth


def fit(batch, **device):
    return make_fitter(CFG, DeviceConfig(name="cpu", **device), fast=True).fit(batch)


def test_the_potential_that_was_put_in_comes_out(day):
    batch, truth = day
    result = fit(batch)
    assert (result.status == FitStatus.OK).all()
    relative = (result.u_surface_v - truth.u_surface_v) / np.abs(truth.u_surface_v)
    low, middle, high = np.percentile(relative, [16, 50, 84])
    assert abs(middle) < 0.01
    assert (high - low) / 2 < 0.03
    inside = (result.intervals.u_lo95_v <= truth.u_surface_v) & (truth.u_surface_v <= result.intervals.u_hi95_v)
    assert inside.mean() > 0.85
    assert (result.likelihood.second_worse_by > -1e-6).all()
    # A row whose incident side is lost to the dead time must not keep the levels from their place.
    assert (result.likelihood.deviance_per_freedom < 2.0).all()


def test_neighbours_batch_size_and_threads_change_no_byte(day):
    batch, _ = day
    batch = batch.take(slice(0, 9))
    whole, single, threads = fit(batch), fit(batch, batch_size=1), fit(batch, batch_size=4, threads=2)
    for other in (single, threads):
        np.testing.assert_array_equal(whole.u_surface_v, other.u_surface_v)
        np.testing.assert_array_equal(whole.intervals.u_lo95_v, other.intervals.u_lo95_v)


def test_gradient_is_that_of_the_objective(day):
    problem = make_problem(day[0].take(slice(0, 3)), CFG, torch.device("cpu"), torch.float64)
    sweep = torch.arange(3)
    place = torch.full((3, N_PARAMETERS), 0.1, dtype=torch.float64)
    place[:, 0], place[:, 1], place[:, BARRIER] = 4.83, -0.43, 20.0
    level = torch.log(problem.counts.sum(-1).clamp(min=1.0) / problem.sensitivity.sum(-1).clamp(min=1e-3))
    _, sigma = departures.nominal(3, CFG, torch.device("cpu"))
    here = evaluate(problem, sweep, place, level, sigma, CFG)
    for column in range(N_PARAMETERS):
        step = torch.zeros_like(place)
        step[:, column] = 3e-3
        up = evaluate(problem, sweep, place + step, level, sigma, CFG).value
        down = evaluate(problem, sweep, place - step, level, sigma, CFG).value
        numeric = (up - down) / 6e-3
        scale = torch.sqrt(here.curvature[:, column, column])
        assert ((here.gradient[:, column] - numeric).abs() <= 0.05 * (numeric.abs() + scale)).all(), column


def test_a_misfit_is_zero_where_the_model_is_right_and_counts_zeros():
    counts = np.array([0.0, 3.0, 1000.0])
    np.testing.assert_allclose(misfit(counts, np.maximum(counts, 1e-12), 0.05), 0.0, atol=1e-9)
    assert misfit(np.array([0.0]), np.array([4.0]), 0.01)[0] == pytest.approx(4.0, rel=1e-3)


def test_another_search_is_refused():
    with pytest.raises(UsageError, match="searches for halekas and lillis"):
        make_fitter(FitterConfig(method="likelihood", solver="branch_and_bound"), DeviceConfig(name="cpu"), fast=True)
