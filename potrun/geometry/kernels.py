"""SPICE kernels: loading them for a while, and what they cover.

The toolkit keeps one pool of kernels a process. A model therefore loads its own kernels for the length of one
computation, sets aside whatever was loaded before, and puts that back, so that two archives never mix.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import spiceypy
from spiceypy.utils.exceptions import NotFoundError, SpiceyError

from potrun.core.errors import DataError
from potrun.geometry.ephemeris_time import LeapSeconds
from potrun.geometry.plausible import leap_second_trouble, orientation_trouble
from potrun.geometry.text_kernel import Variables, read_text_kernel

Spans = list[tuple[float, float]]
"""Stretches of ephemeris time, (start, end) in s, in order."""

_log = logging.getLogger(__name__)

_pool = threading.RLock()
_POOL_ROOM = 30_000
"""More than the variables that SPICE's pool can hold."""

_NAME_ROOM = 4096
"""Characters of the longest name of a kernel."""


@dataclass(frozen=True)
class _Pool:
    """What a process had loaded: kernels by the names that they were loaded by, and the values of all variables."""

    kernels: tuple[str, ...]
    variables: Variables


@contextmanager
def kernels_loaded(paths: Sequence[Path]) -> Iterator[None]:
    """Hold exactly these kernels in the pool, later ones taking precedence.

    Whatever the process had in its pool is there again afterwards: kernels, meta-kernels and single variables. What
    cannot be loaded again, as a kernel that was loaded by a relative name from another folder, is named in a warning.

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
        before = _pool_now()
        try:
            spiceypy.kclear()
            for path in paths:
                _furnish(path)
            yield
        finally:
            spiceypy.kclear()
            _restore(before)


def choose_texts(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Choose the text kernels to compute with.

    Of several that hold leap seconds, or the Moon's rotation, the last by name that is right is used; the others are
    named in the log.

    Parameters
    ----------
    paths : sequence of Path
        All text kernels of an archive.

    Returns
    -------
    tuple of Path
        Kernels that hold neither, then the one with the Moon's rotation and the one with leap seconds.

    Raises
    ------
    DataError
        If there is none of a kind, or none that is right.
    """
    read = {path: read_text_kernel(path) for path in paths}
    if not paths:
        raise DataError(
            "no text kernel found, expected leap-second (*.tls) and planetary constants (*.tpc) kernels: "
            "`python -m potrun.fetch` brings them"
        )
    chosen: list[Path] = []
    passed_over: set[Path] = set()
    for variable, lacking, trouble_with in (
        (
            "BODY301_PM",
            "planetary constants (*.tpc) hold no orientation of the Moon (BODY301_PM, ...)",
            orientation_trouble,
        ),
        ("DELTET/DELTA_AT", "text kernels (*.tls) hold no leap-second table (DELTET/DELTA_AT)", leap_second_trouble),
    ):
        holders = [path for path in paths if any(name.startswith(variable[:7]) for name in read[path])]
        troubles = {path: trouble_with(read[path]) for path in holders}
        good = [path for path in holders if not troubles[path]]
        if not holders:
            raise DataError(f"the {lacking}; found {_names(paths)}: fetch that kernel")
        if not good:
            path = holders[-1]
            raise DataError(f"kernel {path} is not right: {troubles[path]}: fetch it again")
        chosen += [good[-1]] * (good[-1] not in chosen)
        passed_over |= {*holders}
        for path in holders:
            if path != good[-1]:
                _log.warning(
                    "using %s, not %s%s", good[-1].name, path.name, f" ({troubles[path]})" * bool(troubles[path])
                )
    return (*(path for path in paths if path not in passed_over), *chosen)


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
            # A segment takes 40 bytes of its file at least, so that no cell can be too small.
            room = path.stat().st_size // 40 + 10
            bodies = spiceypy.spkobj(str(path), spiceypy.cell_int(room))
            return {int(body): _spans(path, int(body), 2 * room) for body in bodies}
        except OSError as error:
            raise DataError(f"kernel {path} cannot be read ({error.strerror}): fetch it again") from error
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
        if path.suffix.lower() == ".bsp":
            spiceypy.furnsh(str(path))
        else:
            _put(read_text_kernel(path))
    except SpiceyError as error:
        raise unreadable(path, error) from error


def _put(variables: Variables) -> None:
    """Give variables of the pool their values."""
    for name, values in variables.items():
        if isinstance(values[0], str):
            spiceypy.pcpool(name, values)
        else:
            spiceypy.pdpool(name, values)


def _pool_now() -> _Pool:
    """Note what is loaded; a kernel that another one brought comes back with it."""
    loaded = [spiceypy.kdata(index, "ALL", fillen=_NAME_ROOM) for index in range(spiceypy.ktotal("ALL"))]
    variables: Variables = {}
    try:
        names = spiceypy.gnpool("*", 0, _POOL_ROOM)
    except NotFoundError:
        names = []
    for name in names:
        size, kind = spiceypy.dtpool(name)
        get = spiceypy.gdpool if kind == "N" else spiceypy.gcpool
        variables[str(name)] = list(get(name, 0, size))
    return _Pool(tuple(name for name, _, source, *_ in loaded if not source), variables)


def _restore(before: _Pool) -> None:
    """Put back what a process had loaded, and say what cannot be."""
    for name in before.kernels:
        try:
            spiceypy.furnsh(name)
        except SpiceyError as error:
            _log.warning("SPICE kernel %s, loaded before, cannot be loaded again (%s)", name, short_message(error))
    _put(before.variables)


def _names(paths: Sequence[Path]) -> str:
    """List files by name."""
    return ", ".join(path.name for path in paths)


def _spans(path: Path, body: int, room: int) -> Spans:
    """Stretches of time for which the file has the body."""
    window = spiceypy.spkcov(str(path), body, spiceypy.cell_double(room))
    return [spiceypy.wnfetd(window, index) for index in range(spiceypy.wncard(window))]
