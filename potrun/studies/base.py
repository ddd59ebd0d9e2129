"""What a study is given, and what it gives back."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from potrun.archive.days import Archive
from potrun.core.records import ArchiveDay
from potrun.core.settings import RunConfig
from potrun.results.run_result import RunResult
from potrun.runs.sweeps import SweepLoader

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cell = str | int | float


@dataclass(frozen=True)
class StudyCase:
    """A finished run: its settings, its inputs, its result, and a way to see its sweeps again."""

    cfg: RunConfig
    archive: Archive
    days: tuple[ArchiveDay, ...]
    result: RunResult
    load_sweep: SweepLoader


@dataclass(frozen=True)
class Table:
    """A table that is printed and kept as CSV; a number that does not exist is NaN."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]

    def to_csv(self) -> str:
        """Return the table as CSV, numbers in full and empty where there is none."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([["" if _is_nan(cell) else cell for cell in row] for row in self.rows])
        return out.getvalue()

    def to_text(self) -> str:
        """Return the table as aligned text under its title, numbers with four figures."""
        lines = [list(self.columns), *([_shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.columns))]
        is_text = [all(isinstance(row[n], str) for row in self.rows) for n in range(len(self.columns))]
        padded = [
            "  ".join(
                cell.ljust(width) if left else cell.rjust(width)
                for cell, width, left in zip(line, widths, is_text, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, *padded])


@dataclass(frozen=True)
class StudyReport:
    """What a study found: numbers by metric name, tables and figures by file name, remarks for the log."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: "Mapping[str, Figure]" = field(default_factory=dict)
    remarks: Sequence[str] = ()


class Study(Protocol):
    """Asks one question of a result."""

    def check(self, cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> None:
        """Refuse, before any work is done, a run that cannot answer the question.

        Raises
        ------
        PotrunError
            Saying what is missing and what to do.
        """

    def report(self, case: StudyCase) -> StudyReport:
        """Answer the question."""
        ...


def _is_nan(cell: Cell) -> bool:
    return isinstance(cell, float) and math.isnan(cell)


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return "-" if math.isnan(cell) else f"{cell:.4g}"
    return str(cell)
