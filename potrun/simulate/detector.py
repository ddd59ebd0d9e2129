"""From electrons collected to the fluxes of a table: dead time, compression to 8 bits, sunlight."""

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.cells import CELL_SECONDS

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DEAD_TIME_US = 0.3
LARGEST_CORRECTION = 1.25
"""Values whose correction for dead time would be larger are masked in the archive."""

SUN_SPOT_DEG = 14.0
SUN_COUNTS_PER_S = 3000.0
"""Full width of the false feature about the Sun, and the rate of a cell that it fills."""

SUN_REACH = 1e-4
"""Share of that rate above which a cell counts as lit."""


def counted(expected: FloatArray, residual_us: float, rng: np.random.Generator | None) -> tuple[FloatArray, BoolArray]:
    """Count electrons with dead time, compress the counts, and correct them as the archive does.

    Parameters
    ----------
    expected : (..., 88) float64, counts
        Mean counts of an instrument without dead time.
    residual_us : float, microseconds
        Dead time that the correction does not know of.
    rng : numpy.random.Generator or None
        Source of counting noise; None: there is none.

    Returns
    -------
    counts : (..., 88) float64
        As the archive would state them.
    is_masked : (..., 88) bool
        True where the correction is too large to be trusted.
    """
    dead = (DEAD_TIME_US + residual_us) * 1e-6
    counts = expected / (1.0 + expected / CELL_SECONDS * dead)
    if rng is not None:
        counts = rng.poisson(counts).astype(np.float64)
        counts = truncated(counts)
    live = 1.0 - counts / CELL_SECONDS * DEAD_TIME_US * 1e-6
    is_masked = live < 1.0 / LARGEST_CORRECTION
    return np.where(is_masked, np.nan, counts / np.maximum(live, 0.5)), is_masked


def truncated(counts: FloatArray) -> FloatArray:
    """Keep five significant bits: a mantissa of four with a hidden one, the rest cut off.

    Parameters
    ----------
    counts : float64 array
        Whole numbers.

    Returns
    -------
    float64 array
        Numbers below 32 as they are, larger ones up to 6 % smaller.
    """
    _, exponent = np.frexp(counts)
    step = np.ldexp(1.0, np.maximum(exponent - 5, 0))
    return np.asarray(np.floor(counts / step) * step)


def photon_direction(sun_elevation_deg: FloatArray) -> FloatArray:
    """Direction in which sunlight moves in SCD: from the Sun, which lies in the x-z plane.

    Parameters
    ----------
    sun_elevation_deg : (N,) float64, deg
        Of the Sun above the spin plane.

    Returns
    -------
    (N, 3) float64
    """
    angle = np.radians(sun_elevation_deg)
    return -np.stack([np.cos(angle), np.zeros_like(angle), np.sin(angle)], axis=1)
