"""One process at a time on a run and on a result file."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from potrun.core.errors import OutputError
from potrun.core.interrupts import raise_if_interrupted

log = logging.getLogger(__name__)

POLL_S = 0.5


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for another process that has it, and saying so once.

    The lock belongs to the process, not to the file: it is free again if its holder is killed.

    Raises
    ------
    OutputError
        If the lock file cannot be made.
    RunInterruptedError
        If a signal asked the run to end while it waited.
    """
    lock = FileLock(path)
    try:
        _acquire(lock, path)
    except OSError as error:
        raise OutputError(f"cannot write in {path.parent}: {error.strerror or error}; choose another folder") from error
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Tell whether another process holds a lock file now."""
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False  # whoever wants to hold it is told why it cannot be
    lock.release()
    return False


def _acquire(lock: FileLock, path: Path) -> None:
    has_told = False
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=POLL_S)
        except FileNotFoundError:
            # The holder's run was refused, and took its folder with it.
            continue
        except Timeout:
            raise_if_interrupted()
            if not has_told:
                log.info("another process works on %s: waiting for it to end", path.parent)
                has_told = True
        else:
            return
