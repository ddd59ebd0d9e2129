"""UTC becomes ephemeris time as in the SPICE toolkit."""

import numpy as np
import pytest
import spiceypy

from potrun.core.utc import split_utc
from potrun.geometry.ephemeris_time import utc_to_et
from potrun.geometry.kernels import kernels_loaded, read_leap_seconds

TIMES = [
    "1972-01-01T00:00:00",
    "1998-01-16T00:00:00",
    "1998-02-28T23:59:59",
    "1998-08-20T12:34:56",
    "1998-12-31T23:59:58",
    "1998-12-31T23:59:59",
    "1998-12-31T23:59:60",
    "1999-01-01T00:00:00",
    "1999-07-29T23:59:59",
    "2000-02-29T06:00:00",
    "2016-12-31T23:59:60",
    "1970-01-01T00:00:00",
    "2050-01-01T00:00:00",
]


@pytest.fixture(scope="module")
def leap_second_kernel(simulated):
    return simulated / "spice_kernels" / "sim_lsk.tls"


def test_times_equal_those_of_the_toolkit(leap_second_kernel):
    with kernels_loaded([leap_second_kernel]):
        want = [spiceypy.str2et(time) for time in TIMES]
        got = utc_to_et(np.array(TIMES), read_leap_seconds())
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-7)
    np.testing.assert_allclose(np.diff(got[4:8]), 1.0, atol=1e-6)


def test_a_random_mission_equals_the_toolkit(leap_second_kernel):
    seconds = np.random.default_rng(0).integers(0, 560 * 86400, 300).astype("timedelta64[s]")
    times = (np.datetime64("1998-01-16T00:00:00") + seconds).astype(str)
    with kernels_loaded([leap_second_kernel]):
        want = [spiceypy.str2et(time) for time in times]
        got = utc_to_et(times, read_leap_seconds())
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-7)


@pytest.mark.parametrize(
    "text",
    [
        "1998-13-01T00:00:00",
        "1998-00-01T00:00:00",
        "1998-02-29T00:00:00",
        "1998-04-31T00:00:00",
        "1998-04-00T00:00:00",
        "1998-04-01T24:00:00",
        "1998-04-01T23:60:00",
        "1998-04-01T12:00:60",
        "1998-04-01 12:00:00",
        "1998-04-01T12:00:0",
        "1998-04-01T12:00:00Z",
        "199x-04-01T12:00:00",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["U30", "S30"])
def test_what_is_no_time_is_told(text, kind, leap_second_kernel):
    times = np.array([text, "1998-04-01T12:00:00"], dtype=kind)
    _, _, is_valid = split_utc(times)
    assert is_valid.tolist() == [False, True]
    with kernels_loaded([leap_second_kernel]):
        et = utc_to_et(times, read_leap_seconds())
    assert np.isnan(et).tolist() == [True, False]


def test_day_numbers_equal_those_of_the_library():
    days = np.arange(np.datetime64("1890-01-01"), np.datetime64("2110-01-01"), 13)
    number, second, is_valid = split_utc(np.array([f"{day}T01:02:03" for day in days]))
    assert is_valid.all()
    np.testing.assert_array_equal(number, days.astype(np.int64))
    assert (second == 3723).all()
