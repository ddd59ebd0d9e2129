"""Sweeps that penetrating particles dominate, with known rates put in."""

import dataclasses

import numpy as np
import pytest

from potrun.plasma.penetrating import penetrating, penetrating_of_day
from potrun.simulate.handover import to_records
from potrun.simulate.settings import SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps

LIMITS = (100.0, 0.5)


def of_background(counts_per_s, instrument="ideal", n=200):
    made = simulate_sweeps(
        n, 5, SimulationSettings("ranges", background_counts_per_s=counts_per_s, instrument=instrument)
    )
    table, geometry = to_records(made)
    seconds = 2.5 / np.repeat([16, 8, 4], [64, 16, 8])
    electrons = (made.expected_flux * seconds).sum(axis=2) * made.energy_ev * 0.02 / 2.5
    share = np.median(counts_per_s / (counts_per_s + electrons), axis=1)
    return penetrating_of_day(table, geometry), share


@pytest.mark.parametrize("instrument", ["ideal", "flown"])
def test_a_quiet_instrument_has_no_event_however_hot_or_thin_the_plasma(instrument):
    found, _ = of_background(10.0, instrument)
    assert not found.is_event(*LIMITS).any()


@pytest.mark.parametrize("instrument", ["ideal", "flown"])
def test_the_rate_and_the_share_that_were_put_in_are_found(instrument):
    found, share = of_background(3000.0, instrument)
    assert np.median(found.rate_per_s) == pytest.approx(3000.0, rel=0.06)
    is_event = found.is_event(*LIMITS)
    assert is_event[share > 0.6].all()
    assert not is_event[share < 0.4].any()
    assert (share > 0.6).sum() > 20
    assert (share < 0.4).sum() > 20


def test_electrons_that_fall_with_energy_are_none_however_many():
    energy = np.geomspace(16680.0, 38.6, 15)[None]
    for slope in (1.0, 2.0, 4.0):
        rate = 1e5 * (energy / 1000.0) ** -slope
        assert not penetrating(rate, energy).is_event(*LIMITS).any()


def test_the_order_of_the_channels_does_not_matter_and_a_sweep_without_high_ones_is_unknown():
    energy = np.geomspace(16680.0, 38.6, 15)[None]
    flat = np.full((1, 15), 500.0)
    assert penetrating(flat[:, ::-1], energy[:, ::-1]).is_event(*LIMITS).all()
    flat[0, 1] = np.nan
    found = penetrating(flat, energy)
    assert np.isnan(found.rate_per_s).all()
    assert not found.is_event(*LIMITS).any()


def test_without_inclinations_nothing_is_known():
    table, geometry = to_records(simulate_sweeps(3, 1))
    found = penetrating_of_day(table, dataclasses.replace(geometry, theta_deg=None))
    assert np.isnan(found.share).all()
    assert not found.is_event(*LIMITS).any()
