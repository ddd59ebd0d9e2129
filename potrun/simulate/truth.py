"""True geometry of each row, straight from the analytic orbit and the attitude records."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.attitude import AttitudeRecords, spin_axis_deg
from potrun.simulate.cells import THETA_DEG
from potrun.simulate.eclipse import DARK, covered_share
from potrun.simulate.ephemeris import (
    MOON_RADIUS_KM,
    earth_from_moon_km,
    ecliptic_to_j2000,
    j2000_to_iau_moon,
    sun_from_moon_km,
)
from potrun.simulate.form import Form
from potrun.simulate.orbit import lp_position_km

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Place:
    """Where the spacecraft is at each of N times, in IAU_MOON (km), and how its SCD axes lie.

    `scd_to_moon` (N, 3, 3) turns column vectors from SCD to IAU_MOON; `sun_km` and `earth_km` point from the Moon's
    centre, the latter is NaN where the Earth shall not darken the Moon.
    """

    et_s: FloatArray
    position_km: FloatArray
    sun_km: FloatArray
    earth_km: FloatArray
    scd_to_moon: FloatArray
    ra_deg: FloatArray
    dec_deg: FloatArray

    @property
    def spacecraft_in_sun(self) -> BoolArray:
        """(N,) True where the ray to the Sun misses the Moon and the Earth leaves most of the Sun free."""
        return is_sunlit(self.position_km, self.sun_km) & self.is_clear_of_earth(self.position_km)

    def is_clear_of_earth(self, point_km: FloatArray) -> BoolArray:
        """Tell from which points, one for each time, the Earth leaves most of the Sun's disc free."""
        return np.asarray(covered_share(point_km, self.sun_km, self.earth_km) < DARK)


@dataclass(frozen=True, eq=False)
class Feet:
    """Where field lines meet the Moon; NaN and False where `polarity` is 0."""

    polarity: CodeArray
    position_km: FloatArray
    in_sun: BoolArray


def place_at(et: FloatArray, attitude: AttitudeRecords, form: Form) -> Place:
    """Compute where the spacecraft is and how it is oriented.

    Parameters
    ----------
    et : (N,) float64, TDB s past J2000
        Times.
    attitude : AttitudeRecords
        Records that enclose the times.
    form : Form
        Its orbits, and whether the Earth darkens the Moon.

    Returns
    -------
    Place
    """
    to_moon = j2000_to_iau_moon(et)
    lp, sun = lp_position_km(et, form.orbits), sun_from_moon_km(et)
    earth = earth_from_moon_km(et) if form.earth_shadow else np.full_like(lp, np.nan)
    ra, dec = spin_axis_deg(attitude, et)
    axes = scd_axes(ra, dec, (sun - lp) @ ecliptic_to_j2000())
    return Place(
        et,
        np.einsum("nij,nj->ni", to_moon, lp),
        np.einsum("nij,nj->ni", to_moon, sun),
        np.einsum("nij,nj->ni", to_moon, earth),
        to_moon @ ecliptic_to_j2000() @ axes,
        ra,
        dec,
    )


def scd_axes(ra_deg: FloatArray, dec_deg: FloatArray, to_sun: FloatArray) -> FloatArray:
    """Build the despun axes: z along the spin, x towards the Sun as far as z allows, y completing them.

    Parameters
    ----------
    ra_deg, dec_deg : (N,) float64, deg
        Spin axis in some frame.
    to_sun : (N, 3) float64
        Direction to the Sun in the same frame.

    Returns
    -------
    (N, 3, 3) float64
        x, y, z as columns.
    """
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    z = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    x = to_sun - (to_sun * z).sum(axis=1, keepdims=True) * z
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return np.stack([x, np.cross(z, x), z], axis=2)


def is_sunlit(position_km: FloatArray, sun_km: FloatArray) -> BoolArray:
    """Tell whether the straight way to the Sun passes the Moon's sphere.

    Parameters
    ----------
    position_km, sun_km : (N, 3) float64, km
        Spacecraft and Sun from the Moon's centre.

    Returns
    -------
    (N,) bool
    """
    return ~np.isfinite(_distance_to_sphere(position_km, sun_km - position_km))


def trace(place: Place, b_moon_nt: FloatArray) -> Feet:
    """Follow the field straight both ways to the surface.

    Parameters
    ----------
    place : Place
        Where the spacecraft is at N times.
    b_moon_nt : (N, 3) float64, nT
        Field in IAU_MOON.

    Returns
    -------
    Feet
    """
    along = _distance_to_sphere(place.position_km, b_moon_nt)
    against = _distance_to_sphere(place.position_km, -b_moon_nt)
    polarity = np.where(np.isfinite(along), 1, np.where(np.isfinite(against), -1, 0)).astype(np.int8)
    unit = b_moon_nt / np.linalg.norm(b_moon_nt, axis=1, keepdims=True)
    distance = np.where(polarity > 0, along, against)
    foot = place.position_km + (polarity * distance)[:, None] * unit
    return Feet(polarity, foot, ((foot * place.sun_km).sum(axis=1) > 0) & place.is_clear_of_earth(foot))


def pitch_deg(b_scd_nt: FloatArray, phi_deg: FloatArray, polarity: CodeArray) -> FloatArray:
    """Measure each cell's direction of motion against the moonward field.

    Parameters
    ----------
    b_scd_nt : (N, 3) float64, nT
        Field.
    phi_deg : (N, 88) float64, deg
        Azimuths.
    polarity : (N,) int8
        +1 where +B leads to the Moon, -1 where -B does; 0 gives NaN.

    Returns
    -------
    (N, 88) float64, deg
    """
    theta, phi = np.radians(THETA_DEG), np.radians(phi_deg)
    moonward = polarity[:, None] * b_scd_nt / np.linalg.norm(b_scd_nt, axis=1, keepdims=True)
    flat = np.cos(theta) * (np.cos(phi) * moonward[:, :1] + np.sin(phi) * moonward[:, 1:2])
    cosine = flat + np.sin(theta) * moonward[:, 2:]
    return np.where(polarity[:, None] == 0, np.nan, np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def latitude_longitude_deg(position: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give planetocentric coordinates.

    Parameters
    ----------
    position : (N, 3) float64
        Points in IAU_MOON.

    Returns
    -------
    latitude, longitude : (N,) float64, deg
        Longitude in -180..180.
    """
    x, y, z = position.T
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def _distance_to_sphere(start: FloatArray, direction: FloatArray) -> FloatArray:
    """Distance along a ray from outside the sphere to where it enters, NaN where it does not."""
    unit = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    approach = -(start * unit).sum(axis=1)
    inside2 = MOON_RADIUS_KM**2 - ((start + approach[:, None] * unit) ** 2).sum(axis=1)
    hits = (approach > 0) & (inside2 >= 0)
    return np.where(hits, approach - np.sqrt(np.maximum(inside2, 0.0)), np.nan)
