"""The table of the spin axis, ``attitude.tab``: its records read, and held against what is known."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from potrun.core.errors import DataError
from potrun.core.records import Defect, FloatArray, IntArray, TextArray
from potrun.geometry.attitude import Attitude, apart_deg, unit_axis
from potrun.geometry.ephemeris_time import LeapSeconds, utc_to_et
from potrun.geometry.plausible import axis_trouble

ALIKE_DEG = 0.1
"""Records of one time that differ by less say the same; the table's last digit is 0.01 deg."""

STEP_DEG = 1.0
"""How near the records before and after must be to two records of one minute, to be a step that was flown."""

_NUMBER = r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*"
_TIME = r'\s*"?\s*(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::(\d\d)(\.\d*)?)?Z?\s*"?\s*'
_RECORD = re.compile(f"{_TIME},{_NUMBER},{_NUMBER},{_NUMBER}")


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
        What cannot be read or believed is left out and counted in its `defects`: lines that are no record, an axis far
        from both poles of the ecliptic, records of one time that contradict each other.

    Raises
    ------
    DataError
        If the file is missing, holds no record, or mostly axes that Lunar Prospector never had.
    """
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise DataError(f"attitude table {path} cannot be read ({error.strerror}): fetch it") from error
    records = parse_attitude(text, str(path))
    et = utc_to_et(records.utc, leap_seconds) + records.fraction_s
    line = np.array(records.line)
    is_time = np.isfinite(et)
    if not is_time.any():
        raise DataError(f"attitude table {path}: no record has a time that exists: fetch it")
    bad = [*records.bad, *line[~is_time].tolist()]
    trouble = axis_trouble(records.right_ascension_deg, records.declination_deg)
    is_strange = is_time & (trouble != "")
    if 2 * np.count_nonzero(is_strange) > np.count_nonzero(is_time):
        first = int(np.flatnonzero(is_strange)[0])
        raise DataError(
            f"attitude table {path}:{line[first]}: {trouble[first]}, and so in {np.count_nonzero(is_strange)} of"
            f" {np.count_nonzero(is_time)} records: fetch it again"
        )
    order = np.flatnonzero(is_time & ~is_strange)
    order = order[np.argsort(et[order], kind="stable")]
    axis = unit_axis(records.right_ascension_deg, records.declination_deg)
    kept, contradicting = _steps(et, axis, order)
    if not len(kept):
        raise DataError(
            f"attitude table {path}: its records of {records.utc[order[0]]} contradict each other: fetch it again"
        )
    first_strange = trouble[is_strange][0] if is_strange.any() else ""
    defects = (
        _defect("unreadable attitude record", path, bad),
        _defect(f"attitude record not believed ({first_strange})", path, line[is_strange].tolist()),
        _defect("attitude records of one time that contradict each other", path, line[contradicting].tolist()),
    )
    return Attitude(
        et[kept],
        records.right_ascension_deg[kept],
        records.declination_deg[kept],
        tuple(defect for defect in defects if defect.rows),
        np.sort(np.concatenate([et[is_strange], et[contradicting]])),
    )


def _defect(reason: str, path: Path, lines: Sequence[int]) -> Defect:
    return Defect(reason, path.name, min(lines, default=0), len(lines), 0)


def _steps(et: FloatArray, axis: FloatArray, order: IntArray) -> tuple[IntArray, IntArray]:
    """Sort out records of one time.

    Records that say the same count once. Of others the first and the last stand for a step within a minute if the
    records around them agree with that; else they contradict each other.

    Parameters
    ----------
    et : (N,) float64, s
        Times of all records.
    axis : (N, 3) float64
        Their unit vectors.
    order : (M,) int64
        The usable records in order of time, and in the file's order where times are equal.

    Returns
    -------
    kept, contradicting : (K,), (L,) int64
        Records to use, and those of times that contradict themselves.
    """
    kept: list[int] = []
    contradicting: list[int] = []
    groups = np.split(order, np.flatnonzero(np.diff(et[order])) + 1) if len(order) else []
    for number, group in enumerate(groups):
        first, last = int(group[0]), int(group[-1])
        if apart_deg(axis[group], axis[first]).max() <= ALIKE_DEG:
            kept.append(first)
            continue
        before = axis[groups[number - 1][-1]] if number else axis[first]
        after = axis[groups[number + 1][0]] if number + 1 < len(groups) else axis[last]
        is_step = len(group) == 2 and max(apart_deg(before, axis[first]), apart_deg(after, axis[last])) <= STEP_DEG
        if is_step and 0 < number < len(groups) - 1:
            kept += [first, last]
        else:
            contradicting += group.tolist()
    return np.array(kept, dtype=np.int64), np.array(contradicting, dtype=np.int64)
