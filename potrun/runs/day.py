"""One day's work: read, locate, take the potential, fit, leave a shard. Every executor calls this."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from potrun.archive.days import Archive
from potrun.archive.digest import ancillary_files, day_file
from potrun.archive.table import read_day
from potrun.core.errors import DataError, PotrunError
from potrun.core.machine import available_cores, keep_freed_memory
from potrun.core.provenance import Provenance
from potrun.core.records import (
    ArchiveDay,
    DayTable,
    FloatArray,
    Geometry,
    SourceFile,
    SpacecraftPotential,
    SweepBatch,
)
from potrun.core.settings import RunConfig
from potrun.geometry.compute import GeometryModel
from potrun.losscone.normalise import build_sweep_batch
from potrun.losscone.usc_error import u_sigma_of_usc
from potrun.plasma.estimate import make_potential_model
from potrun.results.day import DayResult, assemble
from potrun.results.shard import open_shard, write_shard
from potrun.search import make_fitter

log = logging.getLogger(__name__)

OnProgress = Callable[[str, int, int, FloatArray], None]
"""Called with the stage, its sweeps done and in all, and the chi2 of the sweeps just fitted."""


MACHINE_TROUBLE = (MemoryError, OSError, RuntimeError)
"""What another attempt may not meet: memory, disk, and what torch and SPICE raise when either is short."""


@dataclass(frozen=True)
class DayTask:
    """A day and the shard that its result goes to."""

    day: ArchiveDay
    shard: Path


@dataclass(frozen=True)
class DayReport:
    """How a day went: what its shard was made from, or in `failure` the one line that says why it has none.

    `chi2` holds the chi2 of the sweeps fitted in this run, for those who watch it.
    """

    task: DayTask
    source: SourceFile | None = None
    seconds: dict[str, float] = field(default_factory=dict, compare=False)
    sweeps: int = 0
    chi2: FloatArray = field(default_factory=lambda: np.empty(0), compare=False, repr=False)
    defects: tuple[dict[str, Any], ...] = ()
    is_resumed: bool = False
    failure: str | None = None


@dataclass(frozen=True, eq=False)
class PreparedDay:
    """A day up to its fit, and the time that this took."""

    task: DayTask
    seconds: dict[str, float]
    table: DayTable
    geometry: Geometry
    potential: SpacecraftPotential
    batch: SweepBatch


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
        self._cfg = cfg
        self._archive = archive
        self.provenance = Provenance.of(cfg, archive.origin, ancillary_files(archive))
        self.geometry = GeometryModel.of(archive, cfg.archive)
        self._potential = make_potential_model(cfg.spacecraft_potential, cfg.device, cfg.fast)
        self._fitter = make_fitter(cfg.fitter, cfg.device, cfg.fast)

    def read(self, day: ArchiveDay) -> DayTable:
        """Read a day's table."""
        return read_day(day, self._archive.cache_dir, self._cfg.archive.strict)

    def process(self, table: DayTable) -> DayResult:
        """Turn one day's table into its result columns, in memory."""
        task = DayTask(ArchiveDay(table.date, Path(table.source.name), table.source.name), Path())
        return self._fitted(self._located(task, table, {}), None)

    def prepare(self, task: DayTask) -> PreparedDay | DayReport:
        """Do what comes before a day's fit; may run ahead in a thread while another day is fitted.

        Returns
        -------
        PreparedDay or DayReport
            A report where nothing is left to do: the day has its shard already, or cannot be processed.
        """
        seconds: dict[str, float] = {}
        try:
            with _lap(seconds, "resume"):
                resumed = self._resume(task)
            if resumed is not None:
                return resumed
            with _lap(seconds, "read"):
                table = self.read(task.day)
            return self._located(task, table, seconds)
        except DataError as error:
            return DayReport(task, seconds=seconds, failure=str(error))

    def finish(self, ready: PreparedDay | DayReport, on_progress: OnProgress | None = None) -> DayReport:
        """Fit a prepared day and leave its shard.

        Raises
        ------
        OutputError
            If the shard cannot be written: every day would meet the same wall.
        """
        if isinstance(ready, DayReport):
            return ready
        try:
            result = self._fitted(ready, on_progress)
        except DataError as error:
            return DayReport(ready.task, seconds=ready.seconds, failure=str(error))
        source = ready.table.source
        with _lap(ready.seconds, "write"):
            write_shard(ready.task.shard, result, self.provenance.of_shard(source))
        chi2 = result.columns["spec_fit_chi2"]
        return DayReport(
            task=ready.task,
            source=source,
            seconds=ready.seconds,
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
        return self.attempt(task, lambda: self.finish(self.prepare(task), on_progress))

    def attempt(self, task: DayTask, call: Callable[[], DayReport]) -> DayReport:
        """Call until it ends without trouble of the machine, at most as often as the settings allow."""
        attempts = self._cfg.executor.attempts
        for number in range(1, attempts + 1):
            try:
                return call()
            except PotrunError:
                raise
            except MACHINE_TROUBLE as error:
                log.warning("%s failed, attempt %d of %d", task.day.name, number, attempts, exc_info=True)
                failure = f"{task.day.name}: failed {number} times, at last with {type(error).__name__}: {error}"
        return DayReport(task, failure=failure)

    def _located(self, task: DayTask, table: DayTable, seconds: dict[str, float]) -> PreparedDay:
        with _lap(seconds, "geometry"):
            geometry = self.geometry.compute(table)
        with _lap(seconds, "potential"):
            potential = self._potential.estimate(table, geometry)
        with _lap(seconds, "normalise"):
            batch = build_sweep_batch(table, geometry, potential, self._cfg.fitter)
        return PreparedDay(task, seconds, table, geometry, potential, batch)

    def _fitted(self, ready: PreparedDay, on_progress: OnProgress | None) -> DayResult:
        batch = ready.batch

        def tell(done: int, chi2: FloatArray) -> None:
            assert on_progress is not None
            on_progress("fit", done, batch.n_sweeps, chi2)

        with _lap(ready.seconds, "fit"):
            fit = self._fitter.fit(batch, tell if on_progress else None)
        with _lap(ready.seconds, "assemble"):
            notes = {"defects": [asdict(defect) for defect in (*ready.table.defects, *ready.geometry.defects)]}
            sigma = u_sigma_of_usc(batch, fit, ready.potential.sigma_volts)
            return assemble(ready.table, ready.geometry, ready.potential, fit, sigma, notes)

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
        if shard.identity != self.provenance.of_shard(source):
            return None
        return DayReport(
            task, source, sweeps=shard.lengths["sweeps"], defects=tuple(shard.notes["defects"]), is_resumed=True
        )


_workers: dict[str, DayWorker] = {}
_one_at_a_time = threading.Lock()


def work(cfg: RunConfig, archive: Archive, provenance: Provenance, task: DayTask) -> DayReport:
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
        return worker.work(task)


def for_workers(cfg: RunConfig, archive: Archive, workers: int) -> tuple[RunConfig, Archive]:
    """Return settings and archive as one of several processes needs them: its share of threads, no list of days."""
    threads = max(1, (cfg.device.threads or available_cores()) // workers)
    return replace(cfg, device=replace(cfg.device, threads=threads)), replace(archive, days=(), ignored=())


@contextmanager
def _lap(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Add up the time of a stage; monotonic, so that a clock set back changes nothing."""
    started = time.monotonic()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.monotonic() - started
