"""Lunar Prospector's path: two-body polar orbits in a plane fixed among the stars, one a phase of the mission."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.clock import et_s
from potrun.simulate.ephemeris import MOON_RADIUS_KM, POLE_DEC_DEG, POLE_RA_DEG

FloatArray = NDArray[np.float64]

GM_KM3_S2 = 4902.800066
PLANE_LONGITUDE_DEG = 65.0
"""Keeps the Sun within 45 deg of the plane on the default days, so that each has sun and shadow."""

REFERENCE_DAY, REFERENCE_SECOND = dt.date(1999, 4, 29), 53117.0
REFERENCE_LATITUDE_ARGUMENT_DEG = 95.0
"""Puts the spacecraft just behind the terminator, still sunlit, at the time of Halekas et al. 2008, Fig. 5."""


@dataclass(frozen=True)
class Orbit:
    """An orbit from a time (UTC) on, with the altitudes (km) of its lowest and highest point."""

    start: dt.datetime
    lowest_km: float
    highest_km: float

    @property
    def axis_km(self) -> float:
        """Half of the major axis."""
        return MOON_RADIUS_KM + (self.lowest_km + self.highest_km) / 2

    @property
    def eccentricity(self) -> float:
        """Distance of the focus from the centre, over half of the major axis."""
        return (self.highest_km - self.lowest_km) / 2 / self.axis_km

    @property
    def start_et_s(self) -> float:
        """When it begins, TDB s past J2000."""
        second = (self.start - dt.datetime.combine(self.start.date(), dt.time())).total_seconds()
        return float(et_s(self.start.date(), np.array(second)))


Orbits = tuple[Orbit, ...]
"""Orbits in order of time; each lasts until the next begins."""

MISSION_ORBITS = (
    Orbit(dt.datetime(1998, 1, 11), 80.0, 120.0),
    Orbit(dt.datetime(1998, 12, 19, 0, 0, 25), 29.0, 52.0),
    Orbit(dt.datetime(1999, 1, 29, 0, 0, 25), 15.0, 45.0),
)
"""The phases of the mission: 100 km, from 1998-12-19 some 40 km, from 1999-01-29 15 to 45 km; periods of 118, 112 and
111 minutes (Binder 1998, doi:10.1126/science.281.5382.1475, for the first). One follows the other at once, at a moment
that no sweep covers."""

PLAIN_ORBITS = (
    Orbit(dt.datetime(1998, 1, 11), 100.0 - 5.5122, 100.0 + 5.5122),
    Orbit(dt.datetime(1999, 1, 16), 30.0 - 5.3022, 30.0 + 5.3022),
)
"""Two nearly circular orbits."""


def lp_state(et: FloatArray, orbit: Orbit) -> FloatArray:
    """Compute Lunar Prospector's state about the Moon's centre.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.
    orbit : Orbit
        The orbit.

    Returns
    -------
    (N, 6) float64, km and km/s, J2000
    """
    axis, eccentricity = orbit.axis_km, orbit.eccentricity
    rate = np.sqrt(GM_KM3_S2 / axis**3)
    reference = et_s(REFERENCE_DAY, np.array(REFERENCE_SECOND))
    mean = np.radians(REFERENCE_LATITUDE_ARGUMENT_DEG) + rate * (np.asarray(et) - reference)
    eccentric = mean + eccentricity * np.sin(mean)
    for _ in range(6):
        eccentric -= (eccentric - eccentricity * np.sin(eccentric) - mean) / (1 - eccentricity * np.cos(eccentric))
    flattening = np.sqrt(1.0 - eccentricity**2)
    speed = axis * rate / (1.0 - eccentricity * np.cos(eccentric))
    equator, pole = _plane()
    place = axis * (
        np.outer(np.cos(eccentric) - eccentricity, equator) + np.outer(flattening * np.sin(eccentric), pole)
    )
    motion = np.outer(-speed * np.sin(eccentric), equator) + np.outer(speed * flattening * np.cos(eccentric), pole)
    return np.concatenate([place, motion], axis=1)


def lp_position_km(et: FloatArray, orbits: Orbits) -> FloatArray:
    """Compute where Lunar Prospector is, in the orbit of each time.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.
    orbits : Orbits
        The orbits.

    Returns
    -------
    (N, 3) float64, km, J2000
        From the Moon's centre.
    """
    phase = np.searchsorted([orbit.start_et_s for orbit in orbits], et, side="right") - 1
    out = np.empty((len(et), 3))
    for number in np.unique(phase):
        out[phase == number] = lp_state(et[phase == number], orbits[number])[:, :3]
    return out


def _plane() -> tuple[FloatArray, FloatArray]:
    """Return two unit vectors of the orbital plane: one in the Moon's equator, one at its pole (J2000)."""
    ra, dec, lon = np.radians([POLE_RA_DEG[0], POLE_DEC_DEG[0], PLANE_LONGITUDE_DEG])
    pole = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    towards = np.array([np.cos(lon), np.sin(lon), 0.0])
    equator = towards - (towards @ pole) * pole
    return equator / np.linalg.norm(equator), pole
