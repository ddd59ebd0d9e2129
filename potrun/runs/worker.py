"""One day's work with what may go wrong on the way: resume, attempts, a shard at the end. Every executor calls this."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from potrun.archive.digest import ancillary_files, day_file
from potrun.archive.midnight import neighbours_digest
from potrun.core.compiling import take_seconds
from potrun.core.errors import DataError, PotrunError
from potrun.core.machine import available_cores, keep_freed_memory
from potrun.core.progress import Step, about
from potrun.core.provenance import Provenance
from potrun.core.records import Archive, FloatArray, SourceFile
from potrun.core.settings import RunConfig
from potrun.results.shard import open_shard, write_shard
from potrun.runs.account import tell_fitted, tell_inputs, tell_prepared
from potrun.runs.day import DayStages, PreparedDay, Stopwatch
from potrun.runs.tasks import DayProgress, DayReport, DayTask, OnProgress

log = logging.getLogger(__name__)

MACHINE_TROUBLE = (MemoryError, OSError, RuntimeError)
"""What another attempt may not meet: memory, disk, and what torch and SPICE raise when either is short."""


class DayWorker:
    """Everything that is the same for all days of a run, made once in each process.

    Parameters
    ----------
    cfg : RunConfig
        The run's settings.
    archive : Archive
        Where its inputs lie.

    Raises
    ------
    DataError
        If a kernel, the attitude or the table of inclinations cannot be read.
    """

    def __init__(self, cfg: RunConfig, archive: Archive) -> None:
        self._attempts = cfg.executor.attempts
        self._archive = archive
        self.provenance = Provenance.of(cfg, archive.origin, ancillary_files(archive))
        self.stages = DayStages(cfg, archive)
        tell_inputs(self.stages)

    def prepare(self, task: DayTask) -> PreparedDay | DayReport:
        """Do what comes before a day's fit; may run ahead in a thread while another day is fitted.

        Returns
        -------
        PreparedDay or DayReport
            A report where nothing is left to do: the day has its shard already, or cannot be processed.
        """
        watch = Stopwatch()
        try:
            with watch.lap("resume"):
                resumed = self._resume(task)
            if resumed is not None:
                return resumed
            with about(task.day.date.isoformat()):
                with watch.lap("read"):
                    table = self.stages.read(task.day)
                ready = self.stages.prepare(table, watch)
                tell_prepared(ready)
                return ready
        except DataError as error:
            return DayReport(task, seconds=watch.seconds, failure=str(error))

    def finish(self, task: DayTask, ready: PreparedDay | DayReport, on_progress: OnProgress | None = None) -> DayReport:
        """Fit a prepared day and leave its shard.

        Raises
        ------
        OutputError
            If the shard cannot be written: every day would meet the same wall.
        """
        if isinstance(ready, DayReport):
            return ready

        def on_fitted(done: int, chi2: FloatArray) -> None:
            assert on_progress is not None
            step = Step("fit", done, ready.batch.n_sweeps, task.day.date.isoformat())
            on_progress(DayProgress(step, chi2))

        seconds, source = ready.watch.seconds, ready.table.source
        try:
            result = self.stages.fit(ready, on_fitted if on_progress else None)
        except DataError as error:
            return DayReport(task, seconds=seconds, failure=str(error))
        tell_fitted(ready, result)
        with ready.watch.lap("write"):
            write_shard(task.shard, result, self._identity(task, source))
        chi2 = result.columns["spec_fit_chi2"]
        return DayReport(
            task=task,
            source=source,
            seconds=seconds,
            sweeps=result.n_sweeps,
            chi2=chi2[np.isfinite(chi2)],
            defects=tuple(result.notes["defects"]),
        )

    def work(self, task: DayTask, on_progress: OnProgress | None = None) -> DayReport:
        """Bring one day from its table to its shard.

        A day that cannot be read or processed costs that day: the report says why. Trouble that may be the machine's is
        tried again, and ends as that day's report as well, so that one day never costs the others. A mistake in the
        program ends the run.

        Raises
        ------
        OutputError
            If the shard cannot be written.
        """
        return self.attempt(task, lambda: self.finish(task, self.prepare(task), on_progress))

    def attempt(self, task: DayTask, call: Callable[[], DayReport]) -> DayReport:
        """Call until it ends without trouble of the machine, at most as often as the settings allow."""
        for number in range(1, self._attempts + 1):
            try:
                report = call()
                report.seconds["compile"] = take_seconds()
                return report
            except PotrunError:
                raise
            except MACHINE_TROUBLE as error:
                log.warning("%s failed, attempt %d of %d", task.day.name, number, self._attempts, exc_info=True)
                failure = f"{task.day.name}: failed {number} times, at last with {type(error).__name__}: {error}"
        return DayReport(task, failure=failure)

    def _identity(self, task: DayTask, source: SourceFile) -> str:
        """Return what a day's shard depends on: the run, the day's table, and the edges of those beside it."""
        return self.provenance.of_shard(source) + neighbours_digest(task.day)

    def _resume(self, task: DayTask) -> DayReport | None:
        """Return the report of a shard that is there, whole, and of the same settings, inputs and code."""
        if not task.shard.exists():
            return None
        source = day_file(self._archive, task.day)
        try:
            shard = open_shard(task.shard)
        except DataError as error:
            log.warning("%s", error)
            return None
        if shard.identity != self._identity(task, source):
            return None
        return DayReport(
            task, source, sweeps=shard.lengths["sweeps"], defects=tuple(shard.notes["defects"]), is_resumed=True
        )


_workers: dict[str, DayWorker] = {}
_one_at_a_time = threading.Lock()


def work(
    cfg: RunConfig, archive: Archive, provenance: Provenance, task: DayTask, on_progress: OnProgress | None = None
) -> DayReport:
    """Work on one day in a process of a pool or a cluster, which keeps its worker for the next day.

    Raises
    ------
    PotrunError
        If this process sees other code or other files than the one that started the run.
    OutputError
        If the shard cannot be written.
    """
    from threadpoolctl import threadpool_limits

    key = repr((cfg, archive))
    # A cluster's worker may have several threads; a process gains nothing from two days at once.
    with _one_at_a_time, threadpool_limits(1, user_api="blas"):
        if key not in _workers:
            keep_freed_memory()
            _workers.clear()
            _workers[key] = DayWorker(cfg, archive)
        worker = _workers[key]
        provenance.require_equal(worker.provenance)
        return worker.work(task, on_progress)


def for_workers(cfg: RunConfig, archive: Archive, workers: int) -> tuple[RunConfig, Archive]:
    """Return settings and archive as one of several processes needs them: its share of threads, no list of days."""
    threads = max(1, (cfg.device.threads or available_cores()) // workers)
    return replace(cfg, device=replace(cfg.device, threads=threads)), replace(archive, days=(), ignored=())
