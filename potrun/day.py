"""One day's work: read, locate, take the potential, fit, leave a shard. Every executor calls this."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from potrun.archive.days import Archive
from potrun.archive.digest import source_file
from potrun.archive.table import read_day
from potrun.config import RunConfig
from potrun.errors import DataError
from potrun.fitters import make_fitter
from potrun.geometry.compute import GeometryModel
from potrun.identity import code_digest, result_settings
from potrun.losscone.normalise import build_sweep_batch
from potrun.plasma.estimate import make_potential_model
from potrun.records import ArchiveDay, DayTable, FitResult, FloatArray, Geometry, SourceFile, SpacecraftPotential
from potrun.results.day import DayResult, assemble
from potrun.results.shard import open_shard, write_shard

OnProgress = Callable[[str, int, int, FloatArray], None]
"""Called with the stage, its sweeps done and in all, and the chi2 of the sweeps just fitted."""


@dataclass(frozen=True)
class DayTask:
    """A day and the shard that its result goes to."""

    day: ArchiveDay
    shard: Path


@dataclass(frozen=True)
class DayReport:
    """How a day went; `failure` is the one line that says why it has no shard."""

    task: DayTask
    seconds: dict[str, float] = field(default_factory=dict)
    sweeps: int = 0
    chi2_median: float = float("nan")
    is_resumed: bool = False
    failure: str | None = None


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
        self.geometry = GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path)
        self._potential = make_potential_model(cfg.spacecraft_potential, cfg.device, cfg.fast)
        self._fitter = make_fitter(cfg.fitter, cfg.device, cfg.fast)
        self._ancillary = ancillary_files(archive)

    def read(self, day: ArchiveDay) -> DayTable:
        """Read a day's table."""
        return read_day(day, self._archive.cache_dir, self._cfg.archive.strict)

    def process(
        self, table: DayTable, on_progress: OnProgress | None = None, seconds: dict[str, float] | None = None
    ) -> DayResult:
        """Turn one day's table into its result columns.

        Parameters
        ----------
        table : DayTable
            The day as read.
        on_progress : callable, optional
            Told how far the fit is.
        seconds : dict, optional
            Filled with the time that each stage took.

        Returns
        -------
        DayResult
        """
        clock = _Clock({} if seconds is None else seconds)
        geometry = self.geometry.compute(table)
        clock.lap("geometry")
        potential = self._potential.estimate(table, geometry)
        clock.lap("potential")
        fit = self._fit(table, geometry, potential, on_progress)
        clock.lap("fit")
        notes = {"defects": [asdict(defect) for defect in (*table.defects, *geometry.defects)]}
        return assemble(table, geometry, potential, fit, notes=notes)

    def _fit(
        self,
        table: DayTable,
        geometry: Geometry,
        potential: SpacecraftPotential,
        on_progress: OnProgress | None,
    ) -> FitResult:
        batch = build_sweep_batch(table, geometry, potential, self._cfg.fitter)
        if on_progress is None:
            return self._fitter.fit(batch)
        tell = on_progress
        return self._fitter.fit(batch, lambda done, chi2: tell("fit", done, batch.n_sweeps, chi2))

    def resume(self, task: DayTask) -> DayReport | None:
        """Return the report of a shard that is there, whole, and of the same settings, inputs and code."""
        if not task.shard.exists():
            return None
        try:
            shard = open_shard(task.shard)
        except DataError:
            # A damaged shard is only lost time: its day is worked on again and the shard replaced.
            return None
        if shard.identity != self._identity(source_file(task.day.path, self._archive.root, self._archive.cache_dir)):
            return None
        return DayReport(task, sweeps=shard.lengths["sweeps"], is_resumed=True)

    def work(self, task: DayTask, table: DayTable | None = None, on_progress: OnProgress | None = None) -> DayReport:
        """Bring one day from its table to its shard.

        A day that cannot be read or processed costs that day: the report says why. An output that cannot be written
        ends the run, since every day would meet the same wall.

        Raises
        ------
        OutputError
            If the shard cannot be written.
        """
        seconds: dict[str, float] = {}
        clock = _Clock(seconds)
        try:
            resumed = self.resume(task)
            if resumed is not None:
                return resumed
            clock.lap("resume")
            table = table or self.read(task.day)
            clock.lap("read")
            result = self.process(table, on_progress, seconds)
        except DataError as error:
            return DayReport(task, seconds, failure=str(error))
        clock.restart()
        write_shard(task.shard, result, self._identity(table.source))
        clock.lap("write")
        return DayReport(task, seconds, result.n_sweeps, _median(result.columns["spec_fit_chi2"]))

    def _identity(self, source: SourceFile) -> str:
        return json.dumps(
            {
                "settings": result_settings(self._cfg),
                "code": code_digest(),
                "inputs": [asdict(item) for item in (source, *self._ancillary)],
            },
            sort_keys=True,
        )


_workers: dict[str, DayWorker] = {}


def work(cfg: RunConfig, archive: Archive, task: DayTask) -> DayReport:
    """Work on one day in a process of a pool or a cluster, which keeps its worker for the next day."""
    key = repr((cfg, archive))
    if key not in _workers:
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, user_api="blas")
        _workers.clear()
        _workers[key] = DayWorker(cfg, archive)
    return _workers[key].work(task)


def ancillary_files(archive: Archive) -> tuple[SourceFile, ...]:
    """Return the files beside the tables that a result depends on: inclinations, attitude and kernels."""
    paths = (archive.theta_path, archive.attitude_path, *archive.kernel_paths)
    return tuple(source_file(path, archive.root, archive.cache_dir) for path in paths)


def with_threads(cfg: RunConfig, workers: int) -> RunConfig:
    """Divide the threads of a run among its processes."""
    return replace(cfg, device=replace(cfg.device, threads=max(1, cfg.device.threads // workers)))


def _median(values: FloatArray) -> float:
    import numpy as np

    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


class _Clock:
    """Notes the time between laps; monotonic, so that a clock set back changes nothing."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    def restart(self) -> None:
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self._seconds[name] = self._seconds.get(name, 0.0) + now - self._last
        self._last = now
