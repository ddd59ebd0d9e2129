"""Days on a Dask cluster: one that is running, or one started on this machine for the run."""

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from potrun.core.errors import PotrunError
from potrun.core.interrupts import raise_if_interrupted
from potrun.core.progress import Step, about, listening
from potrun.core.provenance import Provenance
from potrun.core.records import Archive
from potrun.core.settings import RunConfig
from potrun.runs.executors.base import POLL_S, OnReport
from potrun.runs.executors.worker import ProgressSender
from potrun.runs.tasks import DayProgress, DayReport, DayTask, OnProgress
from potrun.runs.worker import for_workers, work

log = logging.getLogger(__name__)

CONNECT_S = 8
TELL_EVERY_S = 60.0
WORKER_END_S = 1.0


class DaskExecutor:
    """Works on a cluster; a lost worker's day is redone elsewhere, a day that kills its workers is given up.

    The run's folder and the archive must be visible under the same paths to all workers. No more days are handed over
    than the workers have threads: Dask blames the loss of a worker on all that it holds.

    Parameters
    ----------
    cfg, archive
        The run's settings and inputs. With `executor.address` the scheduler's own ``allowed-failures`` says how often
        a day may lose its worker, else `executor.attempts`.
    provenance : Provenance
        What every worker has to see.
    """

    def __init__(self, cfg: RunConfig, archive: Archive, provenance: Provenance) -> None:
        self._executor = cfg.executor
        self._is_own = cfg.executor.address is None and cfg.executor.scheduler_file is None
        workers = cfg.executor.workers if self._is_own else 1
        self._for_each = (*for_workers(cfg, archive, workers), provenance)

    def run(self, tasks: Sequence[DayTask], on_report: OnReport, on_progress: OnProgress) -> None:
        """Work on all days (see :class:`potrun.runs.executors.base.Executor`)."""
        told: SimpleQueue[DayProgress] = SimpleQueue()
        with _quiet_dask(), self._client() as client:
            topic = f"potrun-{uuid.uuid4().hex}"
            client.subscribe_topic(topic, lambda event: told.put(_unpacked(event[1])))
            log.info("days go to the Dask scheduler %s", client.scheduler.address)
            waiting = deque(tasks)
            running: dict[Any, DayTask] = {}
            last_told = time.monotonic()
            try:
                while waiting or running:
                    raise_if_interrupted()
                    threads = self._threads(client)
                    if not threads and time.monotonic() - last_told > TELL_EVERY_S:
                        last_told = time.monotonic()
                        log.warning("the Dask scheduler has no workers: waiting for some")
                    while waiting and len(running) < max(threads, 1):
                        task = waiting.popleft()
                        running[client.submit(_work, topic, *self._for_each, task, pure=False)] = task
                    while not told.empty():
                        on_progress(told.get())
                    for future in _finished(list(running)):
                        on_report(self._report(future, running.pop(future)))
            finally:
                client.cancel(list(running))

    def _threads(self, client: Any) -> int:
        if client.status != "running":
            raise PotrunError(
                f"the Dask scheduler at {client.scheduler.address} was lost: finished days are kept, "
                "the same command continues from them"
            )
        workers = client.scheduler_info(n_workers=-1)["workers"]
        return sum(int(worker["nthreads"]) for worker in workers.values())

    def _report(self, future: Any, task: DayTask) -> DayReport:
        from distributed import KilledWorker

        try:
            report: DayReport = future.result()
        except KilledWorker as error:
            return DayReport(
                task,
                failure=f"{task.day.name}: given up, {error.allowed_failures + 1} workers were lost while working "
                "on it; is memory short?",
            )
        return report

    @contextmanager
    def _client(self) -> Iterator[Any]:
        if self._is_own:
            with self._own_cluster() as client:
                yield client
            return
        from distributed import Client

        file, place = self._executor.scheduler_file, f"executor.address={self._executor.address}"
        if file is not None:
            place = f"executor.scheduler_file={file}"
            if not Path(file).is_file():
                raise PotrunError(f"there is no {place}: start `dask scheduler --scheduler-file {file}` first")
        try:
            client = Client(self._executor.address, scheduler_file=file, timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            raise PotrunError(
                f"no Dask scheduler answers at {place} within {CONNECT_S} s: "
                "start one with `dask scheduler`, or leave the setting out"
            ) from error
        with client:
            yield client

    @contextmanager
    def _own_cluster(self) -> Iterator[Any]:
        import dask
        from distributed import Client, LocalCluster

        with (
            dask.config.set(
                {
                    "distributed.scheduler.allowed-failures": self._executor.attempts - 1,
                    # One day a worker, none behind it that would share the blame for its loss.
                    "distributed.scheduler.worker-saturation": 1.0,
                }
            ),
            LocalCluster(
                n_workers=self._executor.workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard": False},
            ) as cluster,
            Client(cluster) as client,
        ):
            try:
                yield client
            finally:
                # Left to themselves they wait 4 s for a task that still runs, most of what a signal's answer may take.
                cluster.sync(_end_workers, cluster)


def _work(topic: str, cfg: RunConfig, archive: Archive, provenance: Provenance, task: DayTask) -> DayReport:
    """Work on one day in a worker of the cluster, which tells the scheduler how far it is."""
    from distributed import get_worker

    worker = get_worker()
    sender = ProgressSender(lambda progress: worker.log_event(topic, _packed(progress)))
    with about(task.day.date.isoformat()), listening(sender.step):
        return work(cfg, archive, provenance, task, sender.progress)


def _packed(progress: DayProgress) -> list[Any]:
    step = progress.step
    return [step.stage, step.done, step.total, step.about, progress.chi2.tolist()]


def _unpacked(message: Sequence[Any]) -> DayProgress:
    *step, chi2 = message
    return DayProgress(Step(*step), np.array(chi2, dtype=np.float64))


async def _end_workers(cluster: Any) -> None:
    """End the worker processes; whatever one was writing has no final name yet."""
    await asyncio.gather(*(nanny.close(timeout=WORKER_END_S) for nanny in cluster.workers.values()))


@contextmanager
def _quiet_dask() -> Iterator[None]:
    """Keep Dask's account of every connection out of the run's log; its warnings come through."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _finished(futures: list[Any]) -> list[Any]:
    """Return the futures that have ended, waiting a moment for the first."""
    from distributed import wait

    try:
        return list(wait(futures, timeout=POLL_S, return_when="FIRST_COMPLETED").done)
    except (TimeoutError, CancelledError):
        # Cancelled means that the connection is gone; the next look at the client's state says so in full.
        return []
