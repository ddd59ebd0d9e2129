import datetime as dt

import numpy as np
import pytest

from potrun.core.records import Region
from potrun.plots.terminator import draw_terminator
from potrun.results.load import RunResult
from potrun.studies.groups import bootstrap_over_groups
from potrun.studies.terminator import curve
from tests.support.results import PROVENANCE, make_day


@pytest.fixture
def run():
    day = make_day(dt.date(1998, 4, 15), (15,) * 400)
    zenith = np.linspace(0, 180, day.n_sweeps)
    u = np.where(zenith < 90, 5.0, -100.0 - np.arange(day.n_sweeps) % 3)
    columns = {**day.columns, "spec_projection_solar_zenith": zenith, "spec_u_surface": u}
    return RunResult(columns, PROVENANCE)


def test_bins_hold_the_potentials_that_were_put_in(run):
    found = curve(run, np.ones(run.n_sweeps, bool))
    assert found.count.sum() == run.n_sweeps
    np.testing.assert_array_equal(found.median_v[found.low_deg < 85], 5.0)
    assert (np.abs(found.median_v[found.low_deg >= 90] + 101) <= 1).all()
    np.testing.assert_allclose(found.identifiable[0], run.spec_u_identifiable[: found.count[0]].mean())


def test_sweeps_of_one_orbit_count_as_one():
    values = np.repeat([0.0, 10.0, 20.0, 30.0], 100)
    groups = np.repeat(np.arange(4), 100)
    low, high = bootstrap_over_groups(values, groups)
    spread = np.std([0, 10, 20, 30]) / 2
    assert (high - low) / 2 == pytest.approx(spread, rel=0.25)
    assert np.isnan(bootstrap_over_groups(values, groups // 2)).all()


def test_the_picture_says_what_is_empty(run):
    curves = {region: curve(run, run.spec_sweep_id < 0) for region in Region if region}
    said = [text.get_text() for ax in draw_terminator(run, curves).axes for text in ax.texts]
    assert said.count("no sweep") == 4
