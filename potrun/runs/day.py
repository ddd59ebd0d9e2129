"""The stages of one day, from its table to its result columns; every way to run potrun goes through them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from potrun.archive.table import read_day
from potrun.core.records import (
    Archive,
    ArchiveDay,
    DayTable,
    FloatArray,
    Geometry,
    SpacecraftPotential,
    SweepBatch,
)
from potrun.core.settings import RunConfig
from potrun.geometry.compute import GeometryModel
from potrun.losscone.counted import LikelihoodBatch
from potrun.losscone.normalise import build_sweep_batch
from potrun.losscone.usc_error import u_sigma_of_usc
from potrun.plasma.estimate import make_potential_model
from potrun.results.day import DayResult, assemble
from potrun.search import make_fitter

OnFitted = Callable[[int, FloatArray], None]
"""Called with the sweeps done and the chi2 of those just fitted."""


class Stopwatch:
    """Adds up the seconds of named stages; monotonic, so that a clock set back changes nothing."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Time a stage."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


@dataclass(frozen=True, eq=False)
class PreparedDay:
    """A day up to its fit, and the time that this took."""

    table: DayTable
    geometry: Geometry
    potential: SpacecraftPotential
    batch: SweepBatch
    watch: Stopwatch = field(default_factory=Stopwatch)


class DayStages:
    """The stages with their settings and tables of the whole run, made once in each process.

    Parameters
    ----------
    cfg : RunConfig
        The run's settings; each stage gets its own group.
    archive : Archive
        Where its inputs lie.

    Raises
    ------
    DataError
        If a kernel, the attitude or the table of inclinations cannot be read.
    """

    def __init__(self, cfg: RunConfig, archive: Archive) -> None:
        self._is_strict = cfg.archive.strict
        self._fitter_settings = cfg.fitter
        self._region = cfg.region
        self._quality = cfg.quality_limits
        self._cache_dir = archive.cache_dir
        self._geometry = GeometryModel.of(archive, cfg.archive)
        self._potential = make_potential_model(cfg.spacecraft_potential, cfg.device, cfg.fast)
        self._fitter = make_fitter(cfg.fitter, cfg.device, cfg.fast)

    @property
    def kernel_paths(self) -> tuple[Path, ...]:
        """The SPICE kernels in use."""
        return self._geometry.kernel_paths

    @property
    def pace(self) -> str:
        """How many sweeps are searched together, on how many threads."""
        size = getattr(self._fitter, "batch_size", None)
        threads = getattr(getattr(self._fitter, "device", None), "threads", 1)
        return f"chunks of {size} sweeps on {threads} threads" if size else "one sweep after another"

    def read(self, day: ArchiveDay) -> DayTable:
        """Read a day's table."""
        return read_day(day, self._cache_dir, self._is_strict)

    def prepare(self, table: DayTable, watch: Stopwatch) -> PreparedDay:
        """Do what comes between reading and the fit; may run in a thread while another day is fitted."""
        with watch.lap("geometry"):
            geometry = self._geometry.compute(table)
        with watch.lap("potential"):
            potential = self._potential.estimate(table, geometry)
        with watch.lap("normalise"):
            batch = build_sweep_batch(table, geometry, potential, self._fitter_settings)
        return PreparedDay(table, geometry, potential, batch, watch)

    def fit(self, day: PreparedDay, on_fitted: OnFitted | None = None) -> DayResult:
        """Fit a prepared day and gather its result columns."""
        with day.watch.lap("fit"):
            fit = self._fitter.fit(day.batch, on_fitted)
        with day.watch.lap("assemble"):
            notes: dict[str, Any] = {
                "defects": [asdict(defect) for defect in (*day.table.defects, *day.geometry.defects)]
            }
            if isinstance(day.batch, LikelihoodBatch):
                notes["left_out_cells"] = day.batch.exclusions()
            if fit.likelihood is not None:
                sigma = fit.likelihood.sigma_usc_v
            else:
                sigma = u_sigma_of_usc(day.batch, fit, day.potential.sigma_volts)
            return assemble(
                day.table, day.geometry, day.potential, fit, sigma, notes,
                batch=day.batch, region=self._region, quality=self._quality,
            )  # fmt: skip

    def process(self, table: DayTable, on_fitted: OnFitted | None = None) -> DayResult:
        """Turn one day's table into its result columns, in memory."""
        return self.fit(self.prepare(table, Stopwatch()), on_fitted)
