"""Where the spin axis pointed."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from potrun.core.errors import DataError
from potrun.core.records import BoolArray, Defect, FloatArray, TextArray
from potrun.geometry.ephemeris_time import LeapSeconds, utc_to_et

MANOEUVRE_DEG = 5.0
"""Records further apart than this stand before and after a manoeuvre; no direction between them was ever flown."""

_NUMBER = r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*"
_TIME = r'\s*"?\s*(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::(\d\d)(\.\d*)?)?Z?\s*"?\s*'
_RECORD = re.compile(f"{_TIME},{_NUMBER},{_NUMBER},{_NUMBER}")


@dataclass(frozen=True, eq=False)
class Attitude:
    """Records of the spin axis in ECLIPJ2000, in order of time."""

    et_s: FloatArray
    right_ascension_deg: FloatArray
    declination_deg: FloatArray
    defects: tuple[Defect, ...] = ()


@dataclass(frozen=True, eq=False)
class AttitudeText:
    """What the lines of the table say: N usable records in the file's order, and the numbers of the other lines.

    `utc` has whole seconds, `fraction_s` what is left of them.
    """

    utc: TextArray
    fraction_s: FloatArray
    right_ascension_deg: FloatArray
    declination_deg: FloatArray
    line: list[int]
    bad: list[int]


def parse_attitude(text: str, name: str) -> AttitudeText:
    """Read the lines of ``attitude.tab``: UTC, spin rate, right ascension, declination.

    The archive's times end with the minute (``1998-01-07T04:00``); seconds, fractions, a Z, quotes and blanks are read
    as well.

    Parameters
    ----------
    text : str
        Content of the file.
    name : str
        The file, as an error shall name it.

    Returns
    -------
    AttitudeText

    Raises
    ------
    DataError
        If there is no usable record.

    References
    ----------
    PDS3 label of the data set LP-L-ENG-6-ATTITUDE-V1.0.
    """
    matches, numbers, bad = [], [], []
    for number, line in enumerate(text.splitlines(), start=1):
        match = _RECORD.fullmatch(line)
        if match and abs(float(match[5])) <= 360 and abs(float(match[6])) <= 90:
            matches.append(match)
            numbers.append(number)
        elif line.strip():
            bad.append(number)
    if not matches:
        raise DataError(
            f"attitude table {name} holds no line `UTC,spin rate,right ascension,declination` with a time such as "
            "1998-01-07T04:00: fetch it"
        )
    return AttitudeText(
        utc=np.array([f"{match[1]}:{match[2] or '00'}" for match in matches]),
        fraction_s=np.array([float(f"0{match[3] or ''}") for match in matches]),
        right_ascension_deg=np.array([float(match[5]) for match in matches]),
        declination_deg=np.array([float(match[6]) for match in matches]),
        line=numbers,
        bad=bad,
    )


def read_attitude(path: Path, leap_seconds: LeapSeconds) -> Attitude:
    """Read ``attitude.tab``.

    Parameters
    ----------
    path : Path
        The file.
    leap_seconds : LeapSeconds
        For its times.

    Returns
    -------
    Attitude
        Unreadable lines are left out and counted in its `defects`; of records with one time the first counts.

    Raises
    ------
    DataError
        If the file is missing or holds no record.
    """
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise DataError(f"attitude table {path} cannot be read ({error.strerror}): fetch it") from error
    records = parse_attitude(text, str(path))
    et = utc_to_et(records.utc, leap_seconds) + records.fraction_s
    usable = np.isfinite(et)
    if not usable.any():
        raise DataError(f"attitude table {path}: no record has a time that exists: fetch it")
    bad = records.bad + [line for line, good in zip(records.line, usable, strict=True) if not good]
    order = np.flatnonzero(usable)[np.unique(et[usable], return_index=True)[1]]
    defect = Defect("unreadable attitude record", path.name, min(bad, default=0), len(bad), 0)
    return Attitude(
        et[order], records.right_ascension_deg[order], records.declination_deg[order], (defect,) if bad else ()
    )


def is_manoeuvre(attitude: Attitude) -> BoolArray:
    """Tell which of the N - 1 intervals between records hold a manoeuvre: (N - 1,) bool."""
    axis = _unit(attitude.right_ascension_deg, attitude.declination_deg)
    cross = np.linalg.norm(np.cross(axis[1:], axis[:-1]), axis=-1)
    apart = np.degrees(np.arctan2(cross, (axis[1:] * axis[:-1]).sum(axis=-1)))
    return np.asarray(apart >= MANOEUVRE_DEG)


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
    after = np.searchsorted(attitude.et_s, et_s, side="right")
    inside = (after > 0) & (after < len(attitude.et_s))
    before = np.clip(after - 1, 0, len(attitude.et_s) - 1)
    hold = np.concatenate([is_manoeuvre(attitude), [False]])
    return np.asarray(inside & hold[before] & (et_s != attitude.et_s[before]))


def attitude_age_s(attitude: Attitude, et_s: FloatArray) -> FloatArray:
    """Return how long ago the last record was, where a direction is held after it: (R,) s, 0 up to the last record."""
    return np.asarray(np.maximum(et_s - attitude.et_s[-1], 0.0))


def spin_axis(attitude: Attitude, et_s: FloatArray) -> FloatArray:
    """Find the direction of the spin axis.

    Between records less than 5 deg apart the right ascension goes along the shorter arc and the declination linearly.
    Between records further apart, and before the first one, the direction is unknown. After the last one it holds,
    since a record stands for the beginning of a period without significant change.

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
    return np.where(in_manoeuvre(attitude, et_s)[:, None], np.nan, _unit(ascension, declination))


def _unit(right_ascension_deg: FloatArray, declination_deg: FloatArray) -> FloatArray:
    """Return the unit vectors (..., 3) of directions."""
    ascension, declination = np.radians(right_ascension_deg), np.radians(declination_deg)
    return np.stack(
        [np.cos(declination) * np.cos(ascension), np.cos(declination) * np.sin(ascension), np.sin(declination)], axis=-1
    )
