"""Days one after the other in this process, the next one being prepared while this one is fitted."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from potrun.core.interrupts import raise_if_interrupted
from potrun.core.machine import keep_freed_memory
from potrun.core.provenance import Provenance
from potrun.core.records import Archive
from potrun.core.settings import RunConfig
from potrun.runs.day import PreparedDay
from potrun.runs.executors.base import POLL_S, OnReport
from potrun.runs.tasks import DayReport, DayTask, OnProgress
from potrun.runs.worker import DayWorker

Ready = PreparedDay | DayReport


class InlineExecutor:
    """Works in this process; the way to feed one GPU, since reading and geometry go on while it computes.

    No more than two days are in memory: the one being fitted and the one being prepared.

    Parameters
    ----------
    cfg, archive
        The run's settings and inputs.
    provenance : Provenance
        What the run started with.
    """

    def __init__(self, cfg: RunConfig, archive: Archive, provenance: Provenance) -> None:
        self._cfg = cfg
        self._archive = archive
        self._provenance = provenance

    def run(self, tasks: Sequence[DayTask], on_report: OnReport, on_progress: OnProgress) -> None:
        """Work on all days (see :class:`potrun.runs.executors.base.Executor`)."""
        keep_freed_memory()
        worker = DayWorker(self._cfg, self._archive)
        self._provenance.require_equal(worker.provenance)
        with ThreadPoolExecutor(1, thread_name_prefix="prepare") as background:
            queue = [*tasks[1:], None]
            ahead = background.submit(worker.prepare, tasks[0])
            for task, following in zip(tasks, queue, strict=True):
                _wait(ahead)
                started = ahead
                if following is not None:
                    ahead = background.submit(worker.prepare, following)
                on_report(_finish(worker, task, started, on_progress))
                # A prepared day is tens of MB; no name may hold on to it while the next one is waited for.
                del started


def _wait(ahead: Future[Ready]) -> None:
    """Wait for a prepared day, or leave as soon as a signal comes."""
    while True:
        raise_if_interrupted()
        try:
            ahead.exception(timeout=POLL_S)
        except TimeoutError:
            continue
        return


def _finish(worker: DayWorker, task: DayTask, ahead: Future[Ready], on_progress: OnProgress) -> DayReport:
    """Fit a prepared day; one whose preparation or fit failed unforeseen starts afresh."""
    prepared = [ahead.result]

    def call() -> DayReport:
        ready = prepared.pop()() if prepared else worker.prepare(task)
        return worker.finish(task, ready, on_progress)

    return worker.attempt(task, call)
