"""When sweeps begin on a day."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.cells import N_CHANNELS, ROW_SECONDS
from potrun.simulate.clock import day_length_s

IntArray = NDArray[np.int64]

SHORTEST_CADENCE_S = 80
MAX_SWEEPS = 86400 // SHORTEST_CADENCE_S
SPIN_S = 5
LAST_START_S = 86350
"""Start of a day's last sweep in the mission's rhythm, 23:59:10; its last rows have the next date."""

_STREAM = 13


@dataclass(frozen=True)
class Rhythm:
    """When rows are taken: seconds after their sweep's start, and whether the day's last sweep crosses midnight.

    With `repeats_start` the second field of a table holds its sweep's first time in all rows, otherwise each row's own.
    """

    row_offset_s: tuple[int, ...]
    crosses_midnight: bool
    repeats_start: bool


MISSION_RHYTHM = Rhythm(tuple(SPIN_S * row for row in range(N_CHANNELS)), crosses_midnight=True, repeats_start=True)
"""One row a spin."""

PLAIN_RHYTHM = Rhythm(
    tuple(int(ROW_SECONDS * row) for row in range(N_CHANNELS)), crosses_midnight=False, repeats_start=False
)
"""One row behind the other, each sweep within its day."""


@dataclass(frozen=True)
class Landmark:
    """Values of a published sweep."""

    second_of_day: int
    usc_v: float
    u_surface_v: float
    b_ratio: float


HALEKAS_FIGURE_5 = Landmark(14 * 3600 + 45 * 60, 11.0, -160.0, 0.975)
LANDMARKS = {dt.date(1999, 4, 29): HALEKAS_FIGURE_5}
"""Sweeps with published results: Halekas et al. 2008, doi:10.1029/2008JA013194, Fig. 5."""


def sweep_starts_s(date: dt.date, sweeps: int, seed: int, rhythm: Rhythm) -> IntArray:
    """Spread sweeps evenly over a day.

    On a day with a landmark one of them begins at its time, to within the slack that the number of sweeps leaves. In
    the mission's rhythm the last sweep of the other days starts at 23:59:10. In the plain one each sweep lies within
    its day; on a day that ends with a leap second the last row falls on it.

    Parameters
    ----------
    date : datetime.date
        The day.
    sweeps : int
        How many, 1 to 1080.
    seed : int
        Decides the first start on other days, in the plain rhythm.
    rhythm : Rhythm
        When rows are taken.

    Returns
    -------
    (sweeps,) int64, s
        Whole seconds since midnight.
    """
    length = day_length_s(date)
    cadence = 86400 // sweeps
    latest = LAST_START_S if rhythm.crosses_midnight else length - 1 - rhythm.row_offset_s[-1]
    latest_first = latest - cadence * (sweeps - 1)
    if date in LANDMARKS:
        first = min(LANDMARKS[date].second_of_day % cadence, latest_first)
    elif rhythm.crosses_midnight or length > 86400:
        first = latest_first
    else:
        rng = np.random.default_rng([seed, date.toordinal(), _STREAM])
        first = int(rng.integers(0, min(cadence, latest_first + 1)))
    return np.asarray(first + cadence * np.arange(sweeps), dtype=np.int64)


def rows_of_last_sweep(date: dt.date) -> int:
    """Say how many rows the last sweep of a day has: every other day it is cut short by one.

    Parameters
    ----------
    date : datetime.date
        The day.

    Returns
    -------
    int
    """
    return N_CHANNELS - (date - dt.date(1998, 4, 15)).days % 2
