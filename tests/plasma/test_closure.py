"""Truth put in, truth got out: spectra from the simulator, which shares no physics with the estimate."""

import numpy as np
import pytest

from potrun.core.records import PotentialStatus
from potrun.core.settings import DeviceConfig, SpacecraftPotentialConfig
from potrun.plasma.estimate import make_potential_model
from potrun.simulate.handover import to_records
from potrun.simulate.settings import Range, SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps

MODEL_SETTINGS = SpacecraftPotentialConfig(kind="kappa")


def close(count: int, seed: int, **settings):
    """Simulate and estimate; returns truth, estimate, and which sweeps are sunlit."""
    sweeps = simulate_sweeps(count, seed, SimulationSettings(scenario="ranges", **settings))
    model = make_potential_model(MODEL_SETTINGS, DeviceConfig(name="cpu"), fast=True)
    return sweeps.truth, model.estimate(*to_records(sweeps)), sweeps.spacecraft_in_sun


@pytest.mark.parametrize("grid", ["7ev", "40ev"])
def test_the_usual_sunlit_plasma_is_recovered(grid):
    truth, found, _ = close(
        60, 1, grid=grid, sunlit_fraction=1.0, density_m3=Range(1e6, 1e6), temperature_ev=Range(20.0, 20.0)
    )
    assert (found.status == PotentialStatus.OK).mean() > 0.9
    assert np.nanmedian(np.abs(found.volts - truth.usc_v)) < 0.3
    assert np.nanmedian(np.abs(found.electron_temperature_ev / 20.0 - 1)) < 0.05


@pytest.mark.parametrize("grid", ["7ev", "40ev"])
def test_photoelectrons_below_the_potential_do_not_disturb(grid):
    truth, found, _ = close(
        60, 2, grid=grid, sunlit_fraction=1.0, density_m3=Range(1e5, 3e5, "log"), temperature_ev=Range(40.0, 200.0)
    )
    assert np.nanmedian(truth.usc_v) > 15
    assert np.nanpercentile(np.abs(found.volts - truth.usc_v), 90) < 0.5


def test_shadow_is_recovered_within_its_errors():
    truth, found, _ = close(80, 3, sunlit_fraction=0.0, temperature_ev=Range(5.0, 60.0, "log"))
    balanced = truth.is_balanced
    pull = (found.volts - truth.usc_v)[balanced] / found.sigma_volts[balanced]
    assert np.nanmedian(np.abs(found.volts - truth.usc_v)[balanced]) < 1.0
    assert np.nanpercentile(np.abs(pull), 95) < 3
    np.testing.assert_allclose(np.nanmedian(found.electron_density_m3 / truth.density_m3), 1.0, atol=0.05)


def test_what_cannot_be_balanced_is_not_given_a_potential():
    """Where the simulator found no balance and drew a potential, the estimate finds none either."""
    truth, found, _ = close(200, 4)
    assert np.isnan(found.volts[~truth.is_balanced]).mean() > 0.95


@pytest.mark.study
@pytest.mark.parametrize("grid", ["7ev", "40ev"])
def test_the_whole_range_closes_within_its_errors(grid):
    for seed in range(5):
        truth, found, sunlit = close(1080, seed, grid=grid)
        good = truth.is_balanced & (found.status == PotentialStatus.OK)
        for light in (sunlit, ~sunlit):
            pull = np.abs(found.volts - truth.usc_v)[good & light] / found.sigma_volts[good & light]
            assert np.mean(pull > 3) < 0.05
        warm = good & (truth.temperature_ev > 12)
        assert np.median(np.abs(found.volts - truth.usc_v)[warm]) < 0.5
        assert np.median(np.abs(found.kappa - truth.kappa)[warm]) < 0.1


@pytest.mark.study
def test_both_solvers_agree_on_a_hundred_sweeps_of_all_kinds():
    sweeps = simulate_sweeps(200, 11, SimulationSettings(scenario="ranges", grid="7ev"))
    table, geometry = to_records(sweeps)
    fast, slow = (
        make_potential_model(MODEL_SETTINGS, DeviceConfig(name="cpu"), fast=choice).estimate(table, geometry)
        for choice in (True, False)
    )
    volts = np.isclose(fast.volts, slow.volts, atol=0.1, equal_nan=True)
    plasma = np.isclose(fast.electron_temperature_ev, slow.electron_temperature_ev, rtol=0.01, equal_nan=True)
    assert np.mean(volts & plasma) >= 0.99
