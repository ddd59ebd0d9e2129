"""Inclinations of the cells, as ``theta.tab`` lists them."""

import logging
from pathlib import Path

import numpy as np

from potrun.core.errors import DataError
from potrun.core.instrument import CELLS_AT_LATITUDE, N_CELLS, cell_solid_angle_sr
from potrun.core.records import FloatArray

_log = logging.getLogger(__name__)


def read_theta(path: Path) -> FloatArray:
    """Read the inclination of every cell.

    Parameters
    ----------
    path : Path
        ``theta.tab``: one number a cell, separated by blanks or commas.

    Returns
    -------
    (C,) float64, deg
        Angle between the cell's direction and the plane across the spin axis, positive towards the axis.

    Raises
    ------
    DataError
        If the file is missing or does not hold 88 of the instrument's inclinations.
    """
    try:
        words = path.read_text(encoding="ascii", errors="replace").replace(",", " ").split()
    except OSError as error:
        raise DataError(f"theta table {path} cannot be read ({error.strerror}): fetch it") from error
    try:
        theta = np.array([float(word) for word in words])
        if theta.shape != (N_CELLS,):
            raise ValueError(f"{len(theta)} numbers found, {N_CELLS} expected")
        cell_solid_angle_sr(theta)
        _require_all_cells(theta)
    except ValueError as error:
        raise DataError(f"theta table {path} is damaged ({error}): fetch it again") from error
    return theta


def _require_all_cells(theta_deg: FloatArray) -> None:
    """Check that each latitude has its number of cells, and say where these do not stand together.

    Raises
    ------
    ValueError
        If not.
    """
    value, count = np.unique(theta_deg, return_counts=True)
    for latitude, cells in zip(value.tolist(), count.tolist(), strict=True):
        expected = CELLS_AT_LATITUDE[round(abs(latitude), 6)]
        if cells != expected:
            raise ValueError(f"{cells} cells at {latitude:g} deg found, {expected} expected")
    if np.count_nonzero(np.diff(theta_deg)) != len(value) - 1:
        _log.warning("theta table: the cells of one latitude do not stand together, expected 8 blocks: is it permuted?")
