"""The instrument as the simulator sees it: energy grids, look directions and how long each cell counts."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

N_CHANNELS, N_CELLS = 15, 88
GEOMETRIC_FACTOR_CM2_SR = 0.02
ROW_SECONDS = 2.5
RESPONSE_SIGMA = float(np.arcsinh(0.25) / np.sqrt(2.0 * np.log(2.0)))
"""Standard deviation of ln E of the energy response whose full width at half maximum is E/2."""

_LATITUDES = ((11.25, 16), (-11.25, 16), (33.75, 16), (-33.75, 16), (56.25, 8), (-56.25, 8), (78.75, 4), (-78.75, 4))

THETA_DEG = np.concatenate([np.full(count, latitude) for latitude, count in _LATITUDES])
CELLS_ON_CIRCLE = np.concatenate([np.full(count, count) for _, count in _LATITUDES])
CELL_SECONDS = ROW_SECONDS / CELLS_ON_CIRCLE
PHI_AT_START_DEG = np.concatenate([(np.arange(count) + 0.5) * 360.0 / count for _, count in _LATITUDES])

CELL_HEIGHT_DEG = 22.5
_EDGES = np.radians(np.stack([THETA_DEG - CELL_HEIGHT_DEG / 2, THETA_DEG + CELL_HEIGHT_DEG / 2]))
SOLID_ANGLE_SR = (np.sin(_EDGES[1]) - np.sin(_EDGES[0])) * 2.0 * np.pi / CELLS_ON_CIRCLE
"""Of each cell, between two circles of latitude; together 4 pi."""

_LOW_GRID_DAYS = (dt.date(1998, 10, 1), dt.date(1999, 3, 1))


def energy_grid_ev(name: str, date: dt.date | None = None) -> FloatArray:
    """Give the centre energies of the 15 channels, highest first.

    Parameters
    ----------
    name : {"40ev", "7ev", "auto"}
        Which grid; "auto" follows the date (the low grid in the winter of 1998-99).
    date : datetime.date, optional
        Needed for "auto"; without it that means "40ev".

    Returns
    -------
    (15,) float64, eV
    """
    if name == "auto":
        name = "7ev" if date is not None and _LOW_GRID_DAYS[0] <= date < _LOW_GRID_DAYS[1] else "40ev"
    high, low = {"40ev": (16680.334, 38.641), "7ev": (19987.062, 7.138)}[name]
    return np.round(np.geomspace(high, low, N_CHANNELS), 3)


def azimuths_deg(first: FloatArray) -> FloatArray:
    """Lay out the azimuths of all cells; they turn a little from row to row.

    Parameters
    ----------
    first : (S,) float64, deg
        Turn of each sweep's first row.

    Returns
    -------
    (S, 15, 88) float64, deg
        In [0, 360), rounded to the two decimals that a table holds.
    """
    turn = first[:, None] + 0.9 * np.arange(N_CHANNELS)
    return np.round((PHI_AT_START_DEG + turn[..., None]) % 360.0, 2) % 360.0


def counts_per_flux(energy_ev: FloatArray) -> FloatArray:
    """Give the counts that unit differential flux makes in each cell.

    Parameters
    ----------
    energy_ev : (..., ) float64, eV
        Centre energies.

    Returns
    -------
    (..., 88) float64, counts / (cm-2 s-1 sr-1 eV-1)
    """
    return np.asarray(GEOMETRIC_FACTOR_CM2_SR * energy_ev[..., None] * CELL_SECONDS)
