"""How the program ends: one line for an error, one exit code for each way to end."""

import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from potrun.core.composition import one_line
from potrun.core.errors import ExitCode, PotrunError
from potrun.core.interrupts import RunInterruptedError

FORESEEN = (HydraException, OmegaConfBaseException, PotrunError, OSError, BrokenProcessPool)
"""Errors that a user can act on by their message; others are mistakes in the program and keep their traceback."""

HYDRA_VARIABLE = "HYDRA_FULL_ERROR"
TRACEBACK_VARIABLE = "POTRUN_TRACEBACK"
"""Set for the run's own processes where the user asked for tracebacks by HYDRA_FULL_ERROR=1."""


@contextmanager
def hydra_hands_over() -> Iterator[None]:
    """Keep Hydra from printing its own page about an error, and remember whether the user wants tracebacks.

    Both are environment variables, so that the processes of a sweep inherit them; they are put back at the end.
    """
    before = {name: os.environ.get(name) for name in (HYDRA_VARIABLE, TRACEBACK_VARIABLE)}
    if before[HYDRA_VARIABLE] == "1":
        os.environ.setdefault(TRACEBACK_VARIABLE, "1")
    os.environ[HYDRA_VARIABLE] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def wants_traceback() -> bool:
    """Tell whether an error is to be shown with its traceback."""
    return os.environ.get(TRACEBACK_VARIABLE) == "1"


def say(error: BaseException, arguments: Iterable[str] = ()) -> int:
    """Print the one line of an error that was foreseen and return the exit code."""
    message, code = str(error), int(ExitCode.FAILED)
    if isinstance(error, RunInterruptedError):
        code = 128 + error.signum
    elif isinstance(error, PotrunError):
        code = int(error.exit_code)
    elif isinstance(error, HydraException | OmegaConfBaseException):
        message, code = one_line(error, arguments), int(ExitCode.USAGE)
    elif isinstance(error, BrokenProcessPool):
        message = f"a process of the sweep died ({' '.join(message.split())}); is memory short?"
    elif isinstance(error, KeyboardInterrupt):
        message, code = "stopped at once", 130
    sys.stderr.write(f"potrun: {message}\n")
    return code
