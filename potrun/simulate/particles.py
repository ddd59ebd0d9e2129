"""Energetic particles from the Sun that pass through the instrument's walls and count alike in all channels."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

EVENT = dt.datetime(1998, 4, 20, 11, 40)
"""Onset of the event of that day; see Halekas et al. 2007, doi:10.1029/2006GL028517, for this and other events."""

RISE_S, DECAY_S = 5.8 * 3600.0, 24 * 3600.0
"""Time from the onset to the peak, and that in which the rate falls to a third after half a day at the peak."""

QUIET_COUNTS_PER_S, PEAK_COUNTS_PER_S = 10.0, 1e5
"""Of the whole instrument; at the peak such particles outweigh the solar wind in most channels."""

_PLATEAU_S = 12 * 3600.0


def particle_counts_per_s(date: dt.date, second_of_day: FloatArray) -> FloatArray:
    """Give the rate of such particles in the whole instrument.

    Parameters
    ----------
    date : datetime.date
        The day.
    second_of_day : (N,) float64, s
        Seconds since its midnight.

    Returns
    -------
    (N,) float64, counts/s
        0 outside the event.
    """
    midnight = (dt.datetime.combine(date, dt.time()) - EVENT).total_seconds()
    since = midnight + np.asarray(second_of_day, dtype=np.float64)
    growth = np.log(PEAK_COUNTS_PER_S / QUIET_COUNTS_PER_S)
    rising = np.clip(since / RISE_S, 0.0, 1.0) * growth
    falling = np.maximum(since - RISE_S - _PLATEAU_S, 0.0) / DECAY_S
    rate = QUIET_COUNTS_PER_S * np.exp(rising - falling)
    return np.where((since > 0.0) & (rate > 1.0), rate, 0.0)
