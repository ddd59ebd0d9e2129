"""What a person sees while a run goes on: two bars on a terminal, plain log lines elsewhere."""

import logging
import sys
import time
from types import TracebackType
from typing import Any, Self, TextIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

log = logging.getLogger(__name__)

LINE_EVERY_S = 10.0
"""Least time between two plain progress lines."""


class StderrHandler(logging.StreamHandler[TextIO]):
    """Log to whatever sys.stderr is at the moment, so that a live bar can keep its place below the lines."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    @property
    def stream(self) -> TextIO:
        """The stream of this moment."""
        return sys.stderr

    @stream.setter
    def stream(self, _value: Any) -> None:
        """Ignore the stream the base class wants to remember."""


class RunProgress:
    """One overall bar (days) and one for the current stage."""

    def __init__(self, n_days: int) -> None:
        self._n_days = n_days
        self._days_done = 0
        self._last_line = time.monotonic()
        self._bars: Progress | None = None
        self._overall: TaskID | None = None
        self._stage: TaskID | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console

            self._bars = Progress(
                TextColumn("{task.description:<28}"),
                BarColumn(bar_width=40),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._overall = self._bars.add_task("days", total=self._n_days)
            self._stage = self._bars.add_task("starting", total=None)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def stage(self, name: str, total: int | None = None, done: int = 0) -> None:
        """Show what is being done now; `total` None where its length is not known."""
        if self._bars is not None and self._stage is not None:
            self._bars.update(self._stage, description=name, total=total, completed=done)
        elif time.monotonic() - self._last_line >= LINE_EVERY_S:
            self._last_line = time.monotonic()
            log.info("day %d of %d: %s%s", self._days_done + 1, self._n_days, name, f" {done}/{total}" if total else "")

    def day_done(self) -> None:
        """Move the overall bar by one day."""
        self._days_done += 1
        if self._bars is not None and self._overall is not None:
            self._bars.update(self._overall, advance=1)
