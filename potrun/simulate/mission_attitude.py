"""The spin axis along the whole mission, in records like those of the public attitude table."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.attitude import AttitudeRecords
from potrun.simulate.clock import et_s, utc_text

FloatArray = NDArray[np.float64]

FIRST_RECORD, LAST_RECORD = dt.datetime(1998, 1, 7, 4, 0), dt.datetime(1999, 5, 31, 12, 0)
"""Span of the records in the PDS volume LP_0017; afterwards the last one holds on."""

STEP = (dt.datetime(1998, 3, 31, 22, 38), dt.datetime(1998, 3, 31, 22, 58))
"""Records before and after the manoeuvre of that day, which turned the axis by 4.7 deg."""

FLIP = (dt.datetime(1998, 9, 21, 10, 0), dt.datetime(1998, 9, 21, 12, 30))
"""Records before and after the axis turned over: between the reports of March and November; the day is arbitrary."""

_NORTH = (
    (FIRST_RECORD, 2.2, 223.0),
    (dt.datetime(1998, 1, 21, 12), 2.2, 223.0),
    (dt.datetime(1998, 3, 5, 12), 1.2, 344.0),
    (STEP[0], 1.616, 201.80),
)
_NORTH_LATER = (
    (STEP[1], 3.256, 349.38),
    (dt.datetime(1998, 4, 16, 12), 2.9, 0.0),
    (FLIP[0], 1.9, 38.0),
)
_SOUTH = (
    (FLIP[1], 1.9, 148.0),
    (dt.datetime(1998, 11, 6, 12), 1.0, 166.0),
    (dt.datetime(1998, 12, 30, 12), 2.0, 242.0),
    (dt.datetime(1999, 1, 8, 12), 2.7, 229.0),
    (dt.datetime(1999, 3, 19, 12), 0.5, 330.0),
    (dt.datetime(1999, 6, 25, 12), 1.3, 55.0),
)
"""Time, distance from the ecliptic pole (deg) and longitude (deg) of the axis: the mission's status reports of
1998-01-21, 03-05, 11-06, 12-30, 1999-01-08, 03-19 and 06-25, and what lies between."""

_STREAM = 23


def mission_records() -> AttitudeRecords:
    """Make the records of the whole mission; they are the same in every archive.

    Times end with the minute and angles with hundredths of a degree, in lines of 40 characters.

    Returns
    -------
    AttitudeRecords

    References
    ----------
    PDS3 label of the data set LP-L-ENG-6-ATTITUDE-V1.0; mission status reports of NASA Ames, 1998 and 1999.
    """
    times = _times()
    minutes = [(time - FIRST_RECORD).total_seconds() / 60.0 for time in times]
    ra, dec = np.empty(len(times)), np.empty(len(times))
    for sign, anchors in ((1.0, _NORTH), (1.0, _NORTH_LATER), (-1.0, _SOUTH)):
        mine = [number for number, time in enumerate(times) if anchors[0][0] <= time <= anchors[-1][0]]
        ra[mine], dec[mine] = _between(np.array(minutes)[mine], anchors, sign)
    spin = 12.0 + 0.05 * np.sin(np.array(minutes) / 28800.0)
    texts = [str(utc_text(time.date(), _seconds(time))[0])[:16] for time in times]
    lines = [f"{t},{w:7.3f},{a:7.2f},{d:7.2f}" for t, w, a, d in zip(texts, spin, ra, dec, strict=True)]
    et = np.concatenate([et_s(time.date(), _seconds(time).astype(np.float64)) for time in times])
    return AttitudeRecords(tuple(lines), et, ra, dec)


def _times() -> list[dt.datetime]:
    """One or two records a day at arbitrary minutes, and those about the manoeuvres."""
    rng = np.random.default_rng(_STREAM)
    times = {FIRST_RECORD, LAST_RECORD, *STEP, *FLIP}
    for day in range((LAST_RECORD - FIRST_RECORD).days + 1):
        midnight = dt.datetime.combine(FIRST_RECORD.date(), dt.time()) + dt.timedelta(days=day)
        for minute in rng.choice(1440, size=1 + int(rng.random() < 0.2), replace=False):
            times.add(midnight + dt.timedelta(minutes=int(minute)))
    outside = {time for time in times if not FIRST_RECORD <= time <= LAST_RECORD}
    inside = {time for first, last in (STEP, FLIP) for time in times if first < time < last}
    return sorted(times - outside - inside)


def _between(
    minutes: FloatArray, anchors: tuple[tuple[dt.datetime, float, float], ...], sign: float
) -> tuple[FloatArray, FloatArray]:
    """Move the axis straight from anchor to anchor, seen from the pole; right ascension and declination in deg."""
    at = [(time - FIRST_RECORD).total_seconds() / 60.0 for time, _, _ in anchors]
    apart, longitude = np.array([item[1] for item in anchors]), np.radians([item[2] for item in anchors])
    x = np.interp(minutes, at, apart * np.cos(longitude))
    y = np.interp(minutes, at, apart * np.sin(longitude))
    ra = np.round(np.degrees(np.arctan2(y, x)) % 360.0, 2) % 360.0
    return ra, np.round(sign * (90.0 - np.hypot(x, y)), 2)


def _seconds(time: dt.datetime) -> NDArray[np.int64]:
    return np.array([60 * (60 * time.hour + time.minute)])
