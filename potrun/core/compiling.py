"""What a process waits for machine code, which is made once on a machine and kept."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_seconds = 0.0


@contextmanager
def compiling() -> Iterator[None]:
    """Count the time until the end of the block as waited for machine code."""
    global _seconds
    started = time.monotonic()
    try:
        yield
    finally:
        _seconds += time.monotonic() - started


def take_seconds() -> float:
    """Return the seconds counted since this was last asked."""
    global _seconds
    taken, _seconds = _seconds, 0.0
    return taken


@contextmanager
def each_function(tell: Callable[[int], None]) -> Iterator[None]:
    """Tell how many functions numba has compiled in this process since the block began, and count the time.

    Functions that are loaded count neither way.

    Parameters
    ----------
    tell : callable
        Called with the number at the beginning and at the end of each function.
    """
    global _seconds
    from numba.core import event

    class Count(event.Listener):  # type: ignore[misc]  # numba has no types
        done = 0
        began: float | None = None

        def on_start(self, event: Any) -> None:  # noqa: ARG002
            if self.began is None:
                self.began = time.monotonic()
            tell(self.done)

        def on_end(self, event: Any) -> None:  # noqa: ARG002
            self.done += 1
            tell(self.done)

    count = Count()
    with event.install_listener("numba:compile", count):
        yield
    if count.began is not None:
        _seconds += time.monotonic() - count.began
