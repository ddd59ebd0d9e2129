"""Properties that every answer of the exact search must have, whatever the sweep."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potrun.core.errors import UsageError
from potrun.core.records import AtBound, FitStatus, SweepBatch
from potrun.core.settings import BranchAndBoundConfig, DeviceConfig, FitterConfig
from potrun.search import make_fitter
from potrun.search.base import public_chi2
from tests.support.sweeps import REGIMES, batch_of, draw, noise_free

METHODS = ["halekas", "lillis"]
FIELDS = ["u_surface_v", "b_spacecraft_over_b_surface", "beam_amplitude", "chi2", "gap", "is_certified", "status"]


def fit(batch, cfg, **device):
    return make_fitter(cfg, DeviceConfig(name="cpu", **device), fast=True).fit(batch)


def assert_same(a, b, index=slice(None)):
    for name in FIELDS:
        assert getattr(a, name)[index].tobytes() == getattr(b, name).tobytes(), name


def mixed(method, n=8, seed=3, **options):
    cfg = FitterConfig(method=method, **options)
    parts = [draw(regime, n, seed, cfg)[0] for regime in REGIMES.values()]
    names = SweepBatch.__dataclass_fields__
    return SweepBatch(**{k: np.concatenate([getattr(p, k) for p in parts]) for k in names}), cfg


@pytest.mark.parametrize("method", METHODS)
def test_same_bytes_for_any_chunk_order_and_threads(method):
    batch, cfg = mixed(method)
    whole = fit(batch, cfg)
    assert_same(whole, fit(batch, cfg, batch_size=7))
    assert_same(whole, fit(batch, cfg, batch_size=5, threads=2))
    order = np.random.default_rng(1).permutation(batch.n_sweeps)
    assert_same(whole, fit(batch.take(order), cfg), order)
    few = [0, 13, 26]
    for i in few:
        assert_same(whole, fit(batch.take(slice(i, i + 1)), cfg), slice(i, i + 1))


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**20), regime=st.sampled_from(sorted(REGIMES)))
def test_no_parameters_lie_below_the_proven_bound(method, seed, regime):
    cfg = FitterConfig(method=method)
    batch, truth = draw(REGIMES[regime], 3, seed, cfg)
    result = fit(batch, cfg)
    bound = result.chi2 * (1.0 - result.gap)
    rng = np.random.default_rng(seed)
    for trial in range(60):
        u = 30.0 - np.exp(rng.uniform(np.log(10.0), np.log(2030.0), 3))
        points = np.stack([u, rng.uniform(0.3, 1.1, 3), rng.uniform(0, 5, 3) * (trial % 2)], axis=1)
        if trial % 3 == 0:
            points = np.clip(truth * rng.normal(1, 0.1, truth.shape), [-2000, 0.3, 0], [20, 1.1, 5])
        chi2 = public_chi2(batch, points, cfg)
        assert np.all((bound <= chi2 * (1 + 1e-12)) | (result.status == FitStatus.TOO_FEW_CELLS))


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**20))
def test_scaling_a_row_and_missing_cells_change_nothing(method, seed):
    cfg = FitterConfig(method=method)
    batch, _ = draw(REGIMES["charged"], 3, seed, cfg)
    # Normalise once more on both sides: dividing by a mean of nearly one may change the last bit.
    batch = batch_of(batch.energy_ev, batch.usc_v, batch.pitch_deg, batch.flux, cfg)
    raw, _ = draw(REGIMES["charged"], 3, seed, cfg)
    base = fit(batch, cfg)
    # Powers of two scale exactly; the normalisation divides them out again.
    scale = 2.0 ** np.random.default_rng(seed).integers(-3, 4, (3, 15, 1))
    assert_same(base, fit(batch_of(batch.energy_ev, batch.usc_v, batch.pitch_deg, raw.flux * scale, cfg), cfg))
    hidden = np.where(batch.mask, batch.flux, np.nan)
    other = replace(batch, flux=hidden, pitch_deg=np.where(batch.mask, batch.pitch_deg, np.nan))
    assert_same(base, fit(other, cfg))


@pytest.mark.parametrize("method", METHODS)
def test_row_order_does_not_matter_to_the_minimum(method):
    cfg = FitterConfig(method=method)
    batch, _ = draw(REGIMES["low_energies"], 6, 5, cfg)
    turned = replace(
        batch, **{k: getattr(batch, k)[:, ::-1] for k in ("energy_ev", "usc_v", "pitch_deg", "flux", "mask")}
    )
    np.testing.assert_allclose(fit(batch, cfg).chi2, fit(turned, cfg).chi2, rtol=cfg.branch_and_bound.tolerance)


@pytest.mark.parametrize("method", METHODS)
def test_table_formats_agree(method):
    batch, cfg = mixed(method, n=4)
    base, other = fit(batch, cfg), fit(batch, cfg, dtype="float64")
    np.testing.assert_allclose(base.chi2, other.chi2, rtol=1e-6)
    assert other.is_certified.mean() >= 0.9
    bound = other.chi2 * (1 - other.gap)
    assert np.all(bound <= base.chi2 * (1 + 1e-12))


@pytest.mark.parametrize("method", METHODS)
def test_what_the_tolerance_leaves_is_found(method):
    batch, cfg = mixed(method, n=20, seed=21, intervals=False)
    tight = replace(cfg, branch_and_bound=BranchAndBoundConfig(tolerance=1e-6, max_boxes=200_000))
    proven = fit(batch, tight, dtype="float64")
    assert proven.is_certified.mean() > 0.97
    # A search that stopped at its tolerance would be above by up to 3e-4, in some of these sweeps by more than 1e-6.
    np.testing.assert_array_less(fit(batch, cfg).chi2, proven.chi2 * (1.0 + 1e-6))


def test_a_format_that_cannot_hold_the_costs_is_refused():
    batch, cfg = mixed("lillis", n=1)
    flux = np.where(batch.pitch_deg > 90, 1e25, batch.flux)
    with pytest.raises(UsageError, match="dtype=float32 cannot hold.*device.dtype=float64"):
        fit(replace(batch, flux=flux), cfg, dtype="float32")
    assert fit(replace(batch, flux=flux), cfg, dtype="float64").n_valid_cells.any()


@pytest.mark.parametrize(
    "options",
    [
        {"beam_amplitude_fixed": 0.0},
        {"beam_amplitude_fixed": 0.7},
        {"beam_amplitude_max": 0.0},
        {"beam_angle_deg": 40.0, "beam_width_ev": 60.0},
        {"beam_angle_deg": 0.5, "beam_width_ev": 1.0},
        {"background": 0.3},
        {"u_min_v": -300.0, "u_max_v": 0.0, "ratio_min": 0.8, "ratio_max": 0.9},
        {"u_min_v": -20000.0, "ratio_max": 2.0},
        {"normalisation": "ratio2"},
        {"normalisation_reference": "max"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", METHODS)
def test_every_option_is_searched_and_never_beaten(method, options):
    cfg = FitterConfig(method=method, chi2_max=1e9, **options)
    batch, _ = draw(REGIMES["charged"], 6, 9, cfg)
    result = fit(batch, cfg)
    bound = result.chi2 * (1 - result.gap)
    rng = np.random.default_rng(0)
    low, high = (0.0, cfg.beam_amplitude_max) if cfg.beam_amplitude_fixed is None else (cfg.beam_amplitude_fixed,) * 2
    fitted = result.status == FitStatus.OK
    assert fitted.any()
    for _ in range(200):
        points = np.stack(
            [
                rng.uniform(cfg.u_min_v, cfg.u_max_v, 6),
                rng.uniform(cfg.ratio_min, cfg.ratio_max, 6),
                rng.uniform(low, high, 6),
            ],
            axis=1,
        )
        assert np.all(bound[fitted] <= public_chi2(batch, points, cfg)[fitted] * (1 + 1e-12))
    assert np.all((result.u_surface_v >= cfg.u_min_v) & (result.u_surface_v <= cfg.u_max_v) | ~fitted)
    assert np.all((result.beam_amplitude >= low) & (result.beam_amplitude <= high) | ~fitted)


@pytest.mark.parametrize("method", METHODS)
def test_noise_free_truth_comes_back(method):
    cfg = FitterConfig(method=method)
    batch, truth = draw(replace(noise_free(REGIMES["sharp"]), beam_share=0.0), 8, 1, cfg)
    result = fit(batch, cfg)
    fitted = result.status == FitStatus.OK
    if method == "halekas":
        assert result.chi2.max() < 1e-2
        assert np.median(np.abs(result.u_surface_v - truth[:, 0]) / np.abs(truth[:, 0])) < 0.05
        assert np.median(np.abs(result.b_spacecraft_over_b_surface - truth[:, 1])) < 0.02
    assert np.all(result.is_certified[fitted])


def test_sweeps_without_a_fit_leave_before_the_search():
    cfg = FitterConfig(method="lillis")
    batch, _ = draw(REGIMES["sharp"], 4, 2, cfg)
    mask = batch.mask.copy()
    mask[1] = False
    status = batch.status.copy()
    status[1] = FitStatus.TOO_FEW_CELLS
    seen = []
    fitter = make_fitter(cfg, DeviceConfig(name="cpu"), fast=True)
    result = fitter.fit(replace(batch, mask=mask, status=status), lambda n, chi2: seen.append((n, len(chi2))))
    assert result.status[1] == FitStatus.TOO_FEW_CELLS
    assert np.isnan(result.u_surface_v[1])
    assert np.isnan(result.chi2[1])
    assert result.n_valid_cells[1] == 0
    assert not result.is_certified[1]
    assert seen == [(4, 3)]
    nothing = fit(batch.take(slice(0, 0)), cfg)
    assert nothing.chi2.shape == (0,)


def test_a_poor_lillis_fit_keeps_chi2_and_loses_its_potential():
    cfg = FitterConfig(method="lillis", chi2_max=1e-6)
    batch, _ = draw(REGIMES["sharp"], 3, 2, cfg)
    result = fit(batch, cfg)
    assert np.all(result.status == FitStatus.CHI2_ABOVE_LIMIT)
    assert np.all(np.isfinite(result.chi2) & np.isnan(result.u_surface_v))


def test_parameters_on_a_bound_are_marked():
    cfg = FitterConfig(u_min_v=-30.0, beam_amplitude_max=0.0)
    batch, _ = draw(replace(REGIMES["sharp"], u_v=(-700.0, -500.0), beam_share=0.0, counts=3000.0), 6, 4, cfg)
    result = fit(batch, cfg)
    assert np.mean((result.at_bound & AtBound.U_LOWER) > 0) > 0.3


def test_a_sweep_that_tells_nothing_is_on_every_bound():
    cfg = FitterConfig()
    batch, _ = draw(REGIMES["sharp"], 2, 2, cfg)
    incident_only = replace(batch, mask=batch.mask & (batch.pitch_deg < 90.0))
    result = fit(incident_only, cfg)
    everywhere = AtBound.U_LOWER | AtBound.U_UPPER | AtBound.RATIO_LOWER | AtBound.RATIO_UPPER
    assert np.all(result.at_bound & everywhere == everywhere)
    np.testing.assert_allclose(result.u_surface_v, 30.0 - np.sqrt((30.0 - cfg.u_max_v) * (30.0 - cfg.u_min_v)))


def test_an_error_leaves_the_waiting_chunks_alone(monkeypatch):
    batch, cfg = mixed("halekas", n=4)
    fitter = make_fitter(cfg, DeviceConfig(name="cpu", threads=2, batch_size=1), fast=True)
    search, searched = fitter._search_chunk, []
    monkeypatch.setattr(fitter, "_search_chunk", lambda *a: searched.append(1) or search(*a))

    def stop(finished, chi2):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitter.fit(batch, stop)
    assert len(searched) < batch.n_sweeps


def test_a_capped_search_says_so():
    batch, cfg = mixed("halekas", n=3)
    cfg = replace(cfg, branch_and_bound=BranchAndBoundConfig(max_boxes=60))
    result = fit(batch, cfg)
    assert not result.is_certified.all()
    assert np.all(result.is_certified == (result.gap <= cfg.branch_and_bound.tolerance))
