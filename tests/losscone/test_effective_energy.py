"""The energy that a channel stands for, and what it does to a fit of sweeps that a wide channel has smeared."""

from dataclasses import replace

import numpy as np

from potrun.core.records import SweepBatch
from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.losscone.effective_energy import CHANNEL_SIGMA, effective_energy
from potrun.losscone.normalise import build_sweep_batch
from potrun.plasma.constant import ConstantPotential
from potrun.search import make_fitter
from potrun.simulate.handover import to_records
from potrun.simulate.settings import SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps
from tests.support.sweeps import REGIMES, batch_of, draw


def test_a_power_law_shifts_every_channel_by_the_same_factor():
    energy = np.tile(np.geomspace(20000.0, 38.6, 15), (2, 1))
    energy[1] = np.random.default_rng(1).permutation(energy[1])
    found = effective_energy(energy, 7.0 * energy**-3.0)
    # The mean of ln E over a log-normal channel on E^-g, by numbers.
    z = np.linspace(-8, 8, 20001)
    weight = np.exp(-0.5 * z**2 - 3.0 * CHANNEL_SIGMA * z)
    shift = CHANNEL_SIGMA * (z * weight).sum() / weight.sum()
    np.testing.assert_allclose(found / energy, np.exp(shift), rtol=1e-9)


def test_rows_without_a_slope_have_no_effective_energy():
    energy = np.array([[100.0, 200.0, 400.0], [100.0, 200.0, 400.0], [100.0, 100.0, 400.0]])
    flux = np.array([[1.0, np.nan, 0.1], [np.nan, 1.0, 0.0], [1.0, 1.0, 0.1]])
    found = effective_energy(energy, flux)
    assert np.isfinite(found[0]).tolist() == [True, False, True]
    assert np.isnan(found[1]).all()
    assert found[2, 0] == found[2, 1] < 100.0


def smeared(n_sweeps, seed, slope):
    """Energies, pitch angles and flux of channels as wide as those that flew, without noise, and the true U."""
    batch, truth = draw(replace(REGIMES["sharp"], beam_share=0.0, u_v=(-500.0, -60.0)), n_sweeps, seed, FitterConfig())
    u, r = truth[:, 0, None], np.full((n_sweeps, 1), 0.9)
    z = np.linspace(-3, 3, 61)
    weight = np.exp(-0.5 * z**2 - slope * CHANNEL_SIGMA * z)
    kept = np.zeros(batch.pitch_deg.shape)
    for z_k, w_k in zip(z, weight / weight.sum(), strict=True):
        sine = np.clip(r * (1 + u / (batch.energy_ev * np.exp(CHANNEL_SIGMA * z_k))), 0, 1)
        edge = 180.0 - np.degrees(np.arcsin(np.sqrt(sine)))
        kept += w_k * (batch.pitch_deg <= edge[..., None])
    flux = batch.energy_ev[..., None] ** -slope * (0.05 + 0.95 * kept)
    return batch, flux, truth[:, 0]


def test_it_takes_most_of_the_bias_off_that_wide_channels_make():
    cfg = FitterConfig(beam_amplitude_fixed=0.0, log_offset=1.0, intervals=False)
    batch, flux, truth = smeared(40, 5, 3.0)
    plain = batch_of(batch.energy_ev, batch.usc_v, batch.pitch_deg, flux, cfg)
    shifted = effective_energy(plain.energy_ev, batch.energy_ev**-3.0)
    fields = {name: getattr(plain, name) for name in SweepBatch.__dataclass_fields__}
    bias = []
    for sweeps in (plain, SweepBatch(**{**fields, "energy_ev": shifted})):
        fit = make_fitter(cfg, DeviceConfig(name="cpu", threads=1), fast=True).fit(sweeps)
        bias.append(np.median(fit.u_surface_v / truth - 1.0))
    assert bias[0] > 0.15  # of |U|: the surface looks more negative than it is
    assert abs(bias[1]) < 0.3 * bias[0]


def test_a_day_is_fitted_at_its_effective_energies():
    table, geometry = to_records(simulate_sweeps(4, 9, SimulationSettings()))
    potential = ConstantPotential(30.0).estimate(table, geometry)
    plain, shifted = (
        build_sweep_batch(table, geometry, potential, FitterConfig(effective_energy=on)) for on in (False, True)
    )
    used = shifted.mask.any(axis=-1)
    assert used.any()
    assert (plain.energy_ev[used] >= 45.0).all()
    assert (plain.mask.any(axis=-1) & (plain.energy_ev < 45.0)).any()
    ratio = shifted.energy_ev[used] / plain.energy_ev[used]
    assert 0.7 < np.median(ratio) < 1.0
