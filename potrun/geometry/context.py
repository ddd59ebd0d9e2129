"""What surrounds a footpoint and the spacecraft: Sun, field, altitude, the Moon's place behind the Earth.

Pure functions of (N, 3) vectors; what is unknown is NaN and stays NaN. Frames: SSE has x from the Moon to the Sun and
GSE x from the Earth to the Sun, z of both stands on x and leans to the ecliptic's north, y completes them.
"""

from typing import Any

import numpy as np

from potrun.core.records import FloatArray

EARTH_RADIUS_KM = 6378.137
"""Equatorial radius of the Earth, the unit of distances in the magnetosphere."""

_GYRORADIUS_KM_NT_PER_ROOT_EV = 3.37213
"""sqrt(2 m_e / e) in km nT / sqrt(eV): the gyroradius of 1 eV across a field of 1 nT."""


def angle_deg(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angle between vectors, (N, 3) each, in deg 0..180."""
    cross = np.linalg.norm(np.cross(a, b), axis=-1)
    return np.asarray(np.degrees(np.arctan2(cross, np.sum(a * b, axis=-1))))


def zenith_angle_deg(place: FloatArray, to_sun_from_centre: FloatArray) -> FloatArray:
    """Distance of the Sun from the zenith.

    Parameters
    ----------
    place : (N, 3) float64, km
        From the Moon's centre; its direction is the zenith.
    to_sun_from_centre : (N, 3) float64, km
        The Sun from the Moon's centre in the same frame.

    Returns
    -------
    (N,) float64, deg
        0 under the Sun, above 90 at night.
    """
    return angle_deg(place, to_sun_from_centre - place)


def local_time_h(longitude_deg: FloatArray, subsolar_longitude_deg: FloatArray) -> FloatArray:
    """Local solar time, 0..24 h: 12 at the subsolar meridian, an hour later every 15 deg towards the east."""
    return np.mod(12.0 + (longitude_deg - subsolar_longitude_deg) / 15.0, 24.0)


def dip_deg(field: FloatArray, place: FloatArray) -> FloatArray:
    """Angle between the field and the sphere through a place, 0 (grazing) to 90 deg (upright), (N,)."""
    return np.abs(90.0 - angle_deg(field, place))


def gyroradius_km(energy_ev: FloatArray, field_nt: FloatArray) -> FloatArray:
    """Gyroradius of electrons that move across the field.

    Parameters
    ----------
    energy_ev : (N,) float64, eV
        Kinetic energy, far below 511 keV.
    field_nt : (N,) float64, nT
        Strength of the field.

    Returns
    -------
    (N,) float64, km
        21 km for 1 keV at 5 nT.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(_GYRORADIUS_KM_NT_PER_ROOT_EV * np.sqrt(energy_ev) / field_nt)


def solar_ecliptic_axes(to_sun: FloatArray, ecliptic_north: FloatArray) -> FloatArray:
    """Axes of a solar ecliptic frame.

    Parameters
    ----------
    to_sun : (N, 3) float64
        From the frame's origin (the Earth for GSE, the Moon for SSE) to the Sun, any length.
    ecliptic_north : (N, 3) float64
        Unit vector to the ecliptic's north pole in the same frame.

    Returns
    -------
    (N, 3, 3) float64
        Matrices whose rows are x, y and z: they turn vectors into the solar ecliptic frame.

    References
    ----------
    Hapgood 1992, doi:10.1016/0032-0633(92)90012-D (GSE).
    """
    x = _unit(to_sun)
    y = _unit(np.cross(ecliptic_north, x))
    return np.stack([x, y, np.cross(x, y)], axis=-2)


def turned(axes: FloatArray, vector: FloatArray) -> FloatArray:
    """Components of (N, 3) vectors along the rows of (N, 3, 3) axes."""
    return np.asarray(np.einsum("nij,nj->ni", axes, vector))


def tail_axis_gse(aberration_deg: float) -> FloatArray:
    """Return the unit vector (3,) down the magnetotail in GSE.

    The Earth moves towards -y, so that the solar wind seems to blow towards +y by some 4 degrees.
    """
    angle = np.radians(aberration_deg)
    return np.array([-np.cos(angle), np.sin(angle), 0.0])


def from_tail_axis(position_gse: FloatArray, aberration_deg: float) -> tuple[FloatArray, FloatArray]:
    """Place with respect to the aberrated axis of the magnetotail.

    Parameters
    ----------
    position_gse : (N, 3) float64
        Any unit.
    aberration_deg : float
        How far the axis leans from -x towards +y.

    Returns
    -------
    distance : (N,) float64
        From the line through the Earth along the axis, in the unit of the position.
    angle : (N,) float64, deg
        At the Earth, between the axis and the position: above 90 on the Sun's side.
    """
    axis = np.broadcast_to(tail_axis_gse(aberration_deg), position_gse.shape)
    return np.linalg.norm(np.cross(position_gse, axis), axis=-1), angle_deg(position_gse, axis)


def _unit(vector: FloatArray) -> Any:
    with np.errstate(invalid="ignore", divide="ignore"):
        return vector / np.linalg.norm(vector, axis=-1, keepdims=True)
