"""The attitude table is believed where it can be true; what is not is counted and costs its own time only."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from potrun.core.errors import DataError
from potrun.geometry.attitude import spin_axis
from potrun.geometry.attitude_table import read_attitude
from potrun.geometry.ephemeris_time import LeapSeconds, utc_to_et

LEAP = LeapSeconds(np.array([0.0]), np.array([31.0]), 32.184, 1.657e-3, 1.671e-2, 6.239996, 1.99096871e-7)
DAYS = [f"1998-08-{day:02d}T00:00, 12.000, {349 + day:7.2f},  87.00" for day in range(1, 9)]


@pytest.fixture
def read(tmp_path):
    def read(*lines):
        (tmp_path / "attitude.tab").write_text("\n".join([*lines, ""]), encoding="latin-1")
        return read_attitude(tmp_path / "attitude.tab", LEAP)

    return read


def known(attitude, *times):
    """Tell at which times the axis is known, and check that it is near the pole there."""
    axis = spin_axis(attitude, utc_to_et(np.array(times), LEAP))
    assert (np.isnan(axis[:, 2]) | (np.abs(axis[:, 2]) > np.sin(np.radians(79.999)))).all()
    return np.isfinite(axis[:, 2]).tolist()


def test_a_record_far_from_the_poles_costs_the_time_around_it(read):
    attitude = read(*DAYS[:3], "1998-08-04T00:00,12.0,0.0000,0.0000", *DAYS[4:])
    (defect,) = attitude.defects
    assert (defect.first_line, defect.rows) == (4, 1)
    assert "right ascension 0 and declination 0 deg, expected within 10 deg" in defect.reason
    times = ("1998-08-02T12:00:00", "1998-08-03T12:00:00", "1998-08-04T00:00:00", "1998-08-05T00:00:00")
    assert known(attitude, *times) == [True, False, False, True]


def test_a_last_record_far_from_the_poles_is_not_held_on(read):
    attitude = read(*DAYS[:3], "1998-08-04T00:00,12.0,0.0000,0.0000")
    assert known(attitude, "1998-08-02T12:00:00", "1998-08-03T00:00:01", "1998-09-01T00:00:00") == [True, False, False]


def test_a_table_in_another_frame_is_refused(read):
    with pytest.raises(DataError, match=r"attitude.tab:1: spin axis .* declination 66.5 deg, expected .* in 3 of 3"):
        read(*(f"1998-08-0{day}T00:00,12.0,270.00,66.50" for day in (1, 2, 3)))


def test_records_of_one_time_that_contradict_each_other_are_not_believed(read):
    attitude = read(*DAYS[:4], "1998-08-04T00:00, 12.000, 100.00,  83.00", *DAYS[4:])
    assert [(item.reason, item.first_line, item.rows) for item in attitude.defects] == [
        ("attitude records of one time that contradict each other", 4, 2)
    ]
    times = ("1998-08-02T12:00:00", "1998-08-03T12:00:00", "1998-08-04T12:00:00", "1998-08-05T12:00:00")
    assert known(attitude, *times) == [True, False, False, True]


def test_a_step_within_a_minute_is_flown_by_the_records_around_it(read):
    before = [f"1998-03-{day}T00:00,12.0,10.0,87.0" for day in (29, 30)] + ["1998-03-31T22:58,12.0,10.0,87.0"]
    after = ["1998-03-31T22:58,12.0,50.0,83.0", "1998-04-01T22:58,12.0,50.0,83.0"]
    attitude = read(*before, *after)
    assert attitude.defects == ()
    axis = spin_axis(attitude, utc_to_et(np.array(["1998-03-31T22:57:59", "1998-03-31T22:58:00"]), LEAP))
    np.testing.assert_allclose(np.degrees(np.arcsin(axis[:, 2])), [87.0, 83.0], atol=1e-6)


def test_records_that_repeat_count_once(read):
    assert len(read(*DAYS, *DAYS).et_s) == len(DAYS)


def test_a_gap_of_months_is_not_interpolated(read):
    attitude = read(*DAYS[:2], "1999-03-10T00:00, 12.000,  10.00,  87.00", "1999-03-30T00:00, 12.000,  20.00,  87.00")
    times = ("1998-08-02T00:00:00", "1998-10-01T00:00:00", "1999-03-09T23:59:59", "1999-03-20T00:00:00")
    assert known(attitude, *times) == [True, False, False, True]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any")


@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 28),
            st.floats(-400, 400) | st.sampled_from([0.0, 359.99]),
            st.floats(-100, 100) | st.floats(86, 90) | st.floats(-90, -86),
            st.sampled_from(["", "x", "\x00", "\xff", ",", "1998"]),
        ),
        max_size=12,
    )
)
def test_whatever_the_table_holds_no_axis_is_far_from_the_poles(folder, rows):
    path = folder / "attitude.tab"
    lines = [
        f"1998-08-{day:02d}T00:00,12.0,{ascension},{declination}{end}" for day, ascension, declination, end in rows
    ]
    path.write_text("\n".join(lines), encoding="latin-1")
    try:
        attitude = read_attitude(path, LEAP)
    except DataError:
        return
    known(attitude, *(f"1998-08-{day:02d}T{hour:02d}:00:00" for day in range(1, 29) for hour in (0, 13)))
