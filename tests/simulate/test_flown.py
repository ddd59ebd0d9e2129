import numpy as np
import pytest

from potrun.core.errors import UsageError
from potrun.simulate import flown
from potrun.simulate.departures import MODERATE, Departures
from potrun.simulate.detector import counted, photon_direction, truncated
from potrun.simulate.handover import to_records
from potrun.simulate.optics import Channels, collect, directions, spot
from potrun.simulate.settings import SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps

QUIET = {"counting_noise": False, "flagged_fraction": 0.0, "background_counts_per_s": 0.0, "sunlight": False}


def _made(instrument, n=60, seed=3, **settings):
    return simulate_sweeps(n, seed, SimulationSettings(scenario="ranges", instrument=instrument, **settings))


def test_cells_and_channels_shrunk_to_nothing_are_the_ideal_instrument():
    ideal = _made("ideal", energy_response=False, flagged_fraction=0.0)
    rng = np.random.default_rng(1)
    shrunk = flown.expected_flux(
        ideal.energy_ev, ideal.b_scd_nt, ideal.phi_deg, ideal.polarity, ideal.truth, 0.05, Departures(), rng, size=0.0
    )
    np.testing.assert_allclose(shrunk, ideal.expected_flux, rtol=1e-8)


def test_the_cells_lose_the_solid_angle_of_the_cone():
    cone = np.radians(np.linspace(15.0, 85.0, 40))
    one = np.ones((40, 1))
    channels = Channels(flux=one, cone_cosine=np.cos(cone)[:, None], background=0 * one, beam=0 * one)
    axis = np.random.default_rng(2).standard_normal((40, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    made = simulate_sweeps(3, 1)
    phi = np.resize(made.phi_deg.reshape(-1, 88), (40, 88))
    seen = collect(channels, axis, phi, np.full(40, 7.5), 0.0, 1.0)
    theta = np.degrees(directions(0.0)[0][:, 0])
    cells = np.array([{11: 16, 33: 16, 56: 8, 78: 4}[int(abs(value))] for value in theta])
    top, bottom = np.radians(theta + 11.25), np.radians(theta - 11.25)
    omega = (np.sin(top) - np.sin(bottom)) * 2 * np.pi / cells
    assert omega.sum() == pytest.approx(4 * np.pi)
    lost = ((1 - seen) * omega).sum(axis=1)
    np.testing.assert_allclose(lost, 2 * np.pi * (1 - np.cos(cone)), rtol=0.01)


def test_a_cone_is_smeared_by_the_cells_and_not_by_the_ideal_instrument():
    smeared, sharp = (_made(name, **QUIET) for name in ("flown", "ideal"))

    def partly_lost(made):
        level = made.expected_flux / made.expected_flux.max(axis=2, keepdims=True)
        return ((level > 0.2) & (level < 0.8) & np.isfinite(made.pitch_deg)).mean()

    assert partly_lost(smeared) > 3 * partly_lost(sharp)


def test_counts_keep_five_bits():
    assert truncated(np.array([0.0, 1.0, 31.0, 33.0, 63.0, 64.0, 1023.0])).tolist() == [0, 1, 31, 32, 62, 64, 992]
    counts = np.arange(1.0, 1e5)
    assert (truncated(counts) <= counts).all()
    assert (truncated(counts) > counts * (1 - 1 / 16)).all()


def test_dead_time_is_corrected_where_it_is_known_and_masked_where_it_is_large():
    expected = np.full((1, 88), 20.0)
    back, masked = counted(expected, 0.0, None)
    np.testing.assert_allclose(back, expected, rtol=1e-12)
    assert not masked.any()
    low, _ = counted(1e3 * expected, 0.5, None)
    assert (low < 1e3 * expected).all()
    _, masked = counted(1e6 * expected, 0.0, None)
    assert masked.all()


def test_sunlight_stands_at_azimuth_180_and_fills_the_cells_there():
    made = _made("flown", n=40, sunlit_fraction=1.0)
    lit = made.is_sunlit_cell
    away = np.abs(made.phi_deg[lit] - 180.0)
    theta = np.broadcast_to(np.degrees(directions(0.0)[0][:, 0]), lit.shape)[lit]
    assert lit.any(axis=(1, 2)).all()
    assert away[np.abs(theta) < 12].max() < 45
    np.testing.assert_allclose(photon_direction(np.array([0.0]))[0], [-1, 0, 0], atol=1e-15)
    dark = _made("flown", n=40, sunlit_fraction=1.0, sunlight=False)
    assert not dark.is_sunlit_cell.any()
    _, geometry = to_records(made)
    assert geometry.is_sunlit_cell.sum() == lit.sum()


def test_a_spot_is_as_bright_as_its_cell_is_near():
    made = simulate_sweeps(1, 1)
    phi = made.phi_deg[0, :1]
    theta = np.radians(22.5 / 2)
    towards = np.array(
        [[np.cos(theta) * np.cos(np.radians(phi[0, 3])), np.cos(theta) * np.sin(np.radians(phi[0, 3])), np.sin(theta)]]
    )
    assert np.argmax(spot(towards, phi, 6.0)) == 3


def test_each_departure_changes_the_flux_and_none_is_forgotten():
    plain = _made("flown", **QUIET, beam_fraction=1.0)
    for name in MODERATE:
        changed = _made("flown", **QUIET, beam_fraction=1.0, departures=Departures.only(name))
        field = "flux" if name in ("dead_time_us", "gains") else "expected_flux"
        before, after = getattr(plain, field), getattr(changed, field)
        assert np.nanmax(np.abs(after / before - 1)) > 1e-4, name
    with pytest.raises(UsageError, match="choose from b_direction_deg"):
        Departures.only("b_directon")
    with pytest.raises(UsageError, match="out of range"):
        Departures(r_drift=-1)
    with pytest.raises(UsageError, match="instrument=flown"):
        SimulationSettings(departures=Departures.moderate())


def test_the_background_falls_from_twice_to_three_fifths():
    channels = flown._channels(
        np.geomspace(16680.0, 38.6, 15)[None], simulate_sweeps(1, 1).truth, 0.05, Departures(background_slope=0.7), 1.0
    )
    assert channels.background[0, 0] == pytest.approx(0.03)
    assert channels.background[-1, 0] == pytest.approx(0.10)
