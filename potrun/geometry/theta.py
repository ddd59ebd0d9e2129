"""Inclinations of the cells, as ``theta.tab`` lists them."""

from pathlib import Path

import numpy as np

from potrun.core.errors import DataError
from potrun.core.instrument import N_CELLS, cell_solid_angle_sr
from potrun.core.records import FloatArray


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
    except ValueError as error:
        raise DataError(f"theta table {path} is damaged ({error}): fetch it again") from error
    return theta
