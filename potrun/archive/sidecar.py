"""Small files that remember what was worked out about an input file.

A sidecar belongs to its file's path, inode, size, time of last change and time of the inode's last change, which no
program can set back; when one of these differs it is stale and made again. It is only a convenience: where it cannot be
written, as in a read-only archive, work goes on without.
"""

import hashlib
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from potrun.core.atomic import atomic_file
from potrun.core.errors import OutputError

_log = logging.getLogger(__name__)

TABLE_SUFFIX, DIGEST_SUFFIX = SUFFIXES = (".table", ".sha256.json")
"""Ends of the names of a table's parsed copy and of a file's remembered digest."""

FOLDER = ".potrun"
"""Folder beside an input file that holds its sidecars."""


@dataclass(frozen=True)
class FileState:
    """What the system says of a file: a different content has another state."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Take the state out of what the system says."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def sidecar_path(path: Path, suffix: str, cache_dir: Path | None) -> Path:
    """Name a sidecar: in a hidden folder beside the file, or in a common folder and told apart by the file's path."""
    if cache_dir is None:
        return path.parent / FOLDER / (path.name + suffix)
    whole = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    return cache_dir / f"{path.name}-{whole}{suffix}"


def forget_sidecars(path: Path, cache_dir: Path | None) -> None:
    """Remove what is remembered of a file, so that the file itself is read; a failure is said."""
    for suffix in SUFFIXES:
        sidecar = sidecar_path(path, suffix, cache_dir)
        try:
            sidecar.unlink(missing_ok=True)
        except NotADirectoryError:
            continue
        except OSError as error:
            _log.warning("%s cannot be removed (%s): it is used although overwrite=true", sidecar, error.strerror)


def write_sidecar(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file under its name only once it is complete; a failure is logged and changes nothing."""
    try:
        with atomic_file(path, durable=False) as file:
            for part in parts:
                file.write(part)
    except OutputError as error:
        _log.debug("no cache written at %s: %s", path, error)
