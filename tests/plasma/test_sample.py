"""Against the sample day of an independent implementation, whose instrument sees one energy a channel."""

from pathlib import Path

import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.records import PotentialStatus, SpacecraftPotential
from potrun.core.settings import DeviceConfig, SpacecraftPotentialConfig
from potrun.geometry.compute import GeometryModel
from potrun.plasma.estimate import make_potential_model


@pytest.fixture(scope="module")
def estimate(sample_dir: Path):
    archive = scan_archive(sample_dir)
    table = read_day(archive.days[0])
    geometry = GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path).compute(table)

    def run(response_width: float) -> SpacecraftPotential:
        cfg = SpacecraftPotentialConfig(kind="kappa", energy_response_width=response_width)
        return make_potential_model(cfg, DeviceConfig(name="cpu"), fast=True).estimate(table, geometry)

    return run


@pytest.fixture(scope="module")
def truth(sample_dir: Path):
    with np.load(sample_dir / "truth.npz") as file:
        return {name: file[name] for name in file.files if name.startswith("sweep_")}


def test_truth_is_recovered(estimate, truth):
    found = estimate(0.0)
    sunlit = truth["sweep_sc_sun"]
    assert (found.status <= PotentialStatus.AT_BOUND).mean() > 0.95
    error = np.abs(found.volts - truth["sweep_Usc"])
    assert np.nanmedian(error[sunlit]) < 0.1
    assert np.nanpercentile(error[sunlit], 90) < 0.5
    assert np.nanmedian(error[~sunlit]) < 1.0
    for values, name, limit in (
        (found.electron_temperature_ev, "sweep_Te", 0.05),
        (found.electron_density_m3, "sweep_n", 0.06),
        (found.kappa, "sweep_kappa", 0.03),
    ):
        assert np.nanmedian(np.abs(values / truth[name] - 1)) < limit
    for values, sigma, name in (
        (found.volts, found.sigma_volts, "sweep_Usc"),
        (found.electron_temperature_ev, found.sigma_electron_temperature_ev, "sweep_Te"),
        (found.electron_density_m3, found.sigma_electron_density_m3, "sweep_n"),
        (found.kappa, found.sigma_kappa, "sweep_kappa"),
    ):
        pull = np.abs(values - truth[name]) / sigma
        assert np.nanpercentile(pull, 95) < 3


def test_a_response_that_the_sample_lacks_costs_little(estimate, truth):
    error = np.abs(estimate(0.5).volts - truth["sweep_Usc"])
    assert np.nanmedian(error[truth["sweep_sc_sun"]]) < 0.5
