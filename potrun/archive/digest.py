"""SHA-256 of input files, worked out once."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from potrun.archive.sidecar import DIGEST_SUFFIX, FileState, sidecar_path, write_sidecar
from potrun.core.errors import DataError
from potrun.core.records import Archive, ArchiveDay, SourceFile


def source_file(path: Path, root: Path, cache_dir: Path | None = None) -> SourceFile:
    """Identify an input file.

    Parameters
    ----------
    path : Path
        The file.
    root : Path
        The archive's root; names are relative to it.
    cache_dir : Path, optional
        Where digests are remembered; None means beside the files.

    Returns
    -------
    SourceFile
        The digest of an unchanged file is remembered, not worked out again.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    try:
        state = FileState.of(path.stat())
        sha256 = recall_digest(path, state, cache_dir)
        if sha256 is None:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if FileState.of(path.stat()) == state:
                remember_digest(path, state, sha256, cache_dir)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): fetch it") from error
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return SourceFile(name, state.size_bytes, sha256)


def day_file(archive: Archive, day: ArchiveDay) -> SourceFile:
    """Identify a day's table (see :func:`source_file`)."""
    return source_file(day.path, archive.root, archive.cache_dir)


def ancillary_files(archive: Archive) -> tuple[SourceFile, ...]:
    """Identify the files that all days need: inclinations, attitude and kernels (see :func:`source_file`)."""
    paths = (archive.theta_path, archive.attitude_path, *archive.kernel_paths)
    return tuple(source_file(path, archive.root, archive.cache_dir) for path in paths)


def remember_digest(path: Path, state: FileState, sha256: str, cache_dir: Path | None) -> None:
    """Keep the digest of a file in this state."""
    content = {"state": asdict(state), "sha256": sha256}
    write_sidecar(sidecar_path(path, DIGEST_SUFFIX, cache_dir), [json.dumps(content).encode()])


def recall_digest(path: Path, state: FileState, cache_dir: Path | None) -> str | None:
    """Return the digest kept for the file in this state, if there is one."""
    try:
        content = json.loads(sidecar_path(path, DIGEST_SUFFIX, cache_dir).read_bytes())
        known = FileState(**content["state"])
        sha256 = content["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    is_digest = isinstance(sha256, str) and len(sha256) == 64
    return sha256 if is_digest and known == state else None
