"""The Earth before the Sun, as seen from the Moon."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SUN_RADIUS_KM, EARTH_RADIUS_KM = 695700.0, 6378.1366
DARK = 0.5
"""Covered part of the disc from which the Sun counts as gone."""

_STRIPS = 600


def covered_share(position_km: FloatArray, sun_km: FloatArray, earth_km: FloatArray) -> FloatArray:
    """Find the part of the Sun's disc that the Earth covers, by cutting both discs into strips.

    Parameters
    ----------
    position_km, sun_km, earth_km : (N, 3) float64, km
        Observer, Sun and Earth from the Moon's centre, in one frame.

    Returns
    -------
    (N,) float64
        0 to 1; 0 where the place of the Earth is NaN.
    """
    to_sun, to_earth = sun_km - position_km, earth_km - position_km
    sun = np.arcsin(SUN_RADIUS_KM / np.linalg.norm(to_sun, axis=1))
    earth = np.arcsin(EARTH_RADIUS_KM / np.linalg.norm(to_earth, axis=1))
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
