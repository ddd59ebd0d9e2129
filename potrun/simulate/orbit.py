"""Lunar Prospector's path: a two-body polar orbit in a plane fixed among the stars."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.clock import et_s
from potrun.simulate.ephemeris import MOON_RADIUS_KM, POLE_DEC_DEG, POLE_RA_DEG

FloatArray = NDArray[np.float64]

GM_KM3_S2 = 4902.800066
LOW_ORBIT_FROM = dt.date(1999, 1, 16)
HIGH_ALTITUDE_KM, LOW_ALTITUDE_KM = 100.0, 30.0
ECCENTRICITY = 0.003
PLANE_LONGITUDE_DEG = 65.0
"""Keeps the Sun within 45 deg of the plane on the default days, so that each has sun and shadow."""

REFERENCE_DAY, REFERENCE_SECOND = dt.date(1999, 4, 29), 53117.0
REFERENCE_LATITUDE_ARGUMENT_DEG = 95.0
"""Puts the spacecraft just behind the terminator, still sunlit, at the time of Halekas et al. 2008, Fig. 5."""


def lp_state(et: FloatArray, is_low: bool) -> FloatArray:
    """Compute Lunar Prospector's state about the Moon's centre.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.
    is_low : bool
        True for the 30 km orbit of the extended mission.

    Returns
    -------
    (N, 6) float64, km and km/s, J2000
    """
    axis = MOON_RADIUS_KM + (LOW_ALTITUDE_KM if is_low else HIGH_ALTITUDE_KM)
    rate = np.sqrt(GM_KM3_S2 / axis**3)
    reference = et_s(REFERENCE_DAY, np.array(REFERENCE_SECOND))
    mean = np.radians(REFERENCE_LATITUDE_ARGUMENT_DEG) + rate * (np.asarray(et) - reference)
    eccentric = mean + ECCENTRICITY * np.sin(mean)
    for _ in range(6):
        eccentric -= (eccentric - ECCENTRICITY * np.sin(eccentric) - mean) / (1 - ECCENTRICITY * np.cos(eccentric))
    flattening = np.sqrt(1.0 - ECCENTRICITY**2)
    speed = axis * rate / (1.0 - ECCENTRICITY * np.cos(eccentric))
    equator, pole = _plane()
    place = axis * (
        np.outer(np.cos(eccentric) - ECCENTRICITY, equator) + np.outer(flattening * np.sin(eccentric), pole)
    )
    motion = np.outer(-speed * np.sin(eccentric), equator) + np.outer(speed * flattening * np.cos(eccentric), pole)
    return np.concatenate([place, motion], axis=1)


def _plane() -> tuple[FloatArray, FloatArray]:
    """Return two unit vectors of the orbital plane: one in the Moon's equator, one at its pole (J2000)."""
    ra, dec, lon = np.radians([POLE_RA_DEG[0], POLE_DEC_DEG[0], PLANE_LONGITUDE_DEG])
    pole = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    towards = np.array([np.cos(lon), np.sin(lon), 0.0])
    equator = towards - (towards @ pole) * pole
    return equator / np.linalg.norm(equator), pole
