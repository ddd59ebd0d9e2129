"""A sweep's picture shows the fit that was made: its intervals are where the profile has risen by their limits."""

import numpy as np

from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.losscone.normalise import build_sweep_batch
from potrun.search import make_fitter
from potrun.search.likelihood.profile import LIMITS
from potrun.search.likelihood.seen import see
from tests.support.smeared import smeared_day

CFG = FitterConfig(method="likelihood")


def test_profile_and_intervals_are_one():
    table, geometry, potential, _ = smeared_day(1, 9001)
    batch = build_sweep_batch(table, geometry, potential, CFG)
    result = make_fitter(CFG, DeviceConfig(name="cpu", threads=1), fast=True).fit(batch)
    best = (result.u_surface_v[0], result.b_spacecraft_over_b_surface[0], result.beam_amplitude[0])
    seen = see(batch, best, CFG)
    for name, limit in LIMITS.items():
        ends = [getattr(result.intervals, f"u_{side}{name}_v")[0] for side in ("lo", "hi")]
        np.testing.assert_allclose(np.interp(ends, seen.profile_u_v, seen.profile_rise), limit, rtol=0.1)
    assert np.array_equal(np.isfinite(seen.residual), batch.mask[0])
    assert 0.1 < np.nanmean(seen.residual**2) < 1.5
