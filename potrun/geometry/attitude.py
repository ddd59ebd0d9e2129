"""Where the spin axis pointed."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from potrun.core.errors import DataError
from potrun.core.records import Defect, FloatArray
from potrun.geometry.ephemeris_time import LeapSeconds, utc_to_et

_NUMBER = r"\s*([+-]?\d+\.?\d*(?:[eE][+-]?\d+)?)\s*"
_RECORD = re.compile(rf'\s*"?(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z?"?\s*,{_NUMBER},{_NUMBER},{_NUMBER}')


@dataclass(frozen=True, eq=False)
class Attitude:
    """Records of the spin axis in ECLIPJ2000, in order of time."""

    et_s: FloatArray
    right_ascension_deg: FloatArray
    declination_deg: FloatArray
    defects: tuple[Defect, ...] = ()


def read_attitude(path: Path, leap_seconds: LeapSeconds) -> Attitude:
    """Read ``attitude.tab``: UTC, spin rate, right ascension, declination.

    Parameters
    ----------
    path : Path
        The file.
    leap_seconds : LeapSeconds
        For its times.

    Returns
    -------
    Attitude
        Unreadable lines are left out and counted in its `defects`.

    Raises
    ------
    DataError
        If the file is missing or holds no record.
    """
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError as error:
        raise DataError(f"attitude table {path} cannot be read ({error.strerror}): fetch it") from error
    found = [(number, _RECORD.fullmatch(line)) for number, line in enumerate(lines, start=1) if line.strip()]
    records = [match for _, match in found if match]
    if not records:
        raise DataError(f"attitude table {path} holds no line `UTC,spin rate,right ascension,declination`: fetch it")
    et = utc_to_et(np.array([match[1] for match in records]), leap_seconds)
    et = et + np.array([float(match[2] or 0) for match in records])
    ascension, declination = (np.array([float(match[index]) for match in records]) for index in (4, 5))
    usable = np.isfinite(et) & (np.abs(declination) <= 90) & (np.abs(ascension) <= 360)
    bad = [number for number, match in found if not match]
    bad += [number for (number, _), good in zip([item for item in found if item[1]], usable, strict=True) if not good]
    order = np.flatnonzero(usable)[np.unique(et[usable], return_index=True)[1]]
    defect = Defect("unreadable attitude record", path.name, min(bad, default=0), len(bad), 0)
    return Attitude(et[order], ascension[order], declination[order], (defect,) if bad else ())


def spin_axis(attitude: Attitude, et_s: FloatArray) -> FloatArray:
    """Interpolate the direction of the spin axis.

    Right ascension goes along the shorter arc and declination linearly; there is no extrapolation.

    Parameters
    ----------
    attitude : Attitude
        Records to interpolate between.
    et_s : (R,) float64, s
        When.

    Returns
    -------
    (R, 3) float64
        Unit vectors in ECLIPJ2000; NaN outside the records.
    """
    continuous = np.unwrap(attitude.right_ascension_deg, period=360.0)
    ascension, declination = (
        np.radians(np.interp(et_s, attitude.et_s, values, left=np.nan, right=np.nan))
        for values in (continuous, attitude.declination_deg)
    )
    return np.stack(
        [np.cos(declination) * np.cos(ascension), np.cos(declination) * np.sin(ascension), np.sin(declination)], axis=-1
    )
