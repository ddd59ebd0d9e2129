"""Merge the shards of many days into the one result file, in memory that does not grow with the days."""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from potrun.core.atomic import atomic_file
from potrun.core.errors import DataError
from potrun.results.columns import BY_NAME, COLUMNS, ORIGINS, Column
from potrun.results.day import NUMBERS, file_offsets
from potrun.results.npz import NpzWriter
from potrun.results.shard import Shard, open_shard


def merge_shards(
    paths: Iterable[Path], out: Path, provenance: Mapping[str, Any], on_step: Callable[[], None] = lambda: None
) -> None:
    """Write the result file of the days whose shards are given.

    The columns are copied one after the other, block by block, so that memory stays bounded; the same shards and the
    same provenance give the same bytes.

    Parameters
    ----------
    paths : iterable of Path
        Shards, in any order; they are merged by date.
    out : Path
        The result file, written atomically.
    provenance : mapping
        What the result was made from, as far as JSON can hold it; kept in the result as sorted JSON text. Its key
        ``origin`` must be ``simulated`` or ``measured``.
    on_step : callable
        Called every fraction of a second; what it raises ends the merge, and nothing is left behind.

    Raises
    ------
    DataError
        If a shard is damaged or a date comes twice.
    OutputError
        If the result cannot be written.
    """
    shards = sorted((_opened(path, on_step) for path in paths), key=lambda shard: shard.date)
    for earlier, later in itertools.pairwise(shards):
        if earlier.date == later.date:
            raise DataError(f"{earlier.path} and {later.path} are both of {later.date}: merge each day once")
    with atomic_file(out) as stream, NpzWriter(stream) as npz:
        for column in COLUMNS:
            total = sum(shard.lengths[column.axis] for shard in shards)
            npz.add(column.name, column.dtype, (total,), _column_blocks(column, shards, on_step), column.is_repetitive)
        write_texts(npz, provenance)


def write_texts(npz: NpzWriter, provenance: Mapping[str, Any]) -> None:
    """Write what is not a column: the origin and the provenance."""
    origin = provenance.get("origin")
    if origin not in ORIGINS:
        raise ValueError(f"provenance['origin'] is {origin!r}, expected one of {', '.join(ORIGINS)}")
    npz.add_text("origin", origin)
    npz.add_text("provenance", json.dumps(provenance, sort_keys=True, ensure_ascii=False, allow_nan=False))


def _opened(path: Path, on_step: Callable[[], None]) -> Shard:
    on_step()
    return open_shard(path)


def _column_blocks(column: Column, shards: Sequence[Shard], on_step: Callable[[], None]) -> Iterator[bytes]:
    """Yield one column of all days; spectrum numbers and indices of files are moved on by the files before."""
    shifts = _shifts(column.name, shards)
    for place, shard in enumerate(shards):
        on_step()
        for block in _shard_blocks(column, shard):
            yield (np.frombuffer(block, dtype=column.dtype) + shifts[place]).tobytes() if shifts else block


def _shifts(name: str, shards: Sequence[Shard]) -> list[int]:
    """Return what is added to a column in each shard; nothing for most columns."""
    if name == "spec_source_file":
        return list(itertools.accumulate((shard.lengths["files"] for shard in shards), initial=0))
    if name not in NUMBERS:
        return []
    return file_offsets([_highest_number(shard) for shard in shards])


def _highest_number(shard: Shard) -> int | None:
    dtype = BY_NAME["spec_spec_no"].dtype
    blocks = (np.frombuffer(block, dtype) for block in _shard_blocks(BY_NAME["spec_spec_no"], shard))
    return max((int(block.max()) for block in blocks if len(block)), default=None)


def _shard_blocks(column: Column, shard: Shard) -> Iterator[bytes]:
    """Yield one column of a day; trouble in reading is the shard's, not the result file's."""
    try:
        yield from shard.blocks(column.name)
    except (OSError, EOFError) as error:
        raise DataError(f"shard {shard.path} changed while it was merged ({error}); run again") from error
