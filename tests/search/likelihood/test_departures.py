"""What the instrument and the surroundings do beside the nominal model is found, or widens the interval."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from potrun.core.settings import DeviceConfig, FitterConfig, LikelihoodConfig
from potrun.losscone.counted import EXCLUSIONS, turned
from potrun.losscone.normalise import build_sweep_batch
from potrun.search import make_fitter
from potrun.search.likelihood.departures import dispersion, expected_deviance
from potrun.simulate.departures import Departures
from potrun.simulate.settings import Range
from tests.support.smeared import smeared_day

CFG = FitterConfig(method="likelihood")
BRIGHT = {
    "temperature_ev": Range(40.0, 100.0),
    "density_m3": Range(1e6, 2e6),
    "u_surface_v": Range(-60.0, -20.0),
    "b_ratio": Range(0.5, 0.8),
}


def fit(name, settings=CFG, number=12):
    table, geometry, potential, truth = smeared_day(number, 9011, Departures.only(name), **BRIGHT)
    batch = build_sweep_batch(table, geometry, potential, settings)
    result = make_fitter(settings, DeviceConfig(name="cpu", threads=1), fast=True).fit(batch)
    relative = (result.u_surface_v - truth.u_surface_v) / np.abs(truth.u_surface_v)
    inside = (result.intervals.u_lo95_v <= truth.u_surface_v) & (truth.u_surface_v <= result.intervals.u_hi95_v)
    return relative, inside, result


@pytest.mark.parametrize(("name", "allowed"), [("b_direction_deg", "field_direction_sigma_deg"),
                                               ("barrier_v", "barrier_sigma_v")])  # fmt: skip
def test_a_departure_is_found_where_it_is_allowed(name, allowed):
    relative, inside, _ = fit(name)
    without, _, _ = fit(name, replace(CFG, likelihood=LikelihoodConfig(**{allowed: 0.0})))
    assert np.median(np.abs(relative)) < 0.04
    assert np.median(np.abs(without)) > 1.5 * np.median(np.abs(relative))
    assert inside.mean() > 0.75


def test_cells_of_unlike_gain_are_a_misfit_that_widens_the_interval():
    _, _, result = fit("gains")
    assert (result.likelihood.deviance_per_freedom > 1.0).mean() > 0.8
    _, _, held = fit("gains", replace(CFG, likelihood=LikelihoodConfig(misfit_weight=0.0)))
    np.testing.assert_allclose(result.u_surface_v, held.u_surface_v)
    width, narrow = (x.intervals.u_hi95_v - x.intervals.u_lo95_v for x in (result, held))
    assert np.median(width / narrow) > 1.2
    assert (result.likelihood.sigma_systematic_v > held.likelihood.sigma_systematic_v).mean() > 0.8


def test_a_spacecraft_potential_that_is_off_moves_u_by_what_is_told():
    table, geometry, potential, _ = smeared_day(8, 9014, **BRIGHT)
    told = replace(CFG, likelihood=LikelihoodConfig(usc_sigma_v=2.0))
    batch = build_sweep_batch(table, geometry, potential, told)
    result = make_fitter(told, DeviceConfig(name="cpu", threads=1), fast=True).fit(batch)
    moved = []
    for shift in (-2.0, 2.0):
        off = build_sweep_batch(table, geometry, replace(potential, volts=potential.volts + shift), CFG)
        off = replace(off, mask=batch.mask, counts=batch.counts)
        moved.append(make_fitter(CFG, DeviceConfig(name="cpu", threads=1), fast=True).fit(off).u_surface_v)
    expected = np.abs(moved[1] - moved[0]) / 2.0
    effect = result.likelihood.sigma_usc_v
    assert np.median(np.abs(effect - expected) / expected) < 0.3
    assert (result.likelihood.sigma_systematic_v > 0.3 * effect).all()


def test_a_field_turned_there_and_back_is_the_same():
    table, geometry, potential, _ = smeared_day(3, 9012)
    batch = build_sweep_batch(table, geometry, potential, CFG)
    still = turned(batch, np.zeros((3, 2)))
    np.testing.assert_allclose(still.pitch_deg, batch.pitch_deg, atol=1e-4)
    np.testing.assert_allclose(still.share_row + still.share_part, batch.share_row + batch.share_part, atol=2e-4)
    off = turned(batch, np.array([[3.0, 0.0], [0.0, 3.0], [-2.0, 2.0]]))
    angle = np.degrees(np.arccos((off.axis * batch.axis).sum(-1)))
    np.testing.assert_allclose(angle, np.repeat([[3.0], [3.0], [np.sqrt(8.0)]], 15, axis=1), atol=1e-6)
    # A cell that the axis comes nearer to has a larger pitch angle, by the part of the turn that points to it.
    towards = np.radians(np.array([0.0, 90.0, 135.0]))[:, None, None]
    moved = angle[:, :, None] * np.cos(batch.around_rad - towards)
    near = np.abs(90.0 - batch.pitch_deg) < 60.0
    np.testing.assert_allclose((off.pitch_deg - batch.pitch_deg)[near], moved[near], atol=0.25)


def test_the_expected_deviance_is_that_of_poisson_numbers():
    # Values by summing 2 (n ln(n/m) - n + m) over the distribution by hand for few counts; 1 + 1/(6 m) for many.
    small = 2.0 * (np.exp(-0.01) * 0.01 + 0.01 * np.exp(-0.01) * (-np.log(0.01) - 1.0 + 0.01))
    values = expected_deviance(torch.tensor([1e-30, 0.01, 50.0, 1e6], dtype=torch.float64)).numpy()
    np.testing.assert_allclose(values, [0.0, small, 1.0 + 1.0 / 300.0, 1.0], rtol=0.01, atol=1e-4)


def test_what_is_left_out_is_counted_by_its_reason():
    table, geometry, potential, _ = smeared_day(6, 9013, density_m3=Range(5e6, 1e7), temperature_ev=Range(100.0, 200.0))
    batch = build_sweep_batch(table, geometry, potential, CFG)
    left = batch.left_out
    np.testing.assert_array_equal(left.sum(axis=1) + batch.mask.sum(axis=(1, 2)), 15 * 88)
    lit = table.to_sweeps(geometry.is_sunlit_cell, fill=False) if geometry.is_sunlit_cell is not None else np.zeros(1)
    assert left[:, 0].sum() == lit.sum()
    # The plasma is too bright for the rows of lowest energy: the dead-time correction masks their incident cells.
    assert (left[:, 1] > 0).all()
    assert left[:, 3].sum() > 0
    assert batch.exclusions() == dict(zip(EXCLUSIONS, left.sum(axis=0).tolist(), strict=True))


def test_a_sweep_that_is_described_keeps_its_interval():
    found = dispersion(torch.tensor([0.4, 1.0, 3.0]), CFG)
    np.testing.assert_allclose(found.numpy(), [1.0, 1.0, 1.0 + 2.0 * CFG.likelihood.misfit_weight])
