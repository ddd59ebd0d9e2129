"""UTC to ephemeris time (TDB), vectorised, with the constants of a NAIF leap-second kernel."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import FloatArray
from potrun.core.utc import split_utc

_J2000_DAY = 10957.5
"""2000-01-01T12:00 in days since 1970-01-01."""


@dataclass(frozen=True, eq=False)
class LeapSeconds:
    """Constants of a leap-second kernel (``DELTET/...``).

    `start_s` are the UTC days, as formal seconds past J2000, from which TAI - UTC is `tai_minus_utc_s`. The other four
    give TDB - TT = k sin(E), E = M + eb sin M, M = m0 + m1 TT.
    """

    start_s: FloatArray
    tai_minus_utc_s: FloatArray
    tt_minus_tai_s: float
    k_s: float
    eb: float
    m0_rad: float
    m1_rad_per_s: float


def utc_to_et(utc: NDArray[Any], leap_seconds: LeapSeconds) -> FloatArray:
    """Convert UTC texts to ephemeris time.

    A row's own UTC counts, not its sweep's: in one second the footpoint of a tilted field line can move by 0.6 deg.

    Parameters
    ----------
    utc : (R,) str or bytes
        Texts ``YYYY-MM-DDThh:mm:ss``; 23:59:60 is the leap second that ends its day.
    leap_seconds : LeapSeconds
        Constants of the kernel in use.

    Returns
    -------
    (R,) float64, s
        TDB seconds past J2000; NaN where the text is no time.

    References
    ----------
    NAIF, "Time Required Reading" (SPICE toolkit), section "Conversion between UTC and ET".
    """
    day, second, is_valid = split_utc(utc)
    midnight = (day - _J2000_DAY) * 86400.0
    entry = np.searchsorted(leap_seconds.start_s, midnight + 1e-3) - 1
    # Before the table begins, NAIF's routine goes on with one second less than its first entry.
    offset = np.where(entry >= 0, leap_seconds.tai_minus_utc_s[entry], leap_seconds.tai_minus_utc_s[0] - 1)
    terrestrial = midnight + second + offset + leap_seconds.tt_minus_tai_s
    anomaly = leap_seconds.m0_rad + leap_seconds.m1_rad_per_s * terrestrial
    et = terrestrial + leap_seconds.k_s * np.sin(anomaly + leap_seconds.eb * np.sin(anomaly))
    return np.where(is_valid, et, np.nan)
