"""Signals end a run between two steps, never inside one.

An exception raised from a signal handler can strike a library halfway through a write. So the handler only takes a
note, and the run asks for it where it is safe to stop.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from potrun.core.errors import PotrunError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_received: list[int] = []


class RunInterruptedError(PotrunError):
    """The run was asked to end by a signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(
            f"stopped by {signal.Signals(signum).name}: finished days are kept, the same command continues from them"
        )
        self.signum = signum

    def __reduce__(self) -> tuple[type["RunInterruptedError"], tuple[int]]:
        return type(self), (self.signum,)


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Note SIGINT and SIGTERM instead of dying of them; a second SIGINT ends the program at once."""
    previous = {number: signal.getsignal(number) for number in SIGNALS}

    def note(signum: int, _frame: FrameType | None) -> None:
        if signum == signal.SIGINT and _received:
            raise KeyboardInterrupt
        _received.append(signum)

    for number in SIGNALS:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        _received.clear()


def raise_if_interrupted() -> None:
    """Stop here if a signal has come.

    Raises
    ------
    RunInterruptedError
        If SIGINT or SIGTERM was noted since :func:`deferred_signals` began.
    """
    if _received:
        raise RunInterruptedError(_received[0])
