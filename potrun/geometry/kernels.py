"""SPICE kernels: loading them for a while, and what they cover.

The toolkit keeps one pool of kernels a process. A model therefore loads its own kernels for the length of one
computation, sets aside whatever was loaded before, and puts that back, so that two archives never mix.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import spiceypy
from spiceypy.utils.exceptions import SpiceyError

from potrun.core.errors import DataError
from potrun.geometry.ephemeris_time import LeapSeconds

Spans = list[tuple[float, float]]
"""Stretches of ephemeris time, (start, end) in s, in order."""

_pool = threading.RLock()


@contextmanager
def kernels_loaded(paths: Sequence[Path]) -> Iterator[None]:
    """Hold exactly these kernels in the pool, later ones taking precedence.

    Parameters
    ----------
    paths : sequence of Path
        Kernels to load, in this order.

    Raises
    ------
    DataError
        If SPICE cannot load one of them; the message names it.
    """
    with _pool:
        before = [spiceypy.kdata(index, "ALL")[0] for index in range(spiceypy.ktotal("ALL"))]
        try:
            spiceypy.kclear()
            for path in paths:
                _furnish(path)
            yield
        finally:
            spiceypy.kclear()
            for name in before:
                spiceypy.furnsh(name)


def read_leap_seconds() -> LeapSeconds:
    """Take the leap-second constants out of the pool.

    Raises
    ------
    DataError
        If no loaded kernel holds them.
    """
    try:
        table = spiceypy.gdpool("DELTET/DELTA_AT", 0, 1000).reshape(-1, 2)
        m0, m1 = spiceypy.gdpool("DELTET/M", 0, 2)
        tt_minus_tai, k, eb = (spiceypy.gdpool(f"DELTET/{name}", 0, 1)[0] for name in ("DELTA_T_A", "K", "EB"))
    except (SpiceyError, ValueError) as error:
        raise DataError(
            "the text kernels (*.tls) hold no complete leap-second table (DELTET/...): "
            "fetch the leap-second kernel again"
        ) from error
    return LeapSeconds(
        start_s=np.asarray(table[:, 1]),
        tai_minus_utc_s=np.asarray(table[:, 0]),
        tt_minus_tai_s=float(tt_minus_tai),
        k_s=float(k),
        eb=float(eb),
        m0_rad=float(m0),
        m1_rad_per_s=float(m1),
    )


def require_moon_orientation() -> None:
    """Refuse a pool without the Moon's rotation.

    Raises
    ------
    DataError
        If no loaded kernel holds it.
    """
    if not all(spiceypy.bodfnd(301, item) for item in ("POLE_RA", "POLE_DEC", "PM")):
        raise DataError(
            "the planetary constants (*.tpc) hold no orientation of the Moon (BODY301_POLE_RA, ...): "
            "fetch that kernel again"
        )


def mean_radius_km(body: int) -> float | None:
    """Return the radius (km) of the sphere with the volume of a body's ellipsoid; None if no loaded kernel tells it."""
    if not spiceypy.bodfnd(body, "RADII"):
        return None
    return float(np.prod(spiceypy.bodvcd(body, "RADII", 3)[1]) ** (1 / 3))


def spk_coverage(path: Path) -> dict[int, Spans]:
    """List which bodies a trajectory kernel knows, and when.

    Parameters
    ----------
    path : Path
        A binary SPK file.

    Returns
    -------
    dict
        Spans of each NAIF id.

    Raises
    ------
    DataError
        If SPICE cannot read the file.
    """
    with _pool:
        try:
            return {int(body): _spans(path, int(body)) for body in spiceypy.spkobj(str(path))}
        except SpiceyError as error:
            raise unreadable(path, error) from error


def unreadable(path: Path, error: SpiceyError) -> DataError:
    """Word the failure of a kernel."""
    return DataError(f"kernel {path} cannot be read by SPICE ({short_message(error)}): fetch it again")


def short_message(error: SpiceyError) -> str:
    """Shorten a SPICE error to its code, such as ``SPICE(NOSUCHFILE)``."""
    return str(getattr(error, "short", "") or "").strip() or type(error).__name__


def _furnish(path: Path) -> None:
    """Load one kernel."""
    try:
        spiceypy.furnsh(str(path))
    except SpiceyError as error:
        raise unreadable(path, error) from error


def _spans(path: Path, body: int) -> Spans:
    """Stretches of time for which the file has the body."""
    window = spiceypy.spkcov(str(path), body)
    return [spiceypy.wnfetd(window, index) for index in range(spiceypy.wncard(window))]
