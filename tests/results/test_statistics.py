import math

import numpy as np
import pytest

from potrun.core.records import Environment, FitStatus
from potrun.results.load import RunResult
from potrun.results.statistics import illumination, statistics, weighted_median
from tests.support.results import PROVENANCE, make_day

NAN = math.nan


def by_hand(**changes):
    """Six sweeps: three sunlit, two in shadow, one without a footpoint."""
    columns = dict(make_day(sweep_rows=(15,) * 6).columns)
    columns |= {
        "spec_u_surface": np.array([1.0, 3.0, 10.0, -100.0, -300.0, NAN]),
        "spec_fit_chi2": np.array([1.0, 2.0, 3.0, 4.0, 5.0, NAN]),
        "spec_has_fit": np.array([True] * 5 + [False]),
        "spec_fit_status": np.array([0, 0, 0, 0, 0, FitStatus.NO_CONNECTION], np.int8),
        "spec_fit_certified": np.array([True, True, True, True, False, False]),
        "spec_at_bound": np.array([0, 0, 2, 0, 0, 0], np.int8),
        "spec_projection_latitude": np.array([0.0, 1, 2, 3, 4, NAN]),
        "spec_projection_in_sun": np.array([True, True, True, False, False, False]),
        "spec_u_lo68": np.array([0.0, 2.0, -40.0, -110.0, -500.0, NAN]),
        "spec_u_hi68": np.array([2.0, 4.0, 60.0, -90.0, -100.0, NAN]),
        "spec_u_identifiable": np.array([True, True, True, True, False, False]),
        "spec_environment_class": np.array([1, 1, 1, 5, 5, 0], np.int8),
        "spec_electron_temperature": np.array([10.0, 20, 30, 40, NAN, NAN]),
        **changes,
    }
    return RunResult(columns, PROVENANCE)


def test_against_values_by_hand():
    numbers = statistics(by_hand(), "all")
    expected = {
        "sweeps": 6,
        "rows": 90,
        "days": 1,
        "fitted": 5,
        "fit_fraction": 5 / 6,
        "certified_fraction": 0.8,
        "at_bound_fraction": 0.2,
        "chi2/count": 5,
        "chi2/mean": 3,
        "chi2/median": 3,
        "chi2/p05": 1.2,
        "chi2/p25": 2,
        "chi2/p75": 4,
        "chi2/p95": 4.8,
        "chi2/max": 5,
        "potential_sun_v/count": 3,
        "potential_sun_v/median": 3,
        "potential_sun_v/p25": 2,
        "potential_sun_v/p75": 6.5,
        "potential_sun_v/identifiable": 3,
        "potential_sun_v/weighted_median": 3,  # weights 1/2, 1/2 and 1/100: the second value holds the middle
        "potential_shadow_v/count": 2,
        "potential_shadow_v/median": -200,
        "potential_shadow_v/identifiable": 1,
        "potential_shadow_v/weighted_median": -100,
        "identifiable": 4,
        "identifiable_fraction": 0.8,
        "interval_width68_v/median": 20,
        "fit_status/ok": 5 / 6,
        "fit_status/no_connection": 1 / 6,
        "environment/wake": 2 / 6,
        "environment/solar_wind": 0.5,
        "electron_temperature_ev/median": 25,
    }

    found = {name: numbers[name] for name in expected}
    assert found == pytest.approx(expected)


def test_a_reduced_chi2_above_its_limit_counts_as_chi2_but_not_as_a_fit():
    numbers = statistics(
        by_hand(
            spec_has_fit=np.array([True] * 4 + [False] * 2),
            spec_u_surface=np.array([1.0, 3.0, 10.0, -100.0, NAN, NAN]),
        ),
        "all",
    )
    assert numbers["fitted"] == 4
    assert numbers["chi2/count"] == 5
    assert numbers["potential_shadow_v/count"] == 1


def test_without_intervals_nothing_is_said_of_identifiability():
    nan = np.full(6, NAN)
    numbers = statistics(by_hand(spec_u_lo68=nan, spec_u_hi68=nan, spec_u_identifiable=np.zeros(6, np.bool_)), "all")
    assert numbers["identifiable"] == 0
    assert math.isnan(numbers["identifiable_fraction"])
    assert numbers["potential_sun_v/median"] == 3


def test_unknown_illumination_is_neither():
    sides = illumination(by_hand())
    assert sides["sun"].sum() == 3
    assert sides["shadow"].sum() == 2


@pytest.mark.parametrize("sweep_rows", [(), (15, 15)])
def test_nothing_fitted_gives_nan_not_an_error(sweep_rows):
    columns = dict(make_day(sweep_rows=sweep_rows).columns)
    for name, array in columns.items():
        if array.dtype == np.float64:
            columns[name] = np.full_like(array, np.nan)
        if array.dtype == np.bool_:
            columns[name] = np.zeros_like(array)
    with np.errstate(all="raise"):
        numbers = statistics(RunResult(columns, PROVENANCE), "all")
    assert numbers["fitted"] == 0
    assert numbers["chi2/count"] == 0
    assert math.isnan(numbers["chi2/median"])
    assert math.isnan(numbers["potential_shadow_v/weighted_median"])


def test_names_are_what_mlflow_allows_and_values_are_floats():
    numbers = statistics(by_hand(), "all")
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_/") for name in numbers)
    assert all(type(value) is float for value in numbers.values())
    assert sum(value for name, value in numbers.items() if name.startswith("environment/")) == pytest.approx(1)
    assert f"environment/{Environment.TAIL_LOBE.name.lower()}" in numbers


def test_weighted_median():
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.ones(3)) == 2
    assert weighted_median(np.array([1.0, 2.0]), np.ones(2)) == 1.5
    assert weighted_median(np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.0, 5.0])) == 9
    assert math.isnan(weighted_median(np.array([]), np.array([])))


def test_cells_left_out_for_sunlight_are_counted():
    day = make_day(sweep_rows=(15, 15, 14))
    columns = {**day.columns, "spec_sun_masked_fraction": np.array([0.1, 0.0, 0.5])}
    numbers = statistics(RunResult(columns, PROVENANCE))
    assert numbers["sunlit_cells/left_out"] == round(0.1 * 15 * 88 + 0.5 * 14 * 88)
    assert numbers["sunlit_cells/sweeps"] == 2
