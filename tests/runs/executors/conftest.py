"""A small archive and what it takes to run an executor on it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from potrun.archive.days import scan_archive
from potrun.archive.digest import ancillary_files
from potrun.core.composition import settings_from
from potrun.core.provenance import Provenance
from potrun.core.records import Archive
from potrun.core.settings import RunConfig
from potrun.runs.tasks import DayReport, DayTask
from potrun.simulate.archive import simulate_archive

CHEAP = [
    "fast=false",
    "spacecraft_potential=constant",
    "fitter.differential_evolution.samples=20",
    "fitter.differential_evolution.population=8",
    "fitter.differential_evolution.generations=2",
]


@dataclass
class Case:
    """The arguments of an executor, and what it reported."""

    cfg: RunConfig
    archive: Archive
    tasks: list[DayTask]
    reports: list[DayReport] = field(default_factory=list)

    def run(self, executor_class: Callable) -> list[DayReport]:
        """Run an executor; returns its reports by date."""
        executor = executor_class(
            self.cfg, self.archive, Provenance.of(self.cfg, self.archive.origin, ancillary_files(self.archive))
        )
        executor.run(self.tasks, self.reports.append, lambda *_: None)
        return sorted(self.reports, key=lambda report: report.task.day.date)

    def shards(self) -> list[bytes]:
        """Bytes of all shards by date; nothing else lies beside them."""
        folder = self.tasks[0].shard.parent
        assert all(path.suffix == ".npz" and not path.name.startswith(".") for path in folder.iterdir())
        return [path.read_bytes() for path in sorted(folder.iterdir())]

    def replace_day(self, number: int, change: Callable) -> None:
        """Put something else in a day's place."""
        task = self.tasks[number]
        self.tasks[number] = replace(task, day=change(task.day))


@pytest.fixture(scope="session")
def small_root(tmp_path_factory) -> Path:
    """Four days of four sweeps."""
    days = [dt.date(1998, 4, day) for day in (15, 16, 17, 18)]
    return simulate_archive(tmp_path_factory.mktemp("archive") / "small", days, sweeps=4, seed=3)


@pytest.fixture
def make_case(small_root, tmp_path):
    """Build the arguments of an executor, each case with its own folder of shards."""
    made = []

    def make(*overrides: str) -> Case:
        made.append(None)
        cfg = settings_from(["archive=pds", f"archive.root={small_root}", *CHEAP, *overrides])
        archive = scan_archive(small_root)
        folder = tmp_path / f"shards{len(made)}"
        return Case(cfg, archive, [DayTask(day, folder / f"{day.date:%Y%m%d}.npz") for day in archive.days])

    return make
