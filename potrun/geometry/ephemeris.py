"""Positions and frames out of loaded SPICE kernels; unknown times give NaN.

Only the toolkit's vectorised calls are used; where one fails because some times are not covered, the times are halved
until the failing ones stand alone.
"""

from collections.abc import Callable

import numpy as np
from spiceypy import cyice
from spiceypy.utils.exceptions import SpiceyError

from potrun.core.errors import DataError
from potrun.core.records import FloatArray
from potrun.geometry.kernels import short_message

LUNAR_PROSPECTOR = -25
MOON = 301
SUN = 10
EARTH = 399

_NOT_COVERED = ("SPICE(SPKINSUFFDATA)", "SPICE(NOLOADEDFILES)", "SPICE(UNKNOWNFRAME)")


def position_km(target: int, observer: int, et_s: FloatArray) -> FloatArray:
    """Geometric position of one body from another, without light time or aberration.

    Parameters
    ----------
    target, observer : int
        NAIF ids.
    et_s : (R,) float64, s
        TDB past J2000; NaN is allowed.

    Returns
    -------
    (R, 3) float64, km
        In ECLIPJ2000; NaN where the kernels do not cover the time.

    Raises
    ------
    DataError
        If a kernel is damaged.
    """
    return _where_known(lambda et: cyice.spkgps_v(target, et, "ECLIPJ2000", observer)[0], et_s, (3,))


def ecliptic_to_moon(et_s: FloatArray) -> FloatArray:
    """Rotation from ECLIPJ2000 to IAU_MOON.

    Parameters
    ----------
    et_s : (R,) float64, s
        TDB past J2000; NaN is allowed.

    Returns
    -------
    (R, 3, 3) float64
        Matrices for column vectors; NaN where the time is.

    Raises
    ------
    DataError
        If no kernel holds the Moon's orientation.
    """
    return _where_known(lambda et: cyice.pxform_v("ECLIPJ2000", "IAU_MOON", et), et_s, (3, 3))


def _where_known(compute: Callable[[FloatArray], FloatArray], et_s: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Call SPICE for the finite times, leaving NaN where it has no data."""
    out = np.full((len(et_s), *shape), np.nan)
    pieces = [np.flatnonzero(np.isfinite(et_s))]
    while pieces:
        piece = pieces.pop()
        if not len(piece):
            continue
        try:
            out[piece] = compute(np.ascontiguousarray(et_s[piece]))
        except SpiceyError as error:
            message = short_message(error)
            if message not in _NOT_COVERED:
                raise DataError(
                    f"a SPICE kernel is damaged or incomplete ({message}): fetch the kernels again"
                ) from error
            if len(piece) > 1:
                pieces += np.array_split(piece, 2)
    return out
