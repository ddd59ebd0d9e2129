"""Write a file so that its name never stands for half of it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from potrun.core.errors import OutputError


@contextmanager
def atomic_file(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its name once it is complete and on the disk.

    Parameters
    ----------
    path : Path
        The final name; its folder is created. An existing file is replaced in one step or left as it was.
    durable : bool
        Wait until the file would outlive a loss of power; not needed for what can be made again.

    Yields
    ------
    binary file open for writing

    Raises
    ------
    OutputError
        If the disk is full, the folder is read-only or the file cannot be written for another reason; nothing is left
        behind then.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        temporary.replace(path)
        temporary = None
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write {path}: {reason}; free some space or choose another output_dir") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write a text file with :func:`atomic_file`, in UTF-8 with its line ends as they are; returns its path."""
    with atomic_file(path) as stream:
        stream.write(text.encode())
    return path


def _sync_folder(folder: Path) -> None:
    """Make a rename durable, where the system can open folders."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
