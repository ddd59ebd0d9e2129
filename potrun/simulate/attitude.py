"""The spin axis: a slow drift near the ecliptic pole, known only through the records of ``attitude.tab``."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.clock import et_s, utc_text

FloatArray = NDArray[np.float64]

RA_IS_ZERO_ON = dt.date(1998, 4, 16)
RA_RATE_DEG_PER_DAY = 0.98
MANOEUVRE_DEG = 5.0
_STREAM = 11


@dataclass(frozen=True, eq=False)
class AttitudeRecords:
    """Records in time order: text lines of the file, and the numbers that these lines hold."""

    lines: tuple[str, ...]
    et_s: FloatArray
    ra_deg: FloatArray
    dec_deg: FloatArray


def make_records(days: Sequence[dt.date], seed: int) -> AttitudeRecords:
    """Make one or two records on each day from two before to two after those asked.

    A day's records depend on the seed and its date alone, so that archives of different days agree.

    Parameters
    ----------
    days : sequence of datetime.date
        Days to cover.
    seed : int
        Seed of the archive.

    Returns
    -------
    AttitudeRecords
    """
    covered = sorted({day + dt.timedelta(days=shift) for day in days for shift in range(-2, 3)})
    lines, times, ras, decs = [], [], [], []
    for day in covered:
        rng = np.random.default_rng([seed, day.toordinal(), _STREAM])
        seconds = np.sort(rng.choice(86400, size=rng.integers(1, 3), replace=False)).astype(np.float64)
        age = (day - RA_IS_ZERO_ON).days + seconds / 86400.0 - 0.6
        ra = np.round((RA_RATE_DEG_PER_DAY * age + 0.4 * np.sin(age / 3.0)) % 360.0, 4) % 360.0
        dec = np.round(87.4 + 0.5 * np.sin(age / 4.0) + 0.1 * np.cos(age / 1.7), 4)
        spin = 12.0 + 0.05 * np.sin(age / 20.0)
        texts = utc_text(day, seconds.astype(np.int64))
        lines += [f"{t},{w:.4f},{a:.4f},{d:.4f}" for t, w, a, d in zip(texts, spin, ra, dec, strict=True)]
        times.append(et_s(day, seconds))
        ras.append(ra)
        decs.append(dec)
    return AttitudeRecords(tuple(lines), np.concatenate(times), np.concatenate(ras), np.concatenate(decs))


def spin_axis_deg(records: AttitudeRecords, et: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Interpolate the axis between records: right ascension along the shorter arc, declination linearly.

    During a manoeuvre, between records more than 5 deg apart, the earlier direction is kept, and after the last record
    that one.

    Parameters
    ----------
    records : AttitudeRecords
        Records of which the first is earlier than the times.
    et : (N,) float64, TDB s past J2000
        Times.

    Returns
    -------
    ra, dec : (N,) float64, deg, ECLIPJ2000
    """
    right = np.clip(np.searchsorted(records.et_s, et, side="right"), 1, len(records.et_s) - 1)
    left = right - 1
    part = np.clip((et - records.et_s[left]) / (records.et_s[right] - records.et_s[left]), 0.0, 1.0)
    ra, dec = np.radians(records.ra_deg), np.radians(records.dec_deg)
    unit = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    is_manoeuvre = (unit[right] * unit[left]).sum(axis=1) < np.cos(np.radians(MANOEUVRE_DEG))
    part = np.where(is_manoeuvre & (part < 1.0), 0.0, part)
    arc = (records.ra_deg[right] - records.ra_deg[left] + 180.0) % 360.0 - 180.0
    declination = records.dec_deg[left] + part * (records.dec_deg[right] - records.dec_deg[left])
    return (records.ra_deg[left] + part * arc) % 360.0, declination
