"""Peaks that were put in, by hand and by the simulator."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from potrun.core.settings import BeamConfig
from potrun.plots.beam import draw_beam
from potrun.results.load import RunResult
from potrun.studies.beam import Beams, detection_rates
from potrun.studies.beam_peak import UpwardFlux, find_peak, in_reach, upward_flux
from tests.support.results import PROVENANCE, make_day, make_geometry, make_table

ENERGY = 10.0 * 1.5 ** np.arange(15)


def flux(*ratios, sigma=0.01):
    ratio = np.array(ratios)
    return UpwardFlux(np.tile(ENERGY, (len(ratio), 1)), ratio, np.full_like(ratio, sigma))


def mirrored_below(energy_ev):
    """What comes up without a beam: everything below an energy, a twentieth above it."""
    return np.where(energy_ev > ENERGY, 1.0, 0.05)


def with_peak(channel, height):
    ratio = mirrored_below(ENERGY[channel] * 1.01)
    ratio[channel] = height
    return ratio


def peak(ratios, usc=0.0, **changed):
    found, excess = find_peak(flux(ratios), np.array([usc]), replace(BeamConfig(), **changed))
    return float(found[0]), float(excess[0])


def test_a_peak_is_found_at_its_channel():
    energy, excess = peak(with_peak(6, 1.5))
    assert energy == pytest.approx(ENERGY[6])
    assert excess == pytest.approx(0.5)


def test_a_peak_between_two_channels_lies_between_them():
    ratio = with_peak(6, 1.5)
    ratio[7] = 1.4
    energy, _ = peak(ratio)
    assert energy == pytest.approx(np.exp((0.5 * np.log(ENERGY[6]) + 0.4 * np.log(ENERGY[7])) / 0.9))


@pytest.mark.parametrize(
    ("ratio", "changed"),
    [
        (mirrored_below(200.0), {}),
        (with_peak(6, 1.05), {}),
        (with_peak(6, 1.5), {"least_sigma": 60.0}),
        (with_peak(6, 1.5), {"least_ratio_to_next": 1.6}),
        (with_peak(6, 1.5), {"usc": ENERGY[6] / 1.9}),
        (np.full(15, np.nan), {}),
        (np.where(np.arange(15) == 6, 2.0, np.nan), {}),
    ],
    ids=["mirrored", "weak", "few counts", "no peak", "photoelectrons", "empty", "alone"],
)
def test_what_is_no_peak(ratio, changed):
    assert np.isnan(peak(ratio, **changed)).all()


def test_beams_beyond_the_channels_cannot_be_found():
    reach = in_reach(np.array([[10.0, 100.0, np.nan]] * 3), np.array([5.0, 50.0, 150.0]))
    assert reach.tolist() == [False, True, False]


def test_upward_flux_is_relative_to_the_incident_one():
    table = make_table(dt.date(1998, 4, 15), (15, 14))
    pitch = np.tile(np.linspace(1, 179, 88), (table.n_rows, 1))
    geometry = replace(make_geometry(table), pitch_deg=pitch)
    theta = np.repeat([78.75, 56.25, 33.75, 11.25, -11.25, -33.75, -56.25, -78.75], [4, 8, 16, 16, 16, 16, 8, 4])
    table = replace(table, flux=np.where(pitch > 150, 3e5, 1e5), energy_ev=table.energy_ev[::-1].copy())
    found = upward_flux(table, geometry, theta, BeamConfig())
    np.testing.assert_allclose(found.ratio[0], 3.0)
    assert (np.diff(found.energy_ev[0]) > 0).all()
    assert np.isnan(found.energy_ev[1, -1])
    assert np.isfinite(found.ratio[1]).sum() == 14
    # Twice as strong along the field as across it, both ways: no beam.
    along = np.where(np.abs(pitch - 90) > 45, 2e5, 1e5)
    np.testing.assert_allclose(upward_flux(replace(table, flux=along), geometry, theta, BeamConfig()).ratio[0], 1.0)
    # A hundred times the counts, a tenth of the error.
    brighter = upward_flux(replace(table, flux=100 * table.flux), geometry, theta, BeamConfig())
    np.testing.assert_allclose(brighter.sigma[0], found.sigma[0] / 10)


def test_rates_count_what_was_put_in():
    """Of four beams one is found, one at a wrong energy, one is out of reach; of two sweeps without, one has a peak."""
    found = np.array([100.0, 300.0, np.nan, np.nan, 100.0, np.nan])
    beams = Beams(
        energy_ev=found, excess=found / 100, expected_ev=np.full(6, 110.0), taken=np.ones(6, bool),
        true_ev=np.full(6, 100.0), amplitude=np.array([1.5, 1.5, 1.5, 1.5, 0, 0]),
        is_in_reach=np.array([1, 1, 1, 0, 1, 1], bool),
    )  # fmt: skip
    rates = {(rate.kind, rate.group): (rate.hits, rate.sweeps) for rate in detection_rates(beams)}
    assert rates["detection", "all"] == rates["detection", "A 1 to 2"] == (1, 3)
    assert rates["false_alarm", "all"] == (1, 2)
    run = RunResult.from_days([make_day(sweep_rows=(15,) * 6)], PROVENANCE)
    labels = [text.get_text() for text in draw_beam(run, beams, detection_rates(beams)).axes[1].get_yticklabels()]
    assert "found: all (1 of 3)" in labels
    said = [text.get_text() for ax in draw_beam(run, beams, []).axes for text in ax.texts]
    assert "no truth: rates are unknown" in said


def test_beams_of_a_small_closure(tmp_path, run_small, closure_words):
    """Strong beams of moderate energy, and bright electrons: many are found where they are, and none without one."""
    words = ["experiment=closure", "studies=[beam]", *closure_words, "archive.instrument=ideal", "quality=all"]
    ranges = ["u_surface_v=[-120,-60]", "beam_fraction=0.5", "beam_amplitude=[3,5]", "density_m3=[5e6,1e7]"]
    _, folder = run_small(tmp_path, *words, *(f"archive.ranges.{word}" for word in ranges))
    rates = pd.read_csv(folder / "beam" / "rates.csv").set_index(["rate", "group (eV, amplitude)"])
    assert rates.loc[("detection", "all"), "share"] > 0.3
    assert rates.loc[("false alarm", "all"), "peaks"] == 0
    agreement = pd.read_csv(folder / "beam" / "agreement.csv").set_index(["U of the", "sweeps"])
    assert (agreement.loc[[("fit", "all"), ("truth", "all")], "within x1.5"] > 0.8).all()
    assert (folder / "beam" / "beam.png").stat().st_size > 30_000


def test_without_a_truth_rates_are_not_told(tmp_path, run_small, measured_like, caplog):
    words = ["experiment=beam", "archive=pds", f"archive.root={measured_like}", "device=cpu", "quality=all"]
    _, folder = run_small(tmp_path, *words)
    assert {path.name for path in (folder / "beam").glob("*.csv")} == {"agreement.csv"}
    assert (pd.read_csv(folder / "beam" / "agreement.csv")["U of the"] == "fit").all()
    assert "the archive has no truth" in caplog.text
