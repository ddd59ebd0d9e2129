"""The exact search finds global minima, against brute force on sweeps drawn afresh."""

from dataclasses import replace

import numpy as np
import pytest

from potrun.core.records import FitStatus
from potrun.core.settings import BranchAndBoundConfig, DeviceConfig, FitterConfig
from potrun.search import make_fitter
from potrun.search.base import public_chi2
from tests.support.reference import brute_force
from tests.support.sweeps import REGIMES, draw


def fit(batch, settings, **device):
    return make_fitter(settings, DeviceConfig(name="cpu", **device), fast=True).fit(batch)


def compare(settings, regime, n_sweeps, seed):
    batch, _ = draw(REGIMES[regime], n_sweeps, seed, settings)
    result = fit(batch, settings)
    parameters = np.stack([result.u_surface_v, result.b_spacecraft_over_b_surface, result.beam_amplitude], axis=1)
    reported = result.status == 0
    again = public_chi2(batch.take(reported), parameters[reported], settings)
    np.testing.assert_allclose(result.chi2[reported], again, rtol=1e-9)
    reference = np.array([brute_force(batch, i, settings) for i in range(n_sweeps)])
    return result, result.chi2 / reference - 1.0


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("method", ["halekas", "lillis"])
def test_never_above_brute_force(method, regime):
    result, excess = compare(FitterConfig(method=method), regime, 2, seed=20)
    assert excess.max() <= 1e-6
    below = result.chi2 * (1.0 - result.gap)
    assert np.all(below <= result.chi2 / (1.0 + excess) * (1 + 1e-12))


@pytest.mark.parametrize(("method", "share"), [("halekas", 0.95), ("lillis", 0.995)])
def test_most_sweeps_are_certified(method, share):
    settings = FitterConfig(method=method)
    certified = [fit(draw(regime, 40, 7, settings)[0], settings).is_certified for regime in REGIMES.values()]
    assert np.mean(certified) >= share


@pytest.mark.study
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("method", ["halekas", "lillis"])
def test_quality_over_all_regimes(method):
    settings = FitterConfig(method=method)
    found = [compare(settings, regime, 34, seed=31) for regime in REGIMES]
    excess = np.concatenate([e for _, e in found])
    certified = np.concatenate([r.is_certified for r, _ in found])
    assert excess.max() <= 1e-6
    assert np.mean(certified) >= (0.95 if method == "halekas" else 0.995)
    below = np.concatenate([r.chi2 * (1.0 - r.gap) for r, _ in found])
    assert np.all(below <= np.concatenate([r.chi2 for r, _ in found]) / (1.0 + excess) * (1 + 1e-12))


@pytest.mark.study
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("method", ["halekas", "lillis"])
def test_thousands_end_where_a_tighter_search_proves_the_minimum(method):
    settings = FitterConfig(method=method, intervals=False)
    tight = replace(settings, branch_and_bound=BranchAndBoundConfig(tolerance=1e-6, max_boxes=200_000))
    excess, is_proven = [], []
    for regime in REGIMES.values():
        batch, _ = draw(regime, 1000, 47, settings)
        batch = batch.take(batch.status == FitStatus.OK)
        proven = fit(batch, tight, dtype="float64")
        excess.append(fit(batch, settings).chi2 / proven.chi2 - 1.0)
        is_proven.append(proven.is_certified)
    excess, is_proven = np.concatenate(excess), np.concatenate(is_proven)
    assert len(excess) > 5000
    assert np.mean(excess <= 1e-6) >= 0.999
    assert excess.max() <= settings.branch_and_bound.tolerance
    assert is_proven.mean() >= 0.98
