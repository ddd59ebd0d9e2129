"""What a person sees while something takes its time: bars on a terminal, a line now and then elsewhere.

Whatever takes long tells its steps with :func:`tell`; whoever shows them listens.
"""

import logging
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TextIO

log = logging.getLogger(__name__)

LINE_EVERY_S = 10.0
"""Least time between two plain progress lines of a stage that was named before."""

FIRST_LINE_AFTER_S = 1.0
"""A stage that takes longer than this is named at once."""


@dataclass(frozen=True)
class Step:
    """How far a stage is: `done` of `total` (None where its length is not known), of the day that `about` names."""

    stage: str
    done: int = 0
    total: int | None = None
    about: str = ""


Listener = Callable[[Step], None]
_listeners: list[Listener] = []
_about: ContextVar[str] = ContextVar("about", default="")


def tell(stage: str, done: int = 0, total: int | None = None) -> None:
    """Tell whoever listens how far a stage is."""
    if _listeners:
        _listeners[-1](Step(stage, done, total, _about.get()))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have steps told to a function, from any thread of this process."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def about(name: str) -> Iterator[None]:
    """Say which day the steps told by this thread belong to."""
    token = _about.set(name)
    try:
        yield
    finally:
        _about.reset(token)


@contextmanager
def waiting(stage: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show that something takes its time, from its first second on.

    Yields
    ------
    callable
        To be called whenever one more of `total` is done.
    """
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        tell(stage, done, total)

    if _listeners:
        tell(stage, 0, total)
        yield one_more
        return
    with Display() as display, listening(display.show), display.announced(stage):
        tell(stage, 0, total)
        yield one_more


ONLY_IN_FILE = {"is_said": True}
"""Given as ``extra`` to a log line that the terminal is told anyway, at the end."""


class StderrHandler(logging.StreamHandler[TextIO]):
    """Log to whatever sys.stderr is at the moment, so that a live bar can keep its place below the lines."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.addFilter(lambda record: not getattr(record, "is_said", False))

    @property
    def stream(self) -> TextIO:
        """The stream of this moment."""
        return sys.stderr

    @stream.setter
    def stream(self, _value: Any) -> None:
        """Ignore the stream the base class wants to remember."""


class Display:
    """Bars on a terminal, lines elsewhere: one for the days where there are several, one for each stage in work.

    Parameters
    ----------
    n_days : int or None
        Days in all; None where days are not what is counted.
    """

    def __init__(self, n_days: int | None = None) -> None:
        self._n_days = n_days
        self._days_done = 0
        self._started = self._last_line = time.monotonic()
        self._stages: dict[str, tuple[str, float, int]] = {}
        self._named: set[str] = set()
        self._bars: Any = None
        self._overall: Any = None
        self._bar_of: dict[str, Any] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        # Processes that work side by side would draw over each other's bars.
        if sys.stderr.isatty() and multiprocessing.current_process().name == "MainProcess":
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )

            self._bars = Progress(
                TextColumn("{task.description:<36}"),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            if self._n_days is not None:
                self._overall = self._bars.add_task("days", total=self._n_days)
            self._bar_of[""] = self._bars.add_task("starting", total=None)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    @contextmanager
    def announced(self, stage: str) -> Iterator[None]:
        """Name a stage that may have no steps as soon as it takes long; on a terminal its bar does that."""
        timer = threading.Timer(FIRST_LINE_AFTER_S, self._announce, [stage])
        timer.daemon = True
        if self._bars is None:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _announce(self, stage: str) -> None:
        with self._lock:
            if stage not in self._named:
                self._named.add(stage)
                self._last_line = time.monotonic()
                say(stage)

    def show(self, step: Step) -> None:
        """Show how far a stage is."""
        with self._lock:
            now = time.monotonic()
            stage, since, first = self._stages.get(step.about, ("", now, 0))
            if stage != step.stage:
                since, first = now, step.done
                self._stages[step.about] = (step.stage, since, first)
            if self._bars is not None:
                self._draw(step, is_new=stage != step.stage)
            elif self._is_due(step, now, since):
                self._last_line = now
                self._named.add(step.stage)
                say(self._line(step, now, since, first))

    def day_done(self, name: str = "") -> None:
        """Move the overall bar by one day and forget the day's own."""
        with self._lock:
            self._days_done += 1
            self._stages.pop(name, None)
            if self._bars is not None:
                if name in self._bar_of and name:
                    self._bars.remove_task(self._bar_of.pop(name))
                if self._overall is not None:
                    self._bars.update(self._overall, advance=1)

    def _draw(self, step: Step, is_new: bool) -> None:
        if step.about and "" in self._bar_of:
            self._bars.remove_task(self._bar_of.pop(""))
        if step.about not in self._bar_of:
            self._bar_of[step.about] = self._bars.add_task(step.stage, total=step.total)
        bar = self._bar_of[step.about]
        text = f"{step.about} {step.stage}".strip()
        if is_new:
            self._bars.reset(bar, total=step.total, description=text)
        self._bars.update(bar, description=text, total=step.total, completed=step.done)

    def _is_due(self, step: Step, now: float, since: float) -> bool:
        is_first = step.stage not in self._named and now - since >= FIRST_LINE_AFTER_S
        return is_first or now - self._last_line >= LINE_EVERY_S

    def _line(self, step: Step, now: float, since: float, first: int) -> str:
        parts = [f"{step.about}: {step.stage}" if step.about else step.stage]
        if step.total is not None:
            parts[0] += f" {step.done}/{step.total}"
            parts += _left(now - since, step.done - first, step.total - step.done)
        elif step.done:
            parts[0] += f" {step.done}"
        if self._n_days is not None and self._n_days > 1 and self._days_done:
            days = f"{self._days_done} of {self._n_days} days done"
            parts.append(
                ", ".join([days, *_left(now - self._started, self._days_done, self._n_days - self._days_done)])
            )
        return "; ".join(parts)


def _left(elapsed_s: float, done: int, left: int) -> list[str]:
    """Say how long the rest takes at the pace so far, where there is a pace yet."""
    return [f"about {duration(elapsed_s / done * left)} left"] if done > 0 and left > 0 else []


def duration(seconds: float) -> str:
    """Word a length of time: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def say(text: str) -> None:
    """Write a line to the log, or to stderr where nothing of potrun's log is shown, as in a notebook."""
    if log.isEnabledFor(logging.INFO):
        log.info("%s", text)
    elif logging.getLogger("potrun").level == logging.NOTSET:
        sys.stderr.write(f"potrun: {text}\n")
