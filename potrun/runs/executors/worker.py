"""A process that works on days, and the pipe by which it is told which."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from types import ModuleType
from typing import TYPE_CHECKING

from potrun.core.errors import PotrunError
from potrun.core.progress import Step, about, listening
from potrun.core.records import Archive, FloatArray
from potrun.core.settings import RunConfig

if TYPE_CHECKING:
    from potrun.core.provenance import Provenance
    from potrun.runs.tasks import DayProgress, DayReport, DayTask


SEND_EVERY_S = 0.3
"""How often a worker tells how far it is."""


class WorkerDiedError(PotrunError):
    """A worker process ended while it held a day."""

    def __init__(self, task: "DayTask", how: str) -> None:
        super().__init__(f"the worker process of {task.day.name} {how}")
        self.task = task
        self.how = how


class WorkerProcess:
    """One process, started when it gets its first day.

    Parameters
    ----------
    cfg, archive, provenance
        The run's settings, inputs, and what the process has to see of them.
    """

    def __init__(self, cfg: RunConfig, archive: Archive, provenance: "Provenance") -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, self._far = context.Pipe()
        level = logging.getLogger("potrun").getEffectiveLevel()
        self._process = context.Process(
            target=_serve, args=(self._far, level, cfg, archive, provenance), name="potrun-worker", daemon=True
        )
        self._task: DayTask | None = None

    def start(self, task: "DayTask") -> None:
        """Hand a day over."""
        if self._process.pid is None:
            with _without_main_module(), _without_interrupt():
                self._process.start()
            # With the far end open only in the worker, its death closes the pipe.
            self._far.close()
        self._task = task
        try:
            self.pipe.send(task)
        except OSError:
            # It died while idle; answer() finds the pipe closed and says so.
            return

    def answer(self) -> "DayReport | DayProgress | None":
        """Take what the process sent: its report, how far it is, or a log line (None), which goes to the log here.

        Raises
        ------
        WorkerDiedError
            If the process ended instead.
        PotrunError
            What the process raised.
        """
        assert self._task is not None
        try:
            message = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            raise WorkerDiedError(self._task, _ending(self._process.exitcode)) from None
        if isinstance(message, logging.LogRecord):
            logging.getLogger(message.name).handle(message)
            return None
        if isinstance(message, PotrunError):
            raise message
        from potrun.runs.tasks import DayProgress, DayReport

        if isinstance(message, DayProgress):
            return message
        assert isinstance(message, DayReport)
        self._task = None
        return message

    def kill(self) -> None:
        """End the process at once; whatever it was writing has no final name yet."""
        if self._process.pid is not None:
            self._process.kill()
            self._process.join()
        self.pipe.close()


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


class ProgressSender:
    """Sends on how far a day is, a few times a second at most; chi2 are kept until they are sent.

    Parameters
    ----------
    send : callable
        Takes a :class:`~potrun.runs.tasks.DayProgress` to the process that commands this worker.
    """

    def __init__(self, send: "Callable[[DayProgress], object]") -> None:
        self._send = send
        self._last = 0.0
        self._kept: list[FloatArray] = []

    def step(self, step: Step) -> None:
        """Tell a step without fitted sweeps."""
        if time.monotonic() - self._last >= SEND_EVERY_S:
            self._now(step)

    def progress(self, progress: "DayProgress") -> None:
        """Tell of fitted sweeps."""
        self._kept.append(progress.chi2)
        if time.monotonic() - self._last >= SEND_EVERY_S:
            self._now(progress.step)

    def day_starts(self) -> None:
        """Forget what is left of the day before; its report told all."""
        self._kept.clear()

    def _now(self, step: Step) -> None:
        import numpy as np

        from potrun.runs.tasks import DayProgress

        self._last = time.monotonic()
        self._send(DayProgress(step, np.concatenate([np.empty(0), *self._kept])))
        self._kept.clear()


class _PipeHandler(QueueHandler):
    """Sends log records to the process that commands this worker."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # no queue: enqueue is all that uses it
        self._pipe = pipe

    def enqueue(self, record: logging.LogRecord) -> None:
        """Send one record."""
        self._pipe.send(record)


def _serve(pipe: Connection, level: int, cfg: RunConfig, archive: Archive, provenance: "Provenance") -> None:
    """Work on days until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.getLogger("potrun").setLevel(level)
    logging.getLogger().addHandler(_PipeHandler(pipe))
    from potrun.runs.worker import work

    sender = ProgressSender(pipe.send)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        sender.day_starts()
        try:
            with about(task.day.date.isoformat()), listening(sender.step):
                message: DayReport | PotrunError = work(cfg, archive, provenance, task, sender.progress)
        except PotrunError as error:
            message = error
        pipe.send(message)


def _end_with_parent() -> None:
    """End at once when the process that commands this worker is gone, however it went."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextmanager
def _without_main_module() -> Iterator[None]:
    """Hide the main module from a process about to be started.

    The worker needs nothing from it, and would otherwise run a user's script again, up to the very call it serves.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _without_interrupt() -> Iterator[None]:
    """Let a process about to be started inherit deaf ears for Ctrl-C, which a terminal sends to every process."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started on demand inside the block, the tracker would lift the mask again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
