import numpy as np

from potrun.simulate import charging


def test_sample_potentials_balance_here_too(sample_dir):
    truth = np.load(sample_dir / "truth.npz")
    sun = truth["sweep_sc_sun"]
    density, temperature, kappa = truth["sweep_n"], truth["sweep_Te"], truth["sweep_kappa"]
    lit = charging.sunlit_potential_v(charging.electron_current_a_m2(density, temperature, kappa))
    dark = charging.shadow_potential_v(temperature, kappa)
    np.testing.assert_allclose(lit[sun], truth["sweep_Usc"][sun], rtol=0, atol=1e-6)
    np.testing.assert_allclose(dark[~sun], truth["sweep_Usc"][~sun], rtol=0, atol=1e-3)


def test_photo_current_of_print():
    np.testing.assert_allclose(charging.photo_current_a_m2(np.array([0.0])), 1.086e-6)


def test_unbalanced_plasma_says_so():
    hot = charging.shadow_potential_v(np.array([200.0]), np.array([4.0]))
    dense = charging.sunlit_potential_v(np.array([2e-6]))
    assert np.isnan([*hot, *dense]).all()


def test_mean_speed_approaches_a_maxwellian():
    temperature = np.array([20.0])
    current = charging.electron_current_a_m2(np.array([1e6]), temperature, np.array([1e6]))
    speed = np.sqrt(8.0 * temperature * charging.CHARGE_C / np.pi / charging.ELECTRON_KG)
    np.testing.assert_allclose(current, charging.CHARGE_C * 1e6 * speed / 4.0, rtol=1e-5)
