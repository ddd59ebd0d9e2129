"""How the search is compiled, and where the machine code is kept.

Compiling takes about half a minute and is done once: the machine code is kept in the user's cache folder, under a name
made of the sources that it came from. Numba's own rule, the time stamp of one file, does not see changes in the
functions which that file calls.
"""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import platformdirs
from filelock import FileLock

from potrun import instrument, records
from potrun.fitters.branch_and_bound import tuning
from potrun.losscone import model

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])


def inlined(function: Function) -> Function:
    """Compile a function that only compiled code calls."""
    return cast(Function, numba.njit(nogil=True, error_model="numpy")(function))


def compiled(function: Function) -> Function:
    """Compile a function that Python calls, and keep its machine code for the next process."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        log.warning("machine code cannot be kept in %s (%s): every process compiles its own", folder, problem)
        return inlined(function)
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        return cast(Function, numba.njit(nogil=True, error_model="numpy", cache=True)(function))
    finally:
        numba.config.CACHE_DIR = before


def compile_once(first_call: Callable[[], object]) -> None:
    """Make a first call of compiled functions, so that of several processes one compiles and the others load."""
    folder = cache_folder()
    if not folder.is_dir():
        first_call()
        return
    with FileLock(folder / ".lock"):
        if not any(folder.glob("*/*.nbc")):
            log.info("compiling the search, once on this machine: half a minute")
        first_call()


def cache_folder() -> Path:
    """Folder of the machine code that belongs to the sources as they are."""
    digest = hashlib.sha256()
    modules = [Path(str(module.__file__)) for module in (instrument, records, tuning, model)]
    for source in [*modules, *sorted(Path(__file__).parent.glob("*.py"))]:
        digest.update(source.read_bytes())
    return Path(platformdirs.user_cache_dir("potrun")) / "compiled" / digest.hexdigest()[:16]
