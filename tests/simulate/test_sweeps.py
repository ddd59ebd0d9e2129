import numpy as np
import pytest

from potrun.core.errors import UsageError
from potrun.simulate.cells import CELLS_ON_CIRCLE, THETA_DEG, counts_per_flux, energy_grid_ev
from potrun.simulate.flags import with_flags
from potrun.simulate.observe import background_counts
from potrun.simulate.settings import Range, SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps


def test_same_seed_same_sweeps_other_seed_others():
    first, again, other = (simulate_sweeps(20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.flux, again.flux)
    assert not np.array_equal(first.flux, other.flux, equal_nan=True)


def test_counts_are_whole_and_poisson():
    made = simulate_sweeps(120, 5, SimulationSettings(scenario="ranges", flagged_fraction=0.0))
    sensitivity = counts_per_flux(made.energy_ev)
    counts = made.flux * sensitivity
    np.testing.assert_allclose(counts, np.round(counts), rtol=1e-12, atol=1e-9)
    expected = made.expected_flux * sensitivity + background_counts(10.0)
    for low, high in ((0.1, 1.0), (1.0, 10.0), (10.0, 1000.0)):
        some = (expected > low) & (expected < high)
        pull = (counts - expected)[some] / np.sqrt(expected[some])
        tolerance = 6.0 / np.sqrt(some.sum())
        assert abs(pull.mean()) < tolerance
        assert abs(pull.var() - 1.0) < tolerance * np.sqrt(2.0 + 1.0 / low)


def test_background_is_ten_counts_a_second_in_all():
    np.testing.assert_allclose(background_counts(10.0).sum(), 25.0)


def test_noise_free_sweeps_are_exactly_what_is_expected():
    quiet = SimulationSettings(
        scenario="ranges", counting_noise=False, background_counts_per_s=0.0, flagged_fraction=0.0
    )
    made = simulate_sweeps(10, 1, quiet)
    np.testing.assert_allclose(made.flux, made.expected_flux, rtol=1e-13)


def test_truth_keeps_to_the_stated_ranges():
    settings = SimulationSettings(
        scenario="ranges", u_surface_v=Range(-300.0, -100.0), b_ratio=Range(0.5, 0.6), kappa=Range(3.0, 3.5),
        density_m3=Range(1e6, 2e6, "log"), temperature_ev=Range(10.0, 20.0), usc="drawn",
        usc_sunlit_v=Range(5.0, 6.0), usc_shadow_v=Range(-50.0, -40.0), sunlit_fraction=0.3, disconnected_fraction=0.0,
    )  # fmt: skip
    made = simulate_sweeps(200, 2, settings)
    truth = made.truth
    for values, low, high in (
        (truth.u_surface_v, -300, -100), (truth.b_ratio, 0.5, 0.6), (truth.kappa, 3.0, 3.5),
        (truth.density_m3, 1e6, 2e6), (truth.temperature_ev, 10, 20),
        (truth.usc_v[made.spacecraft_in_sun], 5, 6), (truth.usc_v[~made.spacecraft_in_sun], -50, -40),
    ):  # fmt: skip
        assert low <= values.min() <= values.max() <= high
    assert 0.2 < made.spacecraft_in_sun.mean() < 0.4
    assert made.is_connected.all()
    assert set(np.unique(made.polarity)) == {-1, 1}


def test_balanced_potentials_have_the_sign_of_their_light():
    made = simulate_sweeps(300, 9, SimulationSettings(scenario="moon"))
    lit = made.spacecraft_in_sun
    assert made.truth.is_balanced.all()
    assert (made.truth.usc_v[lit] > 0).all()
    assert (made.truth.usc_v[~lit] < 0).all()
    day = made.footpoint_in_sun
    assert (np.abs(made.truth.u_surface_v[day]) < 20.0).all()
    assert (made.truth.u_surface_v[~day] < -15.0).all()


def test_disconnected_sweeps_have_no_cone():
    made = simulate_sweeps(60, 2, SimulationSettings(scenario="ranges", disconnected_fraction=0.5))
    apart = ~made.is_connected
    assert 10 < apart.sum() < 50
    assert np.isnan(made.pitch_deg[apart]).all()
    assert (made.expected_flux[apart] == made.expected_flux[apart][..., :1]).all()


def test_flags_are_missing_in_memory_and_numbers_in_a_table():
    made = simulate_sweeps(30, 8, SimulationSettings(flagged_fraction=0.01))
    assert {0, 1, 2, 3, 4} == set(np.unique(made.flag))
    assert made.flag.astype(bool).sum() == round(0.01 * made.flag.size)
    np.testing.assert_array_equal(np.isnan(made.flux), (made.flag == 1) | (made.flag == 2))
    np.testing.assert_array_equal(np.isnan(made.phi_deg), made.flag >= 3)
    assert np.isnan(made.pitch_deg[made.flag >= 3]).all()
    flux, phi = with_flags(made.flux, made.phi_deg, made.flag)
    assert set(flux[made.flag == 1]) == {9.999e-99}
    assert set(flux[made.flag == 2]) == {-9.99e-99}
    assert set(phi[made.flag == 3]) == {999.99}
    assert set(phi[made.flag == 4]) == {998.99}


def test_grids_span_what_the_mission_had():
    assert energy_grid_ev("40ev")[[0, -1]].tolist() == [16680.334, 38.641]
    assert 6.5 < energy_grid_ev("7ev")[-1] < 7.5
    assert (np.diff(energy_grid_ev("40ev")) < 0).all()


def test_cells_are_those_of_the_sample(sample_dir):
    np.testing.assert_array_equal(THETA_DEG, np.load(sample_dir / "truth.npz")["theta"])
    np.testing.assert_array_equal(np.loadtxt(sample_dir / "theta.tab"), THETA_DEG)
    assert (1.0 / CELLS_ON_CIRCLE).sum() == pytest.approx(8.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"beam_fraction": 1.5}, {"kappa": Range(1.4, 3.0)}, {"scenario": "mars"}, {"background_counts_per_s": -1.0},
        {"disconnected_fraction": 0.7, "grazing_fraction": 0.6}, {"flagged_fraction": float("nan")},
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError):
        SimulationSettings(**wrong)


@pytest.mark.parametrize("wrong", [(2.0, 1.0), (-1.0, 1.0, "log"), (0.0, 1.0, "cubic"), (float("nan"), 1.0)])
def test_ranges_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError):
        Range(*wrong)
