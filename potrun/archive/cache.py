"""A day's table as it was parsed, in one binary file that is mapped into memory.

Layout: 8 bytes of magic, 8 bytes of header length, a JSON header, then the arrays one behind the other, each on a
64-byte boundary. The header holds the state of the source, the version of layout and reader, and the SHA-256 of the
arrays, so that a stale or damaged file is told from a good one.
"""

import dataclasses
import hashlib
import json
import math
import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from potrun.archive.sidecar import TABLE_SUFFIX, FileState, sidecar_path, write_sidecar
from potrun.core.records import ArchiveDay, DayTable, Defect, SourceFile

READER_VERSION = 3
"""To be raised whenever the reader makes something else of the same bytes."""

_MAGIC = b"POTRUN\0\1"
_ALIGNMENT = 64
_ARRAYS = (
    "utc",
    "unix_time_s",
    "energy_ev",
    "spectrum_number",
    "b_scd_nt",
    "flux",
    "phi_deg",
    "sweep_start",
    "sweep_rows",
)


def save_table(table: DayTable, day: ArchiveDay, state: FileState, cache_dir: Path | None) -> None:
    """Keep a parsed table.

    Parameters
    ----------
    table : DayTable
        What the reader made of the file.
    day : ArchiveDay
        The file.
    state : FileState
        Its state when it was read.
    cache_dir : Path, optional
        Where to keep it; None means beside the file.
    """
    arrays = [np.ascontiguousarray(getattr(table, name)) for name in _ARRAYS]
    body = [part for array in arrays for part in (array.view(np.uint8).data, bytes(-array.nbytes % _ALIGNMENT))]
    header = json.dumps(
        {
            **_key(day, state),
            "sha256": table.source.sha256,
            "arrays_sha256": _digest(body),
            "arrays": [[array.dtype.str, array.shape] for array in arrays],
            "defects": [dataclasses.asdict(item) for item in table.defects],
        }
    ).encode()
    start = _padded(_MAGIC + len(header).to_bytes(8, "little") + header)
    write_sidecar(sidecar_path(day.path, TABLE_SUFFIX, cache_dir), [start, *body])


def load_table(day: ArchiveDay, state: FileState, cache_dir: Path | None) -> DayTable | None:
    """Return the parsed table kept for a file in this state.

    Parameters
    ----------
    day : ArchiveDay
        The file.
    state : FileState
        Its state now.
    cache_dir : Path, optional
        Where to look; None means beside the file.

    Returns
    -------
    DayTable or None
        None if there is none, or it is stale or damaged. Its arrays are mapped; writing to them changes no file.
    """
    try:
        with sidecar_path(day.path, TABLE_SUFFIX, cache_dir).open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        header, body = _split(mapped)
        if {name: header[name] for name in _key(day, state)} != _key(day, state):
            return None
        if _digest([body]) != header["arrays_sha256"]:
            return None
        source = SourceFile(day.name, state.size_bytes, header["sha256"])
        defects = tuple(Defect(**{**item, "file": day.name}) for item in header["defects"])
        return DayTable(date=day.date, source=source, defects=defects, **_arrays(body, header["arrays"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _key(day: ArchiveDay, state: FileState) -> dict[str, Any]:
    """Collect what must agree for a cached table to be that of the file."""
    return {
        "reader_version": READER_VERSION,
        "date": day.date.isoformat(),
        "state": dataclasses.asdict(state),
    }


def _padded(data: bytes) -> bytes:
    """Fill up to the alignment."""
    return data + bytes(-len(data) % _ALIGNMENT)


def _digest(parts: Iterable[Any]) -> str:
    """SHA-256 of bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _split(mapped: mmap.mmap) -> tuple[dict[str, Any], np.ndarray]:
    """Separate the header from the arrays."""
    start = len(_MAGIC) + 8
    if mapped[: len(_MAGIC)] != _MAGIC:
        raise ValueError("no cached table")
    stop = start + int.from_bytes(mapped[len(_MAGIC) : start], "little")
    header = json.loads(mapped[start:stop])
    if not isinstance(header, dict):
        raise ValueError("no header")
    return header, np.frombuffer(mapped, dtype=np.uint8, offset=math.ceil(stop / _ALIGNMENT) * _ALIGNMENT)


def _arrays(body: np.ndarray, described: list[tuple[str, list[int]]]) -> dict[str, np.ndarray]:
    """Cut the arrays out of the mapped bytes."""
    out, start = {}, 0
    for name, (dtype, shape) in zip(_ARRAYS, described, strict=True):
        size = math.prod(shape) * np.dtype(dtype).itemsize
        out[name] = body[start : start + size].view(dtype).reshape(shape)
        start += size + -size % _ALIGNMENT
    return out
