"""Is it the file that was asked for? Digests where they are published, the look of the content everywhere."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from potrun.core.instrument import N_CELLS
from potrun.fetch.catalogue import Content, RemoteFile

TABLE_FIELDS = 7 + 2 * N_CELLS
"""Time (2), energy, spectrum number, field (3), then a flux and an azimuth of each cell."""

ATTITUDE_FIELDS = 4

HEAD_BYTES = 65_536


def problem_with(file: RemoteFile, path: Path) -> str | None:
    """Say what is wrong with a complete local copy, None if nothing is.

    Parameters
    ----------
    file : RemoteFile
        What it should be.
    path : Path
        Where it lies, under any name.

    Returns
    -------
    str or None
        What was found and what was expected.
    """
    if file.digest is not None:
        algorithm, expected = file.digest
        found = file_digest(path, algorithm)
        if found != expected:
            return f"{algorithm} is {found}, expected {expected}{_page_hint(path)}"
        return None
    problem = _LOOKS[file.content](path)
    return f"{problem}{_page_hint(path)}" if problem else None


def file_digest(path: Path, algorithm: str) -> str:
    """Return the hexadecimal digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(HEAD_BYTES)


def _page_hint(path: Path) -> str:
    start = _head(path)[:512].lstrip().lower()
    return " (it is a web page, not data)" if start.startswith((b"<!doctype html", b"<html", b"<?xml")) else ""


def _table_problem(path: Path) -> str | None:
    """Look for rows at the start, a whole row at the end, and no holes: a damaged row inside is the reader's affair."""
    if not path.stat().st_size:
        return "the file is empty"
    lines = _head(path).splitlines(keepends=True)
    rows = [line for line in lines if len(line.split()) == TABLE_FIELDS]
    if not rows:
        return f"first line has {len(lines[0].split())} fields, expected {TABLE_FIELDS}"
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 2))
        if not stream.read().endswith(b"\n"):
            return "the last line is cut"
        stream.seek(0)
        if any(b"\0" in block for block in iter(lambda: stream.read(1 << 20), b"")):
            return "there are zero bytes in it"
    return None


def _theta_problem(path: Path) -> str | None:
    words = _head(path).replace(b",", b" ").split()
    numbers = sum(_is_number(word) for word in words)
    return None if numbers >= N_CELLS else f"{numbers} numbers found, expected {N_CELLS} inclinations"


def _attitude_problem(path: Path) -> str | None:
    for line in _head(path).splitlines():
        words = line.split(b",")
        if len(words) >= ATTITUDE_FIELDS and all(_is_number(word) for word in words[1:ATTITUDE_FIELDS]):
            return None
    return f"no line has a time and {ATTITUDE_FIELDS - 1} numbers, separated by commas"


def _leap_seconds_problem(path: Path) -> str | None:
    head = _head(path)
    if head.lstrip().startswith(b"KPL/LSK") and b"DELTET/DELTA_AT" in head:
        return None
    return "it is no leap-seconds kernel (KPL/LSK with DELTET/DELTA_AT)"


def _kernel_problem(path: Path) -> str | None:
    known = (b"DAF/SPK", b"NAIF/DAF", b"KPL/")
    return None if _head(path).startswith(known) else "it is no SPICE kernel"


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


_LOOKS: dict[Content, Callable[[Path], str | None]] = {
    Content.TABLE: _table_problem,
    Content.THETA: _theta_problem,
    Content.ATTITUDE: _attitude_problem,
    Content.LEAP_SECONDS: _leap_seconds_problem,
    Content.KERNEL: _kernel_problem,
}
