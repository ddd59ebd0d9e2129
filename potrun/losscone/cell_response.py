"""How much of a cell's solid angle lies within a given angle of the field line: the instrument's response in angle.

A cell of the Electron Reflectometer is 22.5 degrees wide in inclination and 22.5 to 90 degrees in azimuth. The share
depends on its circle of latitude, on the distance of its centre from the field line and on the direction in which the
field line lies. It is tabulated once, finely, and looked up.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from potrun.core.instrument import CELL_WIDTH_DEG, CELLS_AT_LATITUDE
from potrun.core.records import FloatArray, IntArray

N_ANGLES = 91
"""Nodes of a share in angle: every degree from 0 to 90; the share is smooth over 22.5 degrees."""

FARTHEST_DEG = 140
"""Distance of a centre from the field line beyond which no part of any cell lies within 90 deg of it."""

_BEARING_STEP_DEG = 7.5
_BEARINGS = 25
_DIRECTIONS = 32
_LATITUDES = tuple(sorted(CELLS_AT_LATITUDE))


@lru_cache(maxsize=1)
def share_table() -> FloatArray:
    """Tabulate the shares of northern cells.

    Returns
    -------
    (L * D * B, N_ANGLES) float32
        Of each latitude, distance (every degree) and bearing of the field line from north, the share of the cell within
        each angle; from 32 x 32 directions in a cell, weighted by the cosine of their latitude.
    """
    middle = (np.arange(_DIRECTIONS) + 0.5) / _DIRECTIONS - 0.5
    blocks = []
    for latitude in _LATITUDES:
        inclination = np.radians(latitude + CELL_WIDTH_DEG * middle)[:, None]
        azimuth = np.radians(360.0 / CELLS_AT_LATITUDE[latitude] * middle)[None, :]
        flat = np.ones_like(azimuth)
        x, y = np.cos(inclination) * np.cos(azimuth), np.cos(inclination) * np.sin(azimuth)
        inside = np.stack([x.ravel(), y.ravel(), (np.sin(inclination) * flat).ravel()], axis=1)
        weight = (np.cos(inclination) * flat).ravel()
        blocks.append(_shares(np.radians(latitude), inside, weight / weight.sum()))
    return np.concatenate(blocks).astype(np.float32)


def _shares(latitude: float, inside: FloatArray, weight: FloatArray) -> FloatArray:
    """Shares of one circle of latitude, (D * B, N_ANGLES)."""
    distance = np.radians(np.arange(FARTHEST_DEG + 2, dtype=float))[:, None, None]
    bearing = np.radians(_BEARING_STEP_DEG * np.arange(_BEARINGS))[None, :, None]
    centre = np.array([np.cos(latitude), 0.0, np.sin(latitude)])
    north, east = np.array([-np.sin(latitude), 0.0, np.cos(latitude)]), np.array([0.0, 1.0, 0.0])
    axis = np.cos(distance) * centre + np.sin(distance) * (np.cos(bearing) * north + np.sin(bearing) * east)
    axis = axis.reshape(-1, 3)
    out = np.empty((len(axis), N_ANGLES))
    for first in range(0, len(axis), 256):
        angle = np.degrees(np.arccos(np.clip(axis[first : first + 256] @ inside.T, -1.0, 1.0)))
        number = len(angle)
        # A direction stands for a patch a degree wide: it counts in part at the node within, and whole at the next.
        node = np.ceil(angle - 0.5)
        part = node - (angle - 0.5)
        place = np.minimum(node.astype(np.int64), N_ANGLES) + (N_ANGLES + 2) * np.arange(number)[:, None]
        size = number * (N_ANGLES + 2)
        counted = np.bincount(place.ravel(), (weight * part).ravel(), minlength=size)
        counted[1:] += np.bincount(place.ravel(), (weight * (1.0 - part)).ravel(), minlength=size)[:-1]
        out[first : first + 256] = np.cumsum(counted.reshape(number, N_ANGLES + 2), axis=1)[:, :N_ANGLES]
    return out


def field_line_bearing_deg(theta_deg: Any, phi_deg: Any, axis: Any) -> tuple[FloatArray, FloatArray]:
    """Find in which direction the field line lies as seen from a cell, and the cell as seen from the field line.

    Parameters
    ----------
    theta_deg : (C,) float64, deg
    phi_deg : (R, C) float64, deg
    axis : (R, 3) float64
        Unit vector that the loss cone is centred on, in the spacecraft's frame.

    Returns
    -------
    bearing : (R, C) float64, deg
        From the pole of the cell's own hemisphere, 0..180.
    around : (R, C) float64, rad
        Azimuth of the cell about the field line, from an arbitrary but fixed direction.
    """
    theta, phi = np.radians(theta_deg)[None, :], np.radians(phi_deg)
    x, y, z = axis[:, 0:1], axis[:, 1:2], axis[:, 2:3]
    north = -np.sin(theta) * (np.cos(phi) * x + np.sin(phi) * y) + np.cos(theta) * z
    east = -np.sin(phi) * x + np.cos(phi) * y
    bearing = np.degrees(np.arctan2(np.abs(east), np.where(theta < 0.0, -north, north)))
    # Two directions across the field line: one in the plane with z, one across that plane.
    flat = np.maximum(np.hypot(x, y), 1e-12)
    across = (-y * np.cos(phi) + x * np.sin(phi)) / flat * np.cos(theta)
    upward = flat * np.sin(theta) - z / flat * (x * np.cos(phi) + y * np.sin(phi)) * np.cos(theta)
    return bearing, np.arctan2(across, upward)


def table_rows(theta_deg: FloatArray, distance_deg: FloatArray, bearing_deg: FloatArray) -> tuple[IntArray, FloatArray]:
    """Find where the share of each cell stands in :func:`share_table`.

    Parameters
    ----------
    theta_deg : (C,) float64, deg
    distance_deg, bearing_deg : (..., C) float64, deg
        Of the cell's centre from the field line, and of the field line from the pole.

    Returns
    -------
    row : (..., C) int64
        The next lower distance; that of the next higher one is `ROWS_PER_DEGREE` further.
    part : (..., C) float64
        How much of the next higher one to mix in, 0..1; unknown directions stand at the farthest distance.
    """
    latitude = np.searchsorted(_LATITUDES, np.round(np.abs(theta_deg), 6))
    distance = np.where(np.isfinite(distance_deg), np.minimum(distance_deg, FARTHEST_DEG), FARTHEST_DEG)
    bearing = np.rint(np.nan_to_num(bearing_deg) / _BEARING_STEP_DEG).astype(np.int64)
    below = np.floor(distance).astype(np.int64)
    row = (latitude * (FARTHEST_DEG + 2) + below) * ROWS_PER_DEGREE + bearing
    return row, distance - below


ROWS_PER_DEGREE = _BEARINGS
"""Rows of the table between one distance and the next."""
