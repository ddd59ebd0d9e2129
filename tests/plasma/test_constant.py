"""The constant potential and the environment classes."""

import numpy as np
import pytest

from potrun.core.records import Environment, PotentialStatus
from potrun.core.settings import DeviceConfig, SpacecraftPotentialConfig
from potrun.plasma.environment import classify_environment
from potrun.plasma.estimate import make_potential_model
from tests.support.plasma_day import make_day


def test_every_sweep_has_the_set_potential_and_no_plasma():
    table, geometry = make_day(np.ones((3, 15, 88)), polarity=[1, -1, 0], footpoint_in_sun=[True, False, False])
    model = make_potential_model(SpacecraftPotentialConfig(kind="constant", volts=-7.5), DeviceConfig(), fast=True)
    result = model.estimate(table, geometry)
    np.testing.assert_array_equal(result.volts, -7.5)
    assert np.isnan(result.kappa).all()
    assert np.isnan(result.sigma_volts).all()
    assert (result.status == PotentialStatus.CONSTANT).all()
    assert result.environment.tolist() == [Environment.UNKNOWN, Environment.WAKE, Environment.UNKNOWN]


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (np.nan, Environment.UNKNOWN),
        (29.9, Environment.SOLAR_WIND),
        (30.0, Environment.MAGNETOSHEATH),
        (80.0, Environment.TAIL_LOBE),
        (149.9, Environment.TAIL_LOBE),
        (150.0, Environment.PLASMA_SHEET),
    ],
)
def test_a_lit_footpoint_is_classed_by_temperature(temperature, expected):
    yes = np.array([True])
    assert classify_environment(yes, yes, np.array([temperature]))[0] == expected
    assert classify_environment(yes, ~yes, np.array([temperature]))[0] == Environment.WAKE
    assert classify_environment(~yes, yes, np.array([temperature]))[0] == Environment.UNKNOWN
