"""Intervals of U: what they hold, and what they do not depend on."""

import numpy as np
import pytest

from potrun.core.records import IntervalFlag
from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.losscone.normalise import build_sweep_batch
from potrun.plasma.constant import ConstantPotential
from potrun.search import make_fitter
from potrun.simulate.handover import to_records
from potrun.simulate.settings import Range, SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps

USC_V = 8.0
RANGES = SimulationSettings(
    scenario="ranges",
    usc="drawn",
    usc_sunlit_v=Range(USC_V, USC_V),
    usc_shadow_v=Range(USC_V, USC_V),
    disconnected_fraction=0.0,
    grazing_fraction=0.0,
)
"""Counting noise, a channel's finite width, a known spacecraft potential."""


def fitted(method: str, n_sweeps: int, seed: int, **kwargs):
    """Sweeps with noise, their fit and their truth."""
    sweeps = simulate_sweeps(n_sweeps, seed, RANGES)
    table, geometry = to_records(sweeps)
    settings = FitterConfig(method=method, **kwargs)
    batch = build_sweep_batch(table, geometry, ConstantPotential(USC_V).estimate(table, geometry), settings)
    return batch, make_fitter(settings, DeviceConfig(name="cpu", threads=1), fast=True).fit(batch), sweeps


@pytest.fixture(scope="module", params=["halekas", "lillis"])
def drawn(request):
    return (*fitted(request.param, 160, 3), request.param)


def test_intervals_are_nested_around_the_best_value(drawn):
    _, fit, _, _ = drawn
    has = np.isfinite(fit.u_surface_v)
    i = fit.intervals
    assert (i.u_lo95_v <= i.u_lo68_v)[has].all()
    assert (i.u_lo68_v <= fit.u_surface_v)[has].all()
    assert (fit.u_surface_v <= i.u_hi68_v)[has].all()
    assert (i.u_hi68_v <= i.u_hi95_v)[has].all()
    assert np.isnan(i.u_lo95_v[~has]).all()
    assert not i.is_identifiable[~has].any()


def test_intervals_hold_the_truth_about_as_often_as_they_say(drawn):
    _, fit, sweeps, _ = drawn
    truth, i = sweeps.truth.u_surface_v, fit.intervals
    has = np.isfinite(fit.u_surface_v)
    covered68 = ((i.u_lo68_v <= truth) & (truth <= i.u_hi68_v))[has].mean()
    covered95 = ((i.u_lo95_v <= truth) & (truth <= i.u_hi95_v))[has].mean()
    # 160 sweeps tell a share of 0.68 to 0.04 and one of 0.95 to 0.02: three of these each side.
    assert 0.55 < covered68 < 0.80
    assert 0.88 < covered95 < 0.995


def test_flags_say_what_the_ends_are(drawn):
    _, fit, _, _ = drawn
    i = fit.intervals
    open_below = i.flag & IntervalFlag.LOWER_OPEN != 0
    assert (i.u_lo95_v[open_below] == FitterConfig().u_min_v).all()
    assert not i.is_identifiable[open_below].any()
    limit_only = i.flag & IntervalFlag.UPPER_LIMIT_ONLY != 0
    assert (i.u_hi95_v[limit_only] >= 0).all()
    assert ((i.u_hi95_v - i.u_lo95_v)[i.is_identifiable] < 200.0).all()


def test_a_sweep_s_interval_depends_on_that_sweep_alone(drawn):
    batch, fit, _, method = drawn
    fitter = make_fitter(FitterConfig(method=method), DeviceConfig(name="cpu", threads=1, batch_size=7), fast=True)
    chosen = np.array([41, 3, 90, 17])
    few = fitter.fit(batch.take(chosen)).intervals
    for name in ("u_lo68_v", "u_hi68_v", "u_lo95_v", "u_hi95_v", "flag", "is_identifiable"):
        np.testing.assert_array_equal(getattr(few, name), getattr(fit.intervals, name)[chosen])


def test_they_can_be_switched_off():
    _, fit, _ = fitted("halekas", 8, 4, intervals=False)
    assert fit.intervals is None


def test_a_sweep_without_information_is_not_identifiable():
    sweeps = simulate_sweeps(8, 5, RANGES)
    table, geometry = to_records(sweeps)
    settings = FitterConfig(method="halekas")
    batch = build_sweep_batch(table, geometry, ConstantPotential(USC_V).estimate(table, geometry), settings)
    # Without reflected cells nothing tells where the cone's edge is.
    incident_only = type(batch)(
        energy_ev=batch.energy_ev,
        usc_v=batch.usc_v,
        pitch_deg=batch.pitch_deg,
        flux=batch.flux,
        mask=batch.mask & (batch.pitch_deg < 90.0),
        status=batch.status,
    )
    i = make_fitter(settings, DeviceConfig(name="cpu", threads=1), fast=True).fit(incident_only).intervals
    assert not i.is_identifiable.any()
    assert (i.flag & IntervalFlag.LOWER_OPEN != 0).all()
    assert (i.flag & IntervalFlag.UPPER_OPEN != 0).all()


def test_the_conventional_search_has_the_same_intervals_where_it_finds_the_minimum():
    sweeps = simulate_sweeps(6, 9, RANGES)
    table, geometry = to_records(sweeps)
    settings = FitterConfig(method="halekas")
    batch = build_sweep_batch(table, geometry, ConstantPotential(USC_V).estimate(table, geometry), settings)
    exact, conventional = (
        make_fitter(settings, DeviceConfig(name="cpu", threads=1), fast).fit(batch) for fast in (True, False)
    )
    same = np.isclose(exact.chi2, conventional.chi2, rtol=1e-6) & np.isclose(
        exact.u_surface_v, conventional.u_surface_v, rtol=1e-3
    )
    np.testing.assert_allclose(
        conventional.intervals.u_lo95_v[same], exact.intervals.u_lo95_v[same], rtol=0.05, atol=5.0
    )
    has = np.isfinite(conventional.u_surface_v)
    assert np.isfinite(conventional.intervals.u_lo95_v[has]).all()
