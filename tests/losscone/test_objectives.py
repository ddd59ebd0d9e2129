"""The public objectives against an independent implementation."""

import numpy as np
import pytest
import torch

from potrun.core.records import FitStatus
from potrun.core.settings import FitterConfig
from potrun.losscone.normalise import build_sweep_batch
from potrun.losscone.objectives import evaluate, squared_differences
from tests.support.sample_records import constant_potential, sample_table_and_geometry


def chi2_of(batch, u, r, a, settings, xp=np):
    arrays = [batch.energy_ev, batch.usc_v, batch.pitch_deg, batch.flux, batch.mask]
    arrays = [xp.asarray(x)[:, None] for x in arrays]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(evaluate(*arrays, xp.asarray(u), xp.asarray(r), xp.asarray(a), settings))


@pytest.fixture(scope="module")
def sample(sample_dir):
    return (*sample_table_and_geometry(sample_dir), np.load(sample_dir / "objective.npz"))


@pytest.mark.parametrize("method", ["halekas", "lillis"])
@pytest.mark.parametrize("usc", [0, 8, -25])
@pytest.mark.parametrize("xp", [np, torch], ids=["numpy", "torch"])
def test_agrees_with_the_independent_sample(sample, method, usc, xp):
    table, geometry, expected = sample
    settings = FitterConfig(method=method)
    batch = build_sweep_batch(table, geometry, constant_potential(table.n_sweeps, usc), settings)
    chi2 = chi2_of(batch, expected["u_surface"], expected["b_ratio"], expected["beam_amplitude"], settings, xp)
    truth = expected[f"chi2_{method}_usc{usc:+d}"]
    fitted = batch.status == FitStatus.OK
    assert np.array_equal(fitted, ~np.isnan(truth).any(axis=1))
    np.testing.assert_allclose(chi2[fitted], truth[fitted], rtol=1e-9)


def test_another_fit_is_never_judged_by_a_classic_objective():
    one = np.ones((15, 88))
    with pytest.raises(ValueError, match="expected one of halekas, lillis"):
        squared_differences(one[:, 0], one[:, 0], one, one, one > 0, 0.0, 0.5, 0.0, FitterConfig(method="likelihood"))
