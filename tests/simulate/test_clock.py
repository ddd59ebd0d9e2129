import datetime as dt

import numpy as np

from potrun.simulate import clock


def test_leap_second_has_its_own_text_but_no_posix_time():
    day = dt.date(1998, 12, 31)
    assert clock.day_length_s(day) == 86401
    assert clock.day_length_s(dt.date(1999, 1, 1)) == 86400
    seconds = np.array([0, 59, 3600, 86399, 86400])
    assert clock.utc_text(day, seconds).tolist() == [
        "1998-12-31T00:00:00", "1998-12-31T00:00:59", "1998-12-31T01:00:00", "1998-12-31T23:59:59",
        "1998-12-31T23:59:60",
    ]  # fmt: skip
    assert clock.posix_s(day, np.array([86400]))[0] == clock.posix_s(dt.date(1999, 1, 1), np.array([0]))[0]


def test_times_beyond_the_end_of_a_day_are_of_the_next_date():
    seconds = np.array([86395, 86400, 86405])
    assert clock.utc_text(dt.date(1998, 4, 15), seconds).tolist() == [
        "1998-04-15T23:59:55", "1998-04-16T00:00:00", "1998-04-16T00:00:05",
    ]  # fmt: skip
    assert clock.utc_text(dt.date(1998, 12, 31), seconds).tolist() == [
        "1998-12-31T23:59:55", "1998-12-31T23:59:60", "1999-01-01T00:00:04",
    ]  # fmt: skip


def test_ephemeris_time_runs_on_through_a_leap_second():
    before = clock.et_s(dt.date(1998, 12, 31), np.array([86399.0, 86400.0]))
    after = clock.et_s(dt.date(1999, 1, 1), np.array([0.0]))
    np.testing.assert_allclose(np.diff([*before, *after]), 1.0, atol=1e-6)


def test_ephemeris_time_agrees_with_the_sample(sample_dir):
    truth = np.load(sample_dir / "truth.npz")
    midnight = 903571200.0
    np.testing.assert_allclose(
        clock.et_s(dt.date(1998, 8, 20), truth["row_epoch"] - midnight), truth["row_et"], rtol=0, atol=1e-7
    )
