"""Where the machine code of the search is kept, and how it gets there.

Compiling takes about half a minute and happens once. A process of its own does it, because a compiler cannot be
interrupted while a run has to answer signals. The code is kept in the user's cache folder, under a digest of its
sources and its compiler, and is used only while its files have the digests noted with them.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import platformdirs

from potrun.core import instrument, records
from potrun.core.compiling import compiling, each_function
from potrun.core.errors import PotrunError
from potrun.core.interrupts import raise_if_interrupted
from potrun.core.locks import hold
from potrun.core.progress import tell
from potrun.losscone import model
from potrun.search import intervals
from potrun.search.exact.jit import compiler

log = logging.getLogger(__name__)

Load = Callable[[str, Path], Callable[..., Any]]
"""Given a table format and a folder, returns a compiled function after its first call.

It is a function of a module. It loads the machine code from the folder, or compiles it and leaves it there.
"""

ROOM_BYTES = 4 * 2**20
"""More than the machine code for one table format takes."""

POLL_S = 0.1
COMPILING = "compiling the search, function"
SEAL = "SHA256SUMS"

KEPT_DAYS = 30
"""Machine code of other versions stays as long after its last use."""

_loaded: dict[tuple[Load, str], Callable[..., Any]] = {}
_one_at_a_time = threading.Lock()


def machine_code(load: Load, dtype: str) -> Callable[..., Any]:
    """Return a compiled function; of several processes that ask for it one compiles and the others load.

    Parameters
    ----------
    load : callable
    dtype : {"float32", "float64"}

    Raises
    ------
    RunInterruptedError
        If a signal came meanwhile.
    PotrunError
        If it cannot be compiled, or there is no folder to do so in.
    """
    with _one_at_a_time:
        if (load, dtype) not in _loaded:
            with _folder_of_code(load, dtype) as folder:
                _loaded[load, dtype] = load(dtype, folder)
        return _loaded[load, dtype]


def cache_folder() -> Path:
    """Folder of the machine code that belongs to the present sources and compiler."""
    here = Path(__file__).parent
    # Numba asks for the place of the sources too.
    digest = hashlib.sha256(f"{compiler()} {sys.version} {here}".encode())
    modules = [Path(str(module.__file__)) for module in (instrument, records, intervals, model)]
    for source in [*modules, *sorted(here.glob("*.py"))]:
        digest.update(source.read_bytes())
    return Path(platformdirs.user_cache_dir("potrun")) / "compiled" / digest.hexdigest()[:16]


@contextmanager
def _folder_of_code(load: Load, dtype: str) -> Iterator[Path]:
    """Yield a writable folder that holds the machine code; Numba needs to write even where it only reads."""
    folder = cache_folder() / dtype
    trouble = _trouble_with(folder)
    if not trouble and not _is_whole(folder):
        tell(COMPILING)
        with compiling(), hold(folder.with_suffix(".lock")):
            if not _is_whole(folder):
                _clear(folder)
                log.info("compiling the search, once on this machine: half a minute")
                _compile(load, dtype, folder)
                _seal(folder)
                _prune(folder.parent)
    if not trouble:
        _note_use(folder)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="potrun-") as name:
        private = Path(name) / dtype
        if _is_whole(folder):
            shutil.copytree(folder, private)
        else:
            why = trouble.strerror or trouble
            log.warning("machine code cannot be kept in %s (%s): compiling it for this process alone", folder, why)
            with compiling():
                _compile(load, dtype, private)
        yield private


def _note_use(folder: Path) -> None:
    """Let the time of the seal say when the code was last used."""
    with suppress(OSError):
        os.utime(folder / SEAL)


def _prune(current: Path) -> None:
    """Remove machine code that nobody has used for long: every version of the sources leaves its own.

    What another process has loaded stays in its memory.
    """
    oldest = time.time() - KEPT_DAYS * 86400
    for other in current.parent.glob("*"):
        seals = [seal.stat().st_mtime for seal in other.glob(f"*/{SEAL}")]
        newest = max(seals, default=other.stat().st_mtime)
        if other != current and other.is_dir() and newest < oldest:
            shutil.rmtree(other, ignore_errors=True)
            log.debug("machine code of another version, unused for %d days, is gone: %s", KEPT_DAYS, other)


def _trouble_with(folder: Path) -> OSError | None:
    """Try to write as much as the machine code may take, unless it is there already."""
    is_whole = _is_whole(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder if is_whole else folder.parent) as stream:
            stream.write(bytes(0 if is_whole else ROOM_BYTES))
    except OSError as trouble:
        return trouble
    return None


def _compile(load: Load, dtype: str, folder: Path) -> None:
    """Have another process compile into a new folder; it ends when this one does, for whatever reason."""
    folder.mkdir(parents=True)
    program = (
        f"import sys; from {__name__} import compile_for_another; "
        f"from {load.__module__} import {load.__name__} as load; compile_for_another(load, *sys.argv[1:])"
    )
    path = os.pathsep.join(str(Path(name).absolute()) for name in sys.path)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", program, dtype, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C in a terminal reaches the whole session, but this process decides whether to end.
            start_new_session=True,
        )
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        done = 0
        try:
            while process.poll() is None:
                raise_if_interrupted()
                done += len(process.stdout.read() or b"")
                tell(COMPILING, done)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(POLL_S)
        finally:
            process.kill()
            process.communicate()
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
            raise PotrunError(
                f"the search could not be compiled, the compiler ended with code {process.returncode}: {last}; "
                "fast=false searches without compiled code, some hundred times slower"
            )


def compile_for_another(load: Load, dtype: str, folder: str) -> None:
    """Compile in this process, on behalf of the one that started it, holds its standard input and counts its dots."""

    def end_with_the_other() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=end_with_the_other, daemon=True).start()
    told = 0

    def count(done: int) -> None:
        nonlocal told
        os.write(1, b"." * (done - told))
        told = done

    with each_function(count):
        load(dtype, Path(folder))
    # The thread still reads, and would keep the interpreter from closing its input.
    sys.stderr.flush()
    os._exit(0)


def _seal(folder: Path) -> None:
    """Write down the digests of all files."""
    (folder / SEAL).write_text("".join(f"{digest}  {name}\n" for name, digest in _digests(folder).items()))


def _is_whole(folder: Path) -> bool:
    """Whether all files of the machine code are as they were when it was compiled."""
    try:
        noted = [line.split("  ", 1) for line in (folder / SEAL).read_text().splitlines()]
        return bool(noted) and _digests(folder) == {name: digest for digest, name in noted}
    except (OSError, ValueError):
        return False


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.glob("*/*") if path.suffix in {".nbi", ".nbc"})
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _clear(folder: Path) -> None:
    """Remove a damaged folder, or one left by a process that was killed."""
    if (folder / SEAL).exists():
        log.warning("the machine code in %s is damaged: compiling it again", folder)
    shutil.rmtree(folder, ignore_errors=True)
