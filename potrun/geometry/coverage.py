"""Which days the kernels and the attitude reach, told before any work is done."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from potrun.core.records import FloatArray
from potrun.geometry.attitude import Attitude, spin_axis
from potrun.geometry.ephemeris import LUNAR_PROSPECTOR, MOON, SUN, position_km
from potrun.geometry.ephemeris_time import LeapSeconds, utc_to_et
from potrun.geometry.kernels import Spans

Trajectories = Mapping[Path, Mapping[int, Spans]]
"""Bodies (NAIF ids) and spans of each trajectory kernel."""

_SAMPLES = (*(f"{hour:02d}:{minute:02d}:00" for hour in range(24) for minute in (0, 30)), "23:59:59")


@dataclass(frozen=True)
class DayCoverage:
    """Shares (0..1) of a day for which there are the spacecraft's trajectory, the Sun's, and attitude."""

    date: dt.date
    trajectory: float
    sun: float
    attitude: float

    @property
    def missing(self) -> tuple[str, ...]:
        """What the day lacks altogether."""
        names = {
            "trajectory of Lunar Prospector (-25) about the Moon (301)": self.trajectory,
            "trajectory of the Sun (10) relative to the Moon (301)": self.sun,
            "attitude (before the first record, in a manoeuvre or in a gap of over 30 days)": self.attitude,
        }
        return tuple(name for name, share in names.items() if share == 0)


def within_reach(et_s: FloatArray, trajectories: Trajectories, bodies: Iterable[int]) -> FloatArray:
    """Blank times for which one of the bodies is in no kernel.

    SPICE would say so too, but takes a thousand times longer over an error than over a position.

    Parameters
    ----------
    et_s : (R,) float64, s
        Ephemeris time.
    trajectories : mapping
        Bodies and spans of each trajectory kernel.
    bodies : iterable of int
        NAIF ids that are all needed.

    Returns
    -------
    (R,) float64, s
        NaN in place of such times.
    """
    is_reached = np.ones(len(et_s), dtype=bool)
    for body in bodies:
        has_body = np.zeros(len(et_s), dtype=bool)
        for known in trajectories.values():
            for start, end in known.get(body, ()):
                has_body |= (et_s >= start) & (et_s <= end)
        is_reached &= has_body
    return np.where(is_reached, et_s, np.nan)


def coverage_of(
    dates: Sequence[dt.date], trajectories: Trajectories, attitude: Attitude, leap_seconds: LeapSeconds
) -> list[DayCoverage]:
    """Sample days every half hour, with kernels loaded.

    Parameters
    ----------
    dates : sequence of datetime.date
        The days.
    trajectories : mapping
        Bodies and spans of each trajectory kernel.
    attitude : Attitude
        Records of the spin axis.
    leap_seconds : LeapSeconds
        Turns UTC into ephemeris time.

    Returns
    -------
    list of DayCoverage
        One for each day.
    """
    et = utc_to_et(np.array([f"{date}T{time}" for date in dates for time in _SAMPLES], dtype=np.str_), leap_seconds)
    has = [
        np.isfinite(position_km(LUNAR_PROSPECTOR, MOON, within_reach(et, trajectories, [LUNAR_PROSPECTOR]))).all(
            axis=1
        ),
        np.isfinite(position_km(SUN, MOON, within_reach(et, trajectories, [SUN, MOON]))).all(axis=1),
        np.isfinite(spin_axis(attitude, et)).all(axis=1),
    ]
    shares = [known.reshape(len(dates), len(_SAMPLES)).mean(axis=1).tolist() for known in has]
    return [DayCoverage(date, *values) for date, *values in zip(dates, *shares, strict=True)]


def describe_missing(day: DayCoverage, kernels: Iterable[Path], attitude_path: Path) -> str:
    """Say what a day lacks altogether, what was found, and how to get the rest.

    Parameters
    ----------
    day : DayCoverage
        A day with something missing.
    kernels : iterable of Path
        The kernels that were loaded.
    attitude_path : Path
        The attitude table.

    Returns
    -------
    str
        One line.
    """
    date = day.date
    names = ", ".join(path.name for path in kernels if path.suffix.lower() == ".bsp") or "no *.bsp at all"
    command = f"python -m potrun.fetch year={date.year} month={date.month} day={date.day}"
    return (
        f"{date} is not covered: no {', no '.join(day.missing)} (found {names}; {attitude_path.name}): "
        f"fetch what is missing with `{command} archive.root={attitude_path.parent}`"
    )


def kernels_for(paths: Sequence[Path], trajectories: Trajectories, span: tuple[float, float]) -> tuple[Path, ...]:
    """Choose the kernels worth loading for a span of time.

    Parameters
    ----------
    paths : sequence of Path
        All kernels of an archive.
    trajectories : mapping
        Bodies and spans of each trajectory kernel among them.
    span : (float, float), s
        Ephemeris time.

    Returns
    -------
    tuple of Path
        Those that are no trajectories, and the trajectories with something in the span; the order is kept.
    """
    first, last = span
    return tuple(
        path
        for path in paths
        if path not in trajectories
        or any(start <= last and end >= first for spans in trajectories[path].values() for start, end in spans)
    )
