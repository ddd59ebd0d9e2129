"""Where the spin axis pointed, by the records of it."""

from dataclasses import dataclass, field

import numpy as np

from potrun.core.records import BoolArray, Defect, FloatArray

MANOEUVRE_DEG = 5.0
"""Records further apart than this stand before and after a manoeuvre; no direction between them was ever flown."""

LONGEST_GAP_S = 30 * 86400.0
"""Records further apart in time than this are not connected: in a month the axis moves by some 2 deg."""


@dataclass(frozen=True, eq=False)
class Attitude:
    """Records of the spin axis in ECLIPJ2000, in order of time; two of one time stand before and after a step.

    `doubtful_s` are the times of records that were not believed: from the record before to the one after such a time
    the direction is unknown.
    """

    et_s: FloatArray
    right_ascension_deg: FloatArray
    declination_deg: FloatArray
    defects: tuple[Defect, ...] = ()
    doubtful_s: FloatArray = field(default_factory=lambda: np.empty(0))


def _intervals(attitude: Attitude) -> tuple[BoolArray, BoolArray]:
    """Tell which intervals hold a manoeuvre, and which no direction can be told in for another reason.

    Returns
    -------
    is_manoeuvre, is_gap : (N,) bool
        Entry i stands for the time from record i to the next, the last one for all time after the last record.
    """
    axis = unit_axis(attitude.right_ascension_deg, attitude.declination_deg)
    is_turned = apart_deg(axis[1:], axis[:-1]) >= MANOEUVRE_DEG
    is_long = np.diff(attitude.et_s) > LONGEST_GAP_S
    doubts = np.searchsorted(attitude.doubtful_s, np.append(attitude.et_s, np.inf), side="left")
    is_gap = np.append(is_long, False) | (np.diff(doubts) > 0)
    return np.append(is_turned, False) & ~is_gap, np.asarray(is_gap)


def in_manoeuvre(attitude: Attitude, et_s: FloatArray) -> BoolArray:
    """Tell which times lie between two records that no direction ever connected.

    Parameters
    ----------
    attitude : Attitude
        The records.
    et_s : (R,) float64, s
        When.

    Returns
    -------
    (R,) bool
        False at the times of the records themselves, and outside them.
    """
    return _within(attitude, _intervals(attitude)[0], et_s)


def in_gap(attitude: Attitude, et_s: FloatArray) -> BoolArray:
    """Tell which times lie in a gap of more than 30 days, or beside a record that was not believed: (R,) bool."""
    return _within(attitude, _intervals(attitude)[1], et_s)


def _within(attitude: Attitude, is_unknown: BoolArray, et_s: FloatArray) -> BoolArray:
    after = np.searchsorted(attitude.et_s, et_s, side="right")
    before = np.maximum(after - 1, 0)
    is_record = et_s == attitude.et_s[before]
    return np.asarray((after > 0) & is_unknown[before] & ~is_record)


def attitude_age_s(attitude: Attitude, et_s: FloatArray) -> FloatArray:
    """Return how long ago the last record was, where a direction is held after it: (R,) s, 0 up to the last record."""
    return np.asarray(np.maximum(et_s - attitude.et_s[-1], 0.0))


def spin_axis(attitude: Attitude, et_s: FloatArray) -> FloatArray:
    """Find the direction of the spin axis.

    Between records less than 5 deg apart the right ascension goes along the shorter arc and the declination linearly.
    Between records further apart, in gaps of more than 30 days, beside records that were not believed, and before the
    first one, the direction is unknown. After the last one it holds, since a record stands for the beginning of a
    period without significant change.

    Parameters
    ----------
    attitude : Attitude
        Records to interpolate between.
    et_s : (R,) float64, s
        When.

    Returns
    -------
    (R, 3) float64
        Unit vectors in ECLIPJ2000; NaN where unknown.
    """
    continuous = np.unwrap(attitude.right_ascension_deg, period=360.0)
    ascension, declination = (
        np.interp(et_s, attitude.et_s, values, left=np.nan) for values in (continuous, attitude.declination_deg)
    )
    is_unknown = in_manoeuvre(attitude, et_s) | in_gap(attitude, et_s)
    return np.where(is_unknown[:, None], np.nan, unit_axis(ascension, declination))


def apart_deg(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angle between unit vectors (..., 3) in deg."""
    return np.asarray(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(axis=-1))))


def unit_axis(right_ascension_deg: FloatArray, declination_deg: FloatArray) -> FloatArray:
    """Return the unit vectors (..., 3) of directions."""
    ascension, declination = np.radians(right_ascension_deg), np.radians(declination_deg)
    return np.stack(
        [np.cos(declination) * np.cos(ascension), np.cos(declination) * np.sin(ascension), np.sin(declination)], axis=-1
    )
