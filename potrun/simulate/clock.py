"""UTC with its leap seconds, POSIX seconds, and ephemeris time (TDB seconds past J2000)."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MISSION_START = dt.date(1998, 1, 16)
MISSION_END = dt.date(1999, 7, 29)

LEAP_SECONDS = (
    (10, 1972, 1), (11, 1972, 7), (12, 1973, 1), (13, 1974, 1), (14, 1975, 1), (15, 1976, 1), (16, 1977, 1),
    (17, 1978, 1), (18, 1979, 1), (19, 1980, 1), (20, 1981, 7), (21, 1982, 7), (22, 1983, 7), (23, 1985, 7),
    (24, 1988, 1), (25, 1990, 1), (26, 1991, 1), (27, 1992, 7), (28, 1993, 7), (29, 1994, 7), (30, 1996, 1),
    (31, 1997, 7), (32, 1999, 1),
)  # fmt: skip
"""(TAI - UTC in seconds, year, month) from the first day of that month on; IERS Bulletin C."""

TT_MINUS_TAI_S = 32.184
TDB_AMPLITUDE_S = 1.657e-3
EARTH_ECCENTRICITY = 1.671e-2
MEAN_ANOMALY = (6.239996, 1.99096871e-7)
"""Radians at J2000 and radians per second: the annual term of TDB - TT (Moyer 1981, doi:10.1007/BF01228543)."""

_EPOCH = dt.date(1970, 1, 1)
_J2000_POSIX_S = 946728000.0


def tai_minus_utc_s(date: dt.date) -> int:
    """Give the whole seconds by which TAI leads UTC during a day.

    Parameters
    ----------
    date : datetime.date
        A day from 1972 on.

    Returns
    -------
    int
    """
    return max(lead for lead, year, month in LEAP_SECONDS if dt.date(year, month, 1) <= date)


def day_length_s(date: dt.date) -> int:
    """Give the length of a UTC day, 86401 s where a leap second closes it.

    Parameters
    ----------
    date : datetime.date
        The day.

    Returns
    -------
    int
    """
    return 86400 + tai_minus_utc_s(date + dt.timedelta(days=1)) - tai_minus_utc_s(date)


def et_s(date: dt.date, second_of_day: FloatArray) -> FloatArray:
    """Turn seconds elapsed since UTC midnight into ephemeris time.

    Parameters
    ----------
    date : datetime.date
        The UTC day.
    second_of_day : float64 array, s
        Elapsed seconds; 86400 is 23:59:60 on a day with a leap second.

    Returns
    -------
    float64 array, TDB seconds past J2000
    """
    midnight = (date - _EPOCH).days * 86400.0 - _J2000_POSIX_S
    tt = midnight + np.asarray(second_of_day, dtype=np.float64) + tai_minus_utc_s(date) + TT_MINUS_TAI_S
    mean = MEAN_ANOMALY[0] + MEAN_ANOMALY[1] * tt
    return np.asarray(tt + TDB_AMPLITUDE_S * np.sin(mean + EARTH_ECCENTRICITY * np.sin(mean)))


def posix_s(date: dt.date, second_of_day: IntArray) -> IntArray:
    """Turn elapsed seconds into POSIX time, which repeats itself in a leap second.

    Parameters
    ----------
    date : datetime.date
        The UTC day.
    second_of_day : int64 array, s
        Elapsed seconds since midnight.

    Returns
    -------
    int64 array, s
    """
    return np.asarray((date - _EPOCH).days * 86400 + second_of_day, dtype=np.int64)


def utc_text(date: dt.date, second_of_day: IntArray) -> NDArray[np.str_]:
    """Write times as ``YYYY-MM-DDThh:mm:ss``, second 86400 of a day with a leap second as ``23:59:60``.

    Parameters
    ----------
    date : datetime.date
        The UTC day.
    second_of_day : (N,) int64, s
        Elapsed seconds since midnight; beyond the day's end they are of the next date.

    Returns
    -------
    (N,) str
    """
    whole = np.asarray(second_of_day, dtype=np.int64)
    length = day_length_s(date)
    if (whole >= length).any():
        out = utc_text(date, np.minimum(whole, length - 1))
        out[whole >= length] = utc_text(date + dt.timedelta(days=1), whole[whole >= length] - length)
        return out
    minute = np.minimum(whole // 60, 1439)
    parts = zip((minute // 60).tolist(), (minute % 60).tolist(), (whole - 60 * minute).tolist(), strict=True)
    return np.array([f"{date.isoformat()}T{h:02d}:{m:02d}:{s:02d}" for h, m, s in parts], dtype="U19")
