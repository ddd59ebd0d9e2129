import numpy as np
import pytest

from potrun.results.recovery import Recovery, measures


def made_up(n=20_000, sigma=10.0, sigma_usc=0.0, claimed=10.0):
    """Potentials with normal errors, and intervals that claim a standard deviation."""
    rng = np.random.default_rng(5)
    true = -rng.uniform(50, 500, n)
    found = true + np.hypot(sigma, sigma_usc) * rng.standard_normal(n)
    half = {"68": 0.994 * claimed, "95": 1.96 * claimed}
    return Recovery(
        u_true_v=true,
        u_found_v=found,
        low_v={p: found - h for p, h in half.items()},
        high_v={p: found + h for p, h in half.items()},
        sigma_usc_v=np.full(n, sigma_usc),
        is_identifiable=np.arange(n) % 2 == 0,
    )


def test_right_intervals_cover_as_they_claim():
    numbers = measures(made_up(), np.ones(20_000, bool))
    assert numbers["coverage68"] == pytest.approx(0.68, abs=0.015)
    assert numbers["coverage95"] == pytest.approx(0.95, abs=0.01)
    assert numbers["bias_v"] == pytest.approx(0, abs=0.3)
    assert numbers["scatter_v"] == pytest.approx(10, rel=0.03)
    assert numbers["identifiable_fraction"] == 0.5


def test_intervals_that_are_too_narrow_are_seen():
    numbers = measures(made_up(claimed=3.0), np.ones(20_000, bool))
    assert numbers["coverage68"] < 0.3


def test_the_error_of_the_spacecraft_potential_widens_intervals():
    numbers = measures(made_up(sigma_usc=20.0), np.ones(20_000, bool))
    assert numbers["coverage68"] < 0.4
    assert numbers["coverage68_with_usc"] == pytest.approx(0.68, abs=0.015)


def test_open_ends_hold_everything_beyond():
    found = made_up(4)
    found.high_v["95"][:] = np.inf
    assert (found.is_covered("95") == (found.u_true_v >= found.low_v["95"])).all()


def test_nothing_gives_nan():
    numbers = measures(made_up(4), np.zeros(4, bool))
    assert numbers["sweeps"] == 0
    assert np.isnan(numbers["bias_v"])
    assert np.isnan(numbers["coverage95"])


def test_half_and_twice_are_the_limits_of_off_by_2():
    found = made_up(4)
    found.u_found_v[:] = found.u_true_v * np.array([0.49, 0.51, 1.99, 2.01])
    assert measures(found, np.ones(4, bool))["off_by_2_fraction"] == 0.5
