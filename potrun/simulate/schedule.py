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
ROW_OFFSET_S = np.floor(ROW_SECONDS * np.arange(N_CHANNELS)).astype(np.int64)
LAST_ROW_S = int(ROW_OFFSET_S[-1])
_STREAM = 13


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


def sweep_starts_s(date: dt.date, sweeps: int, seed: int) -> IntArray:
    """Spread sweeps evenly over a day, each wholly within it.

    On a day with a landmark one of them begins at its time, to within the slack that the number of sweeps leaves; on a
    day that ends with a leap second the last row of the last sweep falls on it.

    Parameters
    ----------
    date : datetime.date
        The day.
    sweeps : int
        How many, 1 to 1080.
    seed : int
        Decides the first start on other days.

    Returns
    -------
    (sweeps,) int64, s
        Whole seconds since midnight.
    """
    length = day_length_s(date)
    cadence = 86400 // sweeps
    latest_first = length - 1 - LAST_ROW_S - cadence * (sweeps - 1)
    if length > 86400:
        first = latest_first
    elif date in LANDMARKS:
        first = min(LANDMARKS[date].second_of_day % cadence, latest_first)
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
