"""Sun, Earth and Moon from an analytic ephemeris, and the Moon's orientation.

J2000 stands for the axes of the GCRS (their 0.02 arcsec difference does not matter in a closed simulation).
"""

from collections.abc import Callable
from typing import NamedTuple

import erfa
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

FloatArray = NDArray[np.float64]

AU_KM = 149597870.7
J2000_JD = 2451545.0
OBLIQUITY_ARCSEC = 84381.448
EARTH_OVER_MOON_MASS = 81.30056
MOON_RADIUS_KM = 1737.4
_NODE_STEP_S = 600.0

POLE_RA_DEG = (269.9949, 0.0031)
POLE_DEC_DEG = (66.5392, 0.0130)
PRIME_MERIDIAN_DEG = (38.3213, 13.17635815, -1.4e-12)
NUTATION_ANGLES_DEG = (
    (125.045, -0.0529921), (250.089, -0.1059842), (260.008, 13.0120009), (176.625, 13.3407154), (357.529, 0.9856003),
    (311.589, 26.4057084), (134.963, 13.0649930), (276.617, 0.3287146), (34.226, 1.7484877), (15.134, -0.1589763),
    (119.743, 0.0036096), (239.961, 0.1643573), (25.053, 12.9590088),
)  # fmt: skip
NUTATION_RA_DEG = (-3.8787, -0.1204, 0.0700, -0.0172, 0.0, 0.0072, 0.0, 0.0, 0.0, -0.0052, 0.0, 0.0, 0.0043)
NUTATION_DEC_DEG = (1.5419, 0.0239, -0.0278, 0.0068, 0.0, -0.0029, 0.0009, 0.0, 0.0, 0.0008, 0.0, 0.0, -0.0009)
NUTATION_PM_DEG = (
    3.5610, 0.1208, -0.0642, 0.0158, 0.0252, -0.0066, -0.0047, -0.0046, 0.0028, 0.0052, 0.0040, 0.0019, -0.0044,
)  # fmt: skip
"""IAU 2015 rotation model of the Moon (Archinal et al. 2018, doi:10.1007/s10569-017-9805-5); rates per century for the
pole, per day for the prime meridian and the nutation angles."""


class Chain(NamedTuple):
    """States in J2000, (N, 6) km and km/s, each about the body that SPK files usually refer it to."""

    sun_from_barycentre: FloatArray
    earth_moon_from_barycentre: FloatArray
    earth_from_earth_moon: FloatArray
    moon_from_earth_moon: FloatArray


def chain(et: FloatArray) -> Chain:
    """Compute the Sun-Earth-Moon chain.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.

    Returns
    -------
    Chain

    References
    ----------
    ERFA `epv00` (Bretagnon and Francou 1988) and `moon98` (Chapront-Touze and Chapront, in Meeus 1998).
    """
    days = np.asarray(et, dtype=np.float64) / 86400.0
    heliocentric, barycentric = (_states(pv) for pv in erfa.epv00(J2000_JD, days))
    moon = _states(erfa.moon98(J2000_JD, days))
    share = 1.0 / (1.0 + EARTH_OVER_MOON_MASS)
    return Chain(barycentric - heliocentric, barycentric + share * moon, -share * moon, (1.0 - share) * moon)


def sun_from_moon_km(et: FloatArray) -> FloatArray:
    """Give the geometric vector from the Moon's centre to the Sun's.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.

    Returns
    -------
    (N, 3) float64, km, J2000
    """
    return _splined(_sun_from_moon_km, et)


def earth_from_moon_km(et: FloatArray) -> FloatArray:
    """Give the geometric vector from the Moon's centre to the Earth's.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.

    Returns
    -------
    (N, 3) float64, km, J2000
    """
    return _splined(_earth_from_moon_km, et)


def _sun_from_moon_km(et: FloatArray) -> FloatArray:
    bodies = chain(et)
    moon = bodies.earth_moon_from_barycentre + bodies.moon_from_earth_moon
    return np.asarray((bodies.sun_from_barycentre - moon)[:, :3])


def _earth_from_moon_km(et: FloatArray) -> FloatArray:
    bodies = chain(et)
    return np.asarray((bodies.earth_from_earth_moon - bodies.moon_from_earth_moon)[:, :3])


def _splined(vector_km: Callable[[FloatArray], FloatArray], et: FloatArray) -> FloatArray:
    """Spline many times within a short span between nodes ten minutes apart (good to a millimetre)."""
    nodes = np.arange(et.min() - 4 * _NODE_STEP_S, et.max() + 5 * _NODE_STEP_S, _NODE_STEP_S) if len(et) else et
    return np.asarray(CubicSpline(nodes, vector_km(nodes))(et)) if len(nodes) < len(et) else vector_km(et)


def degrees_from_full_moon(et: FloatArray) -> FloatArray:
    """Give the angle at the Earth between the Moon and the point opposite the Sun.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.

    Returns
    -------
    (N,) float64, deg
    """
    bodies = chain(et)
    moon = (bodies.moon_from_earth_moon - bodies.earth_from_earth_moon)[:, :3]
    earth = (bodies.earth_moon_from_barycentre + bodies.earth_from_earth_moon - bodies.sun_from_barycentre)[:, :3]
    cosine = (moon * earth).sum(axis=1) / np.linalg.norm(moon, axis=1) / np.linalg.norm(earth, axis=1)
    return np.asarray(np.degrees(np.arccos(cosine)))


def j2000_to_iau_moon(et: FloatArray) -> FloatArray:
    """Compute the rotation from J2000 to the Moon's body-fixed axes.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.

    Returns
    -------
    (N, 3, 3) float64
        Matrices that act on column vectors.
    """
    day = np.asarray(et, dtype=np.float64) / 86400.0
    century = day / 36525.0
    angles = np.radians([a + b * day for a, b in NUTATION_ANGLES_DEG])
    sines, cosines = np.sin(angles), np.cos(angles)
    ra = POLE_RA_DEG[0] + POLE_RA_DEG[1] * century + np.array(NUTATION_RA_DEG) @ sines
    dec = POLE_DEC_DEG[0] + POLE_DEC_DEG[1] * century + np.array(NUTATION_DEC_DEG) @ cosines
    meridian = np.polyval(PRIME_MERIDIAN_DEG[::-1], day) + np.array(NUTATION_PM_DEG) @ sines
    return _about_z(meridian) @ _about_x(90.0 - dec) @ _about_z(90.0 + ra)


def ecliptic_to_j2000() -> FloatArray:
    """Give the rotation from ECLIPJ2000 to J2000.

    Returns
    -------
    (3, 3) float64
    """
    return np.asarray(_about_x(np.array(OBLIQUITY_ARCSEC / 3600.0)).T)


def _states(pv: NDArray[np.void]) -> FloatArray:
    return np.concatenate([pv["p"] * AU_KM, pv["v"] * (AU_KM / 86400.0)], axis=-1)


def _about_z(degrees: FloatArray) -> FloatArray:
    c, s, zero, one = _parts(degrees)
    return np.moveaxis(np.array([[c, s, zero], [-s, c, zero], [zero, zero, one]]), (0, 1), (-2, -1))


def _about_x(degrees: FloatArray) -> FloatArray:
    c, s, zero, one = _parts(degrees)
    return np.moveaxis(np.array([[one, zero, zero], [zero, c, s], [zero, -s, c]]), (0, 1), (-2, -1))


def _parts(degrees: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    angle = np.radians(degrees)
    return np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
