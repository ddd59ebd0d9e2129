"""Days side by side in processes of this machine."""

import logging
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool

from loky import ProcessPoolExecutor

from potrun.archive.days import Archive
from potrun.config import ExecutorConfig, RunConfig
from potrun.day import DayReport, DayTask, OnProgress, with_threads, work
from potrun.executors.base import OnReport
from potrun.executors.retries import Attempts
from potrun.interrupts import ignore_in_worker, raise_if_interrupted

log = logging.getLogger(__name__)

POLL_S = 0.2
"""How long a signal may wait before it is noticed."""


class ProcessExecutor:
    """Works in `workers` processes; one that dies costs the days it held, which are started again.

    Parameters
    ----------
    executor : ExecutorConfig
        Number of workers and of attempts.
    cfg, archive
        The run's settings and inputs; the torch threads are divided among the workers.
    """

    def __init__(self, executor: ExecutorConfig, cfg: RunConfig, archive: Archive) -> None:
        self._executor = executor
        self._cfg = with_threads(cfg, executor.workers)
        self._archive = archive

    def run(self, tasks: Sequence[DayTask], on_report: OnReport, on_progress: OnProgress) -> None:  # noqa: ARG002
        """Work on all days (see :class:`potrun.executors.base.Executor`)."""
        attempts = Attempts(self._executor.attempts)
        waiting = list(tasks)
        while waiting:
            waiting = self._until_a_worker_dies(waiting, attempts, on_report)

    def _until_a_worker_dies(self, tasks: list[DayTask], attempts: Attempts, on_report: OnReport) -> list[DayTask]:
        """Work until all is done or the pool is broken; returns the days to start again."""
        pool = ProcessPoolExecutor(max_workers=min(self._executor.workers, len(tasks)), initializer=ignore_in_worker)
        queue = list(reversed(tasks))
        running: dict[Future[DayReport], DayTask] = {}
        try:
            while queue or running:
                # Only as many days as there are workers are handed over, so that a death is blamed on few of them.
                while queue and len(running) < self._executor.workers:
                    task = queue.pop()
                    running[pool.submit(work, self._cfg, self._archive, task)] = task
                done, _ = wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
                raise_if_interrupted()
                for future in done:
                    report = future.result()
                    del running[future]
                    on_report(report)
        except BrokenProcessPool:
            log.warning(
                "a worker process died; starting its days again: %s", ", ".join(t.day.name for t in running.values())
            )
            return [*_kept(list(running.values()), attempts, on_report), *reversed(queue)]
        finally:
            pool.shutdown(wait=True, kill_workers=True)
        return []


def _kept(tasks: list[DayTask], attempts: Attempts, on_report: OnReport) -> list[DayTask]:
    kept = []
    for task in tasks:
        given_up = attempts.lost(task)
        if given_up is None:
            kept.append(task)
        else:
            on_report(given_up)
    return kept
