import datetime as dt

import numpy as np
import pytest

from potrun.simulate.clock import day_length_s, utc_text
from potrun.simulate.schedule import MISSION_RHYTHM, PLAIN_RHYTHM, rows_of_last_sweep, sweep_starts_s

DAYS = [dt.date(1998, 4, 15), dt.date(1998, 4, 16), dt.date(1998, 12, 31), dt.date(1999, 4, 29)]


@pytest.mark.parametrize("sweeps", [1, 2, 7, 120, 1000, 1080])
@pytest.mark.parametrize("day", DAYS)
def test_sweeps_keep_within_their_day_and_apart(day, sweeps):
    starts = sweep_starts_s(day, sweeps, 1998, PLAIN_RHYTHM)
    assert len(starts) == sweeps
    assert starts[0] >= 0
    assert starts[-1] + PLAIN_RHYTHM.row_offset_s[-1] < day_length_s(day)
    assert (np.diff(starts) >= 80).all()


@pytest.mark.parametrize("sweeps", [1, 120, 1080])
def test_last_row_falls_on_the_leap_second(sweeps):
    day = dt.date(1998, 12, 31)
    last = sweep_starts_s(day, sweeps, 1, PLAIN_RHYTHM)[-1] + PLAIN_RHYTHM.row_offset_s[-1]
    assert utc_text(day, np.array([last]))[0] == "1998-12-31T23:59:60"
    assert rows_of_last_sweep(day) == 15


@pytest.mark.parametrize("rhythm", [PLAIN_RHYTHM, MISSION_RHYTHM])
@pytest.mark.parametrize("sweeps", [24, 120, 1080])
def test_the_published_sweep_is_there(sweeps, rhythm):
    starts = sweep_starts_s(dt.date(1999, 4, 29), sweeps, 1, rhythm)
    assert np.abs(starts - 53100).min() <= 30


@pytest.mark.parametrize("sweeps", [1, 7, 120, 1000, 1080])
@pytest.mark.parametrize("day", DAYS)
def test_in_the_missions_rhythm_sweeps_cross_midnight_and_never_meet(day, sweeps):
    starts = sweep_starts_s(day, sweeps, 1998, MISSION_RHYTHM)
    assert np.diff(MISSION_RHYTHM.row_offset_s).tolist() == [5] * 14
    assert (np.diff(starts) >= 80).all()
    following = sweep_starts_s(day + dt.timedelta(days=1), sweeps, 1998, MISSION_RHYTHM)
    assert following[0] + day_length_s(day) - starts[-1] >= 80
    if day != dt.date(1999, 4, 29):
        assert utc_text(day, starts[-1:])[0] == f"{day}T23:59:10"
        assert starts[-1] + 70 >= day_length_s(day)


def test_every_other_day_ends_cut_short():
    assert [rows_of_last_sweep(day) for day in DAYS] == [15, 14, 15, 14]
