"""Days on a Dask cluster: one that is running, or one started on this machine for the run."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from potrun.archive.days import Archive
from potrun.config import ExecutorConfig, RunConfig
from potrun.day import DayReport, DayTask, OnProgress, with_threads, work
from potrun.errors import PotrunError, UsageError
from potrun.executors.base import OnReport
from potrun.interrupts import raise_if_interrupted

log = logging.getLogger(__name__)

CONNECT_S = 10
POLL_S = 0.2


class DaskExecutor:
    """Works on a cluster; a lost worker's days are redone elsewhere, a day that kills its worker is given up.

    The run's folder and the archive must be visible under the same paths to all workers.

    Parameters
    ----------
    executor : ExecutorConfig
        Address of a scheduler or number of workers to start, and of attempts.
    cfg, archive
        The run's settings and inputs.

    Raises
    ------
    UsageError
        If Dask is not installed.
    """

    def __init__(self, executor: ExecutorConfig, cfg: RunConfig, archive: Archive) -> None:
        try:
            import distributed  # noqa: F401
        except ImportError as error:
            raise UsageError("executor=dask needs Dask: pip install 'potrun[dask]'") from error
        self._executor = executor
        workers = executor.workers if executor.address is None else 1
        self._cfg = with_threads(cfg, workers)
        self._archive = archive

    def run(self, tasks: Sequence[DayTask], on_report: OnReport, on_progress: OnProgress) -> None:  # noqa: ARG002
        """Work on all days (see :class:`potrun.executors.base.Executor`)."""
        with self._client() as client:
            log.info("days go to the Dask scheduler %s", client.scheduler.address)
            futures = {
                client.submit(work, self._cfg, self._archive, task, pure=False, retries=0): task for task in tasks
            }
            try:
                while futures:
                    raise_if_interrupted()
                    for future in _finished(list(futures)):
                        on_report(_report(future, futures.pop(future)))
            finally:
                client.cancel(list(futures))

    @contextmanager
    def _client(self) -> Iterator[Any]:
        import dask
        from distributed import Client, LocalCluster

        allowed = {"distributed.scheduler.allowed-failures": self._executor.attempts - 1}
        if self._executor.address is None:
            with (
                dask.config.set(allowed),
                LocalCluster(
                    n_workers=self._executor.workers,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address=None,
                ) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(self._executor.address, timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            raise PotrunError(
                f"no Dask scheduler answers at executor.address={self._executor.address} within {CONNECT_S} s ({error})"
            ) from error
        with client:
            yield client


def _finished(futures: list[Any]) -> list[Any]:
    from distributed import wait

    try:
        return list(wait(futures, timeout=POLL_S, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return []


def _report(future: Any, task: DayTask) -> DayReport:
    from distributed import KilledWorker

    try:
        report: DayReport = future.result()
    except KilledWorker as error:
        return DayReport(task, failure=f"{task.day.name}: given up, {error}")
    return report
