import datetime as dt

import numpy as np
import pytest

from potrun.core.records import AtBound, Region
from potrun.core.settings import QualityConfig
from potrun.results.columns import BY_NAME
from potrun.results.load import RunResult
from potrun.results.quality import RULES, Quality, QualityClass, count_flags, is_wanted, judge
from potrun.results.statistics import statistics
from tests.support.results import PROVENANCE, make_day

CLEAN = {
    "spec_has_fit": True,
    "spec_u_identifiable": True,
    "spec_u_lo95": -110.0,
    "spec_at_bound": np.int8(0),
    "spec_n_valid_cells": 900,
    "spec_sun_masked_fraction": 0.05,
    "spec_attitude_age": 0.0,
    "spec_unknown_rows": 0,
    "spec_dip": 60.0,
    "spec_mixed_polarity": False,
    "spec_potential_chi2": 1.0,
    "spec_is_nonadiabatic": False,
    "spec_sun_covered_by_earth": 0.0,
    "spec_energy_table_changed": False,
    "spec_utc_start": "1998-04-15T00:00:00",
    "spec_region": np.int8(Region.SOLAR_WIND),
    "spec_projection_in_sun": True,
    "spec_particle_event": False,
}

FOLDED = {"spec_fit_misfit": False, "spec_fit_deviance_per_freedom": 1.2}


def judged(**changed):
    columns = {name: np.array([value]) for name, value in (CLEAN | changed).items()}
    found = judge(columns, QualityConfig())
    return Quality(int(found["spec_quality"][0])), QualityClass(int(found["spec_quality_class"][0]))


def test_nothing_wrong_is_good():
    assert judged() == (Quality.NONE, QualityClass.GOOD)


@pytest.mark.parametrize(
    ("changed", "flag", "word"),
    [
        ({"spec_has_fit": False}, Quality.NO_FIT, "POOR"),
        ({"spec_u_identifiable": False}, Quality.NOT_IDENTIFIABLE, "POOR"),
        ({"spec_at_bound": np.int8(AtBound.U_UPPER)}, Quality.AT_BOUND, "USABLE"),
        ({"spec_at_bound": np.int8(AtBound.BEAM_UPPER)}, Quality.NONE, "GOOD"),
        ({"spec_n_valid_cells": 20}, Quality.FEW_CELLS, "POOR"),
        ({"spec_sun_masked_fraction": 0.5}, Quality.SUNLIT_CELLS, "USABLE"),
        ({"spec_attitude_age": 30 * 86400.0}, Quality.ATTITUDE_OLD, "USABLE"),
        ({"spec_unknown_rows": 2}, Quality.ATTITUDE_GAP, "USABLE"),
        ({"spec_dip": 3.0}, Quality.GRAZING, "USABLE"),
        ({"spec_mixed_polarity": True}, Quality.MIXED_POLARITY, "POOR"),
        ({"spec_potential_chi2": 50.0}, Quality.RESPONSE_MISFIT, "USABLE"),
        ({"spec_potential_chi2": 50.0, **FOLDED}, Quality.NONE, "GOOD"),
        ({**FOLDED, "spec_fit_misfit": True}, Quality.RESPONSE_MISFIT, "USABLE"),
        ({"spec_is_nonadiabatic": True}, Quality.NONADIABATIC, "USABLE"),
        ({"spec_sun_covered_by_earth": 0.3}, Quality.EARTH_SHADOW, "USABLE"),
        ({"spec_energy_table_changed": True}, Quality.ENERGY_TABLE_CHANGE, "POOR"),
        ({"spec_utc_start": "1999-06-28T10:00:00"}, Quality.BURST_MODE, "USABLE"),
        ({"spec_region": np.int8(Region.PLASMA_SHEET)}, Quality.SUNLIT_PLASMA_SHEET, "USABLE"),
        ({"spec_particle_event": True}, Quality.PARTICLE_EVENT, "POOR"),
    ],
)
def test_each_flag(changed, flag, word):
    assert judged(**changed) == (flag, QualityClass[word])


def test_every_flag_has_a_rule_of_its_own():
    assert sorted(rule.flag for rule in RULES) == sorted(flag for flag in Quality if flag)


def test_a_flag_whose_column_is_not_there_is_not_raised():
    columns = {"spec_has_fit": np.array([True, False])}
    assert judge(columns, QualityConfig())["spec_quality"].tolist() == [0, Quality.NO_FIT]


def test_statistics_take_the_good_ones_and_say_how_many_are_left_out():
    run = RunResult.from_days([make_day(dt.date(1998, 4, 15), (15,) * 400)], PROVENANCE)
    good = run.spec_has_fit & (run.spec_quality_class == QualityClass.GOOD)
    assert 0 < good.sum() < run.spec_has_fit.sum()
    numbers, whole = statistics(run), statistics(run, "all")
    shadow = good & ~run.spec_projection_in_sun
    assert numbers["potential_shadow_v/median"] == np.median(run.spec_u_surface[shadow])
    assert numbers["quality/left_out"] == run.spec_has_fit.sum() - good.sum() == run.of_quality("good").left_out
    assert whole["quality/left_out"] == 0
    assert whole["quality/good"] + whole["quality/usable"] + whole["quality/poor"] == run.n_sweeps
    assert count_flags(run)["no_fit"] == (~run.spec_has_fit).sum()
    assert is_wanted(run, "usable").sum() == (run.spec_quality_class <= QualityClass.USABLE).sum()


def test_columns_of_the_judgement_are_columns_of_the_result():
    known = {name for rule in RULES for name in rule.needs}
    assert known <= set(BY_NAME)
