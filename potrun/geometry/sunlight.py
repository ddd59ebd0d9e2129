"""Cells that sunlight reaches: a false flux of electrons about the Sun, which no flag of the archive marks."""

import numpy as np

from potrun.core.instrument import CELL_WIDTH_DEG, cell_azimuth_width_deg
from potrun.core.records import BoolArray, FloatArray


def sun_elevation_deg(spin_axis: FloatArray, to_sun: FloatArray) -> FloatArray:
    """Angle of the Sun above the plane across the spin axis; its azimuth in the despun frame is 0 by definition.

    Parameters
    ----------
    spin_axis, to_sun : (R, 3) float64
        In one frame.

    Returns
    -------
    (R,) float64, deg
    """
    along = (spin_axis * to_sun).sum(axis=-1) / np.linalg.norm(to_sun, axis=-1)
    return np.asarray(np.degrees(np.arcsin(np.clip(along, -1.0, 1.0))))


def distance_to_cell_deg(
    theta_deg: FloatArray, phi_deg: FloatArray, azimuth_deg: float, elevation_deg: FloatArray
) -> FloatArray:
    """Angle between a direction and the nearest point of each cell's field of view.

    A cell spans 22.5 deg in inclination and 360 deg / (cells at its latitude) in azimuth about its centre.

    Parameters
    ----------
    theta_deg : (C,) float64, deg
        Inclinations of the cells.
    phi_deg : (R, C) float64, deg
        Azimuths of the cells.
    azimuth_deg : float, deg
        Of the direction, the same for all rows.
    elevation_deg : (R,) float64, deg
        Of the direction.

    Returns
    -------
    (R, C) float64, deg
        0 inside the cell; NaN where the cell's azimuth is missing.
    """
    aside = np.abs((phi_deg - azimuth_deg + 180.0) % 360.0 - 180.0)
    aside = np.radians(np.maximum(aside - cell_azimuth_width_deg(theta_deg) / 2, 0.0))
    elevation = np.radians(elevation_deg)[:, None]
    across, up = np.cos(elevation) * np.cos(aside), np.sin(elevation)
    # On the cell's nearest meridian the cosine is a cosine about one inclination: its highest place or the nearest end.
    low, high = np.radians(theta_deg - CELL_WIDTH_DEG / 2), np.radians(theta_deg + CELL_WIDTH_DEG / 2)
    highest = np.clip(np.arctan2(up, across), low, high)
    cosine = np.max([np.cos(at) * across + np.sin(at) * up for at in (low, high, highest)], axis=0)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def sunlit_cells(
    theta_deg: FloatArray,
    phi_deg: FloatArray,
    elevation_deg: FloatArray,
    is_lit: BoolArray,
    limit_deg: float,
    directions: str,
) -> BoolArray:
    """Mark the cells that direct sunlight may have reached.

    Photons come from the Sun: where the archive's angles are directions of motion, sunlight stands at azimuth 180 deg
    and minus the Sun's elevation; where they are look directions, at azimuth 0 and the Sun's elevation.

    Parameters
    ----------
    theta_deg : (C,) float64, deg
    phi_deg : (R, C) float64, deg
        Inclinations and azimuths of the cells.
    elevation_deg : (R,) float64, deg
        Of the Sun, see :func:`sun_elevation_deg`.
    is_lit : (R,) bool
        Whether the spacecraft is in sunlight.
    limit_deg : float, deg
        Distance from the Sun's direction to the nearest point of the cell up to which it counts; 0: none does.
    directions : {"motion", "look"}
        What the archive's angles are.

    Returns
    -------
    (R, C) bool
    """
    marked = np.zeros(phi_deg.shape, dtype=bool)
    if limit_deg <= 0:
        return marked
    rows = np.flatnonzero(is_lit & np.isfinite(elevation_deg))
    azimuth, sign = (180.0, -1.0) if directions == "motion" else (0.0, 1.0)
    with np.errstate(invalid="ignore"):
        distance = distance_to_cell_deg(theta_deg, phi_deg[rows], azimuth, sign * elevation_deg[rows])
        marked[rows] = distance <= limit_deg
    return marked
