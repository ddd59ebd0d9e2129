"""Days side by side in processes of this machine."""

import logging
from collections import Counter, deque
from collections.abc import Sequence
from multiprocessing.connection import wait

from potrun.core.interrupts import raise_if_interrupted
from potrun.core.provenance import Provenance
from potrun.core.records import Archive
from potrun.core.settings import RunConfig
from potrun.runs.executors.base import POLL_S, OnReport
from potrun.runs.executors.worker import WorkerDiedError, WorkerProcess
from potrun.runs.tasks import DayProgress, DayReport, DayTask, OnProgress
from potrun.runs.worker import for_workers

log = logging.getLogger(__name__)


class ProcessExecutor:
    """Works in some processes; one that dies costs the day it held, which is started again in a new one.

    Each process holds one day at a time, so that a death is blamed on no other.

    Parameters
    ----------
    cfg, archive
        The run's settings and inputs; the threads are divided among the workers.
    provenance : Provenance
        What every worker has to see.
    """

    def __init__(self, cfg: RunConfig, archive: Archive, provenance: Provenance) -> None:
        self._workers = cfg.executor.workers
        self._attempts = cfg.executor.attempts
        self._for_each = (*for_workers(cfg, archive, cfg.executor.workers), provenance)

    def run(self, tasks: Sequence[DayTask], on_report: OnReport, on_progress: OnProgress) -> None:
        """Work on all days (see :class:`potrun.runs.executors.base.Executor`)."""
        attempts = Attempts(self._attempts)
        waiting = deque(tasks)
        idle = [WorkerProcess(*self._for_each) for _ in range(min(self._workers, len(tasks)))]
        busy: list[WorkerProcess] = []
        try:
            while waiting or busy:
                while waiting and idle:
                    worker = idle.pop()
                    worker.start(waiting.popleft())
                    busy.append(worker)
                ready = wait([worker.pipe for worker in busy], timeout=POLL_S)
                # Before all else: a signal to the whole process group kills workers, which is no fault of their days.
                raise_if_interrupted()
                for worker in [worker for worker in busy if worker.pipe in ready]:
                    try:
                        report = worker.answer()
                    except WorkerDiedError as death:
                        busy.remove(worker)
                        idle.append(WorkerProcess(*self._for_each))
                        log.warning("the worker process of %s %s", death.task.day.name, death.how)
                        given_up = attempts.lost(death.task, death.how)
                        if given_up is None:
                            waiting.append(death.task)
                        else:
                            on_report(given_up)
                        continue
                    if isinstance(report, DayProgress):
                        on_progress(report)
                    elif report is not None:
                        busy.remove(worker)
                        idle.append(worker)
                        on_report(report)
        finally:
            for worker in (*idle, *busy):
                worker.kill()


class Attempts:
    """Counts the starts of each day whose worker was lost.

    Parameters
    ----------
    limit : int
        How often a day is started at most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lost: Counter[DayTask] = Counter()

    def lost(self, task: DayTask, how: str) -> DayReport | None:
        """Note that a day was lost with its worker; returns the report of a day that is given up."""
        self._lost[task] += 1
        if self._lost[task] < self._limit:
            return None
        return DayReport(
            task, failure=f"{task.day.name}: given up, its worker {how} {self._limit} times; is memory short?"
        )
