"""The Earth before the Sun, as seen from the Moon."""

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.ephemeris import chain, degrees_from_full_moon

FloatArray = NDArray[np.float64]

SUN_RADIUS_KM, EARTH_RADIUS_KM = 695700.0, 6378.1366
WIDEST_PENUMBRA_DEG = 2.0
"""Further from full Moon the Earth cannot touch the Sun, from wherever on the Moon it is seen."""

DARK = 0.5
"""Covered part of the disc from which the Sun counts as gone."""

_STRIPS = 600


def earth_from_moon_km(et: FloatArray) -> FloatArray:
    """Give the geometric vector from the Moon's centre to the Earth's.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.

    Returns
    -------
    (N, 3) float64, km, J2000
        NaN where the Moon is too far from full for an eclipse.
    """
    bodies = chain(et)
    earth = (bodies.earth_from_earth_moon - bodies.moon_from_earth_moon)[:, :3]
    return np.where((degrees_from_full_moon(et) < WIDEST_PENUMBRA_DEG)[:, None], earth, np.nan)


def covered_share(position_km: FloatArray, sun_km: FloatArray, earth_km: FloatArray) -> FloatArray:
    """Find the part of the Sun's disc that the Earth covers, by cutting both discs into strips.

    Parameters
    ----------
    position_km, sun_km, earth_km : (N, 3) float64, km
        Observer, Sun and Earth from the Moon's centre, in one frame.

    Returns
    -------
    (N,) float64
        0 to 1; 0 where the Earth's place is NaN.
    """
    to_sun, to_earth = sun_km - position_km, earth_km - position_km
    sun_km_away, earth_km_away = (np.linalg.norm(item, axis=1) for item in (to_sun, to_earth))
    sun, earth = np.arcsin(SUN_RADIUS_KM / sun_km_away), np.arcsin(EARTH_RADIUS_KM / earth_km_away)
    cross = np.linalg.norm(np.cross(to_sun, to_earth), axis=1)
    apart = np.arctan2(cross, (to_sun * to_earth).sum(axis=1))
    share = np.zeros(len(sun))
    near = np.flatnonzero(apart < sun + earth)
    along = (np.arange(_STRIPS) + 0.5) / _STRIPS * 2.0 - 1.0
    place = along * sun[near, None]
    of_sun = np.sqrt(np.maximum(sun[near, None] ** 2 - place**2, 0.0))
    of_earth = np.sqrt(np.maximum(earth[near, None] ** 2 - (place - apart[near, None]) ** 2, 0.0))
    share[near] = np.minimum(of_sun, of_earth).sum(axis=1) / of_sun.sum(axis=1)
    return share
