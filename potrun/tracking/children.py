"""The table of a multirun: one line a job, its choices and the numbers that compare it with the others."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from potrun.core.atomic import write_text
from potrun.core.table import Cell, Table
from potrun.tracking.schema import JOB, read_checked

COMPARED = (
    "sweeps",
    "fitted",
    "fit_fraction",
    "chi2/",
    "potential_",
    "sweeps_per_second",
    "seconds/",
    "throughput/",
    "memory",
)
"""Beginnings of the metric names that go into the table."""


NO_DATA = "NO DATA"
"""Status of a job whose days the archive does not hold."""


@dataclass
class Job:
    """What is known of one job of a multirun; `choices` are the settings it was started with."""

    number: int
    choices: dict[str, str]
    run_dir: str
    status: str = "RUNNING"
    run_id: str | None = None
    npz: str | None = None
    error: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The choices in one line."""
        return ", ".join(f"{key}={value}" for key, value in self.choices.items()) or "defaults"

    def write(self, folder: Path) -> None:
        """Leave the record where the process that started the multirun finds it."""
        write_text(folder / f"{self.number}.json", json.dumps(asdict(self)))

    @classmethod
    def read_all(cls, folder: Path) -> list["Job"]:
        """Read the records of all jobs that began, in their order.

        Raises
        ------
        DataError
            If one is damaged.
        """
        jobs = [cls(**read_checked(path, JOB)) for path in folder.glob("*.json")]
        return sorted(jobs, key=lambda job: job.number)


def children_table(jobs: Sequence[Job]) -> Table:
    """Lay the jobs out, one a row: status, the choices that differ, compared metrics, the other choices, run id."""
    choices = _in_order(job.choices for job in jobs)
    metrics = [name for name in _in_order(job.metrics for job in jobs) if name.startswith(COMPARED)]
    swept = varying(jobs)
    fixed = [name for name in choices if name not in swept]
    columns = ["job", "status", *swept, *metrics, *fixed, "run_id", "npz", "error"]
    rows: list[list[Cell]] = [
        [
            job.number,
            job.status,
            *(job.choices.get(name) for name in swept),
            *(job.metrics.get(name) for name in metrics),
            *(job.choices.get(name) for name in fixed),
            job.run_id,
            job.npz,
            job.error,
        ]
        for job in jobs
    ]
    return Table("jobs", columns, rows)


OVERVIEW = {
    "sweeps": "sweeps",
    "fitted": "fitted",
    "identifiable": "identifiable",
    "median chi2": "chi2/median",
    "U in sun (V)": "potential_sun_v/median",
    "U in shadow (V)": "potential_shadow_v/median",
    "seconds": "seconds/total",
}
"""Columns of the overview, and the metrics that they show."""

SUMMED = ("sweeps", "fitted", "identifiable", "seconds/total")
MOST_JOBS = 24
"""More do not fit into a description of at most 5000 letters."""


def overview(jobs: Sequence[Job]) -> Table:
    """Lay out the first jobs for a person: how each ended, what sets it apart, the main numbers."""
    swept = varying(jobs)
    columns = ["job", "status", *(name.rpartition(".")[2] for name in swept), *OVERVIEW]
    rows: list[list[Cell]] = [
        [str(job.number), job.status, *(job.choices.get(name, "") for name in swept)]
        + [job.metrics.get(metric) for metric in OVERVIEW.values()]
        for job in jobs[:MOST_JOBS]
    ]
    more = f", the first {MOST_JOBS}" if len(jobs) > MOST_JOBS else ""
    return Table(f"{len(jobs)} jobs{more}", columns, rows)


def combined(jobs: Sequence[Job]) -> dict[str, float]:
    """Return what the jobs came to together: sums of what can be summed, lowest and highest median chi2."""
    numbers = {name: sum(job.metrics[name] for job in jobs if name in job.metrics) for name in SUMMED}
    chi2 = [job.metrics["chi2/median"] for job in jobs if math.isfinite(job.metrics.get("chi2/median", math.nan))]
    if chi2:
        numbers |= {"chi2/median_lowest": min(chi2), "chi2/median_highest": max(chi2)}
    if numbers["sweeps"]:
        numbers["fit_fraction"] = numbers["fitted"] / numbers["sweeps"]
    return numbers


def varying(jobs: Sequence[Job]) -> list[str]:
    """Return the names of the choices that are not the same in all jobs."""
    names = _in_order(job.choices for job in jobs)
    return [name for name in names if len({job.choices.get(name) for job in jobs}) > 1]


def to_table_json(table: Table) -> str:
    """Write the table as MLflow's UI reads it; a number that is not finite, which JSON cannot say, becomes text."""
    cells = [
        [str(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in row]
        for row in table.rows
    ]
    return json.dumps({"columns": list(table.columns), "data": cells}, allow_nan=False)


def _in_order(mappings: Iterable[Mapping[str, object]]) -> list[str]:
    """Return every key once, in the order of first appearance."""
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))
