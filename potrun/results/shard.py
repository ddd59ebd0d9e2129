"""Shards: the finished result of one day on the disk, with a digest that tells whether it is whole."""

import datetime as dt
import hashlib
import json
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from potrun.core.atomic import atomic_file
from potrun.core.errors import DataError
from potrun.results.columns import COLUMNS
from potrun.results.day import DayResult
from potrun.results.npz import NpzWriter, npy_header

BLOCK_BYTES = 1 << 20
_LOCAL_HEADER = struct.Struct("<26xHH")


@dataclass(frozen=True)
class Shard:
    """A verified shard: where each column's bytes lie in the file, so that they can be copied without loading it."""

    path: Path
    date: dt.date
    identity: str
    notes: dict[str, Any]
    lengths: dict[str, int]
    offsets: dict[str, int]

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of one column in blocks of bounded size."""
        column = next(column for column in COLUMNS if column.name == name)
        with self.path.open("rb") as stream:
            stream.seek(self.offsets[name])
            yield from _blocks(stream, self.lengths[column.axis] * column.dtype.itemsize)


def write_shard(path: Path, day: DayResult, identity: str) -> None:
    """Write one day's result.

    Parameters
    ----------
    path : Path
        File to write, atomically.
    day : DayResult
        What to write.
    identity : str
        What the day was made from (settings, input, code) as a text that must be equal for the shard to be used again.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    note = json.dumps({"date": day.date.isoformat(), "identity": identity, "notes": day.notes}, sort_keys=True)
    digest = hashlib.sha256(note.encode())
    with atomic_file(path) as stream, NpzWriter(stream) as npz:
        for column in COLUMNS:
            array = day.columns[column.name]
            payload = array.tobytes()
            digest.update(npy_header(array.dtype, array.shape) + payload)
            npz.add(column.name, array.dtype, array.shape, [payload], compress=False)
        npz.add_text("shard", note)
        npz.add_text("digest", digest.hexdigest())


def open_shard(path: Path) -> Shard:
    """Check that a shard is whole.

    Parameters
    ----------
    path : Path
        A file made by :func:`write_shard`.

    Returns
    -------
    Shard

    Raises
    ------
    DataError
        If the file is missing, cut short, altered, or not a shard of this version.
    """
    try:
        return _verified(path)
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, struct.error) as error:
        detail = str(error) or type(error).__name__
        raise DataError(f"shard {path} is damaged ({detail}); delete it and run again to redo its day") from error


def _verified(path: Path) -> Shard:
    with np.load(path, allow_pickle=False) as npz:
        note, written_digest = str(npz["shard"]), str(npz["digest"])
        headers = {column.name: npz.zip.getinfo(f"{column.name}.npy").header_offset for column in COLUMNS}
    digest = hashlib.sha256(note.encode())
    lengths: dict[str, int] = {}
    offsets: dict[str, int] = {}
    with path.open("rb") as stream:
        for column in COLUMNS:
            offsets[column.name], length = _locate(stream, headers[column.name], column.dtype)
            if lengths.setdefault(column.axis, length) != length:
                raise ValueError(f"column {column.name} has {length} entries, others {lengths[column.axis]}")
            digest.update(npy_header(column.dtype, (length,)))
            for block in _blocks(stream, length * column.dtype.itemsize):
                digest.update(block)
    if digest.hexdigest() != written_digest:
        raise ValueError(f"its digest is {digest.hexdigest()[:12]}, written was {written_digest[:12]}")
    about = json.loads(note)
    return Shard(path, dt.date.fromisoformat(about["date"]), about["identity"], about["notes"], lengths, offsets)


def _locate(stream: BinaryIO, header_offset: int, dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return where an uncompressed member's array bytes begin and its number of entries, the stream standing there."""
    stream.seek(header_offset)
    name_size, extra_size = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
    stream.seek(name_size + extra_size, 1)
    np.lib.format.read_magic(stream)
    shape, _, found = np.lib.format.read_array_header_1_0(stream)
    if found != dtype or len(shape) != 1:
        raise ValueError(f"a column is {found}{shape}, expected {dtype}(n,): it is of another version")
    return stream.tell(), shape[0]


def _blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Read `size` bytes in blocks."""
    while size > 0:
        block = stream.read(min(BLOCK_BYTES, size))
        if not block:
            raise EOFError("it ends early")
        size -= len(block)
        yield block


def read_shard(path: Path) -> DayResult:
    """Read one day's result back.

    Raises
    ------
    DataError
        If the shard is not whole.
    """
    shard = open_shard(path)
    columns = {
        column.name: np.frombuffer(b"".join(shard.blocks(column.name)), dtype=column.dtype) for column in COLUMNS
    }
    return DayResult(shard.date, columns, shard.notes)
