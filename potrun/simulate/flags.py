"""Flags of missing values: which cells carry one, and the numbers that stand for them in a table."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
CodeArray = NDArray[np.int8]

FLUX_MISSING, FLUX_ERRONEOUS = 9.999e-99, -9.99e-99
PHI_MISSING, PHI_ERRONEOUS = 999.99, 998.99
_FLAGS = (FLUX_MISSING, FLUX_ERRONEOUS, PHI_MISSING, PHI_ERRONEOUS)


def draw_flags(shape: tuple[int, int, int], fraction: float, rng: np.random.Generator) -> CodeArray:
    """Choose the cells that carry a missing-value flag, all four kinds in turn.

    Parameters
    ----------
    shape : (S, 15, 88)
        Number of sweeps, rows and cells.
    fraction : float
        Part of all cells to flag.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    (S, 15, 88) int8
    """
    flag = np.zeros(int(np.prod(shape)), dtype=np.int8)
    chosen = rng.choice(flag.size, size=round(fraction * flag.size), replace=False)
    flag[chosen] = 1 + np.arange(chosen.size) % len(_FLAGS)
    return flag.reshape(shape)


def with_flags(flux: FloatArray, phi_deg: FloatArray, flag: CodeArray) -> tuple[FloatArray, FloatArray]:
    """Replace flagged values by the numbers that stand for them in a table.

    Parameters
    ----------
    flux, phi_deg : (..., 88) float64
        Values; NaN allowed where flagged.
    flag : (..., 88) int8
        As in :class:`potrun.simulate.observe.SimulatedSweeps`.

    Returns
    -------
    flux, phi_deg : (..., 88) float64
    """
    flux = np.where(flag == 1, FLUX_MISSING, np.where(flag == 2, FLUX_ERRONEOUS, flux))
    return flux, np.where(flag == 3, PHI_MISSING, np.where(flag == 4, PHI_ERRONEOUS, phi_deg))
