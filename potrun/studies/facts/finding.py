"""What a check found, and what it is given."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from potrun.archive.table import read_day
from potrun.core.errors import DataError
from potrun.core.records import DayTable
from potrun.core.table import Cell
from potrun.geometry.compute import GeometryModel
from potrun.studies.base import StudyCase
from potrun.studies.facts.published import Facts

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Verdict(StrEnum):
    """What a check came to; only DIFFERS fails an archive."""

    AGREES = "agrees"
    DIFFERS = "DIFFERS"
    ABSENT = "not there"
    UNDECIDED = "undecided"
    SIMULATED = "not simulated"


@dataclass(frozen=True)
class Finding:
    """One line of the table; `is_history` marks what only the archive that flew can agree with."""

    fact: str
    found: str
    expected: str
    tolerance: str
    verdict: Verdict
    source: str
    is_history: bool = True
    remark: str = ""
    figures: "dict[str, Figure]" = field(default_factory=dict)

    def row(self) -> list[Cell]:
        """Return the cells of its line."""
        return [
            self.fact, self.found, self.expected, self.tolerance, str(self.verdict),
            ", ".join(f"{name}.png" for name in self.figures), self.source,
        ]  # fmt: skip


COLUMNS = ("fact", "found", "expected", "tolerance", "verdict", "picture", "source")


@dataclass(frozen=True, eq=False)
class Evidence:
    """An archive, opened: the finished run on it, its geometry, and its tables by date."""

    case: StudyCase
    model: GeometryModel
    facts: Facts
    table: Callable[[dt.date], DayTable | None]
    """Table of a day, None where the archive has none.

    Raises DataError where it cannot be read.
    """

    @classmethod
    def of(cls, case: StudyCase, facts: Facts) -> "Evidence":
        """Open the archive of a finished run."""

        @lru_cache(maxsize=3)
        def table(date: dt.date) -> DayTable | None:
            for day in case.archive.days:
                if day.date == date:
                    return read_day(day, case.archive.cache_dir)
            return None

        return cls(case, GeometryModel.of(case.archive, case.cfg.archive), facts, table)


def judged(is_right: bool) -> Verdict:
    """Return the verdict of a comparison that could be made."""
    return Verdict.AGREES if is_right else Verdict.DIFFERS


def without_table(fact: str, date: dt.date, expected: str, source: str) -> Finding:
    """Name a day that the archive does not have."""
    return Finding(fact, f"no table of {date}", expected, "", Verdict.ABSENT, source)


def unreadable(fact: str, error: DataError, expected: str, source: str) -> Finding:
    """Name a table that cannot be read."""
    return Finding(fact, str(error), expected, "", Verdict.DIFFERS, source)
