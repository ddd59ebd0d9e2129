"""Is it the file that was asked for? Digests where they are published, the look of the content everywhere."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from potrun.core.errors import DataError
from potrun.core.instrument import N_CELLS
from potrun.fetch.catalogue import Content, RemoteFile
from potrun.fetch.label import Label, LabelError, read_label
from potrun.geometry.attitude_table import parse_attitude
from potrun.geometry.theta import read_theta

TABLE_FIELDS = 7 + 2 * N_CELLS
"""Time (2), energy, spectrum number, field (3), then a flux and an azimuth of each cell."""

ATTITUDE_REACHES = "1999-05-31"
"""Date of the last record in the earliest volume that holds the whole mission, LP_0017."""

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
    if file.content is Content.LABEL:
        return _label_problem(path, file.name)
    problem = _LOOKS[file.content](path)
    return f"{problem}{_page_hint(path)}" if problem else None


def not_proven_whole(file: RemoteFile, path: Path, label: Label | None) -> str | None:
    """Say what is missing to prove by its content that a file is whole, None if it is proven.

    A server that does not tell a length ends a cut file as it ends a whole one.

    Parameters
    ----------
    file : RemoteFile
        What it is.
    path : Path
        A copy without a problem.
    label : Label, optional
        What is stated of a table.

    Returns
    -------
    str or None
    """
    if file.digest is not None or file.content in (Content.LABEL, Content.THETA):
        return None  # XML ends with its own end, and so do 88 numbers
    if file.content is Content.TABLE:
        return None if label is not None and label.tells_end else "it has no label that tells its length or records"
    if file.content is Content.ATTITUDE:
        records = parse_attitude(path.read_text("ascii", "replace"), file.name)
        last = max(records.utc.tolist())
        return (
            None if last >= ATTITUDE_REACHES else f"its last record is of {last}, expected {ATTITUDE_REACHES} or later"
        )
    return _kernel_end_problem(path)


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
    if numbers < N_CELLS:
        return f"{numbers} numbers found, expected {N_CELLS} inclinations"
    try:
        read_theta(path)
    except DataError as error:
        return str(error)
    return None


def _attitude_problem(path: Path) -> str | None:
    """Read it as a run would."""
    try:
        records = parse_attitude(path.read_text("ascii", "replace"), path.name)
    except DataError as error:
        return str(error)
    if len(records.bad) > len(records.line):
        return f"{len(records.bad)} of its lines are no records, the first is line {records.bad[0]}"
    return None


def _label_problem(path: Path, name: str) -> str | None:
    """Read the label and compare the file that it names."""
    try:
        label = read_label(path)
    except LabelError as error:
        return f"{error}{_page_hint(path)}"
    table = name.removesuffix(".xml") + ".TAB"
    return None if label.file_name.lower() == table.lower() else f"it describes {label.file_name}, expected {table}"


def _kernel_end_problem(path: Path) -> str | None:
    """Tell whether a kernel reaches its own end.

    A binary one tells its first free word in bytes 84 to 87 of its file record [NAIF, DAF Required Reading]; in a text
    kernel every list is closed and every block of data is followed by text or the end of a line.
    """
    head = _head(path)
    if head.startswith(b"KPL/"):
        text = path.read_bytes()
        data = text.rpartition(b"\\begindata")[2].partition(b"\\begintext")[0]
        is_closed = text.count(b"(") == text.count(b")") and b"=" in data and text.endswith(b"\n")
        return None if is_closed else "its last list or line is not closed"
    order: Literal["little", "big"] = "big" if b"BIG-IEEE" in head[:1024] else "little"
    reaches = 8 * (int.from_bytes(head[84:88], order, signed=True) - 1)
    size = path.stat().st_size
    return None if 1024 < reaches <= size else f"it has {size:,} bytes, its file record tells {reaches:,}"


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
