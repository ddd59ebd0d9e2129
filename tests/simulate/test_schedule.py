import datetime as dt

import numpy as np
import pytest

from potrun.simulate.clock import day_length_s, utc_text
from potrun.simulate.schedule import LAST_ROW_S, rows_of_last_sweep, sweep_starts_s

DAYS = [dt.date(1998, 4, 15), dt.date(1998, 4, 16), dt.date(1998, 12, 31), dt.date(1999, 4, 29)]


@pytest.mark.parametrize("sweeps", [1, 2, 7, 120, 1000, 1080])
@pytest.mark.parametrize("day", DAYS)
def test_sweeps_keep_within_their_day_and_apart(day, sweeps):
    starts = sweep_starts_s(day, sweeps, 1998)
    assert len(starts) == sweeps
    assert starts[0] >= 0
    assert starts[-1] + LAST_ROW_S < day_length_s(day)
    assert (np.diff(starts) >= 80).all()


@pytest.mark.parametrize("sweeps", [1, 120, 1080])
def test_last_row_falls_on_the_leap_second(sweeps):
    day = dt.date(1998, 12, 31)
    last = sweep_starts_s(day, sweeps, 1)[-1] + LAST_ROW_S
    assert utc_text(day, np.array([last]))[0] == "1998-12-31T23:59:60"
    assert rows_of_last_sweep(day) == 15


@pytest.mark.parametrize("sweeps", [24, 120, 1080])
def test_the_published_sweep_is_there(sweeps):
    starts = sweep_starts_s(dt.date(1999, 4, 29), sweeps, 1)
    assert np.abs(starts - 53100).min() <= 30


def test_every_other_day_ends_cut_short():
    assert [rows_of_last_sweep(day) for day in DAYS] == [15, 14, 15, 14]
