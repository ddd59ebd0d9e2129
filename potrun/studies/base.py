"""What a study is given, and what it gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from potrun.core.errors import UsageError
from potrun.core.records import Archive, ArchiveDay
from potrun.core.settings import RunConfig
from potrun.core.table import Table
from potrun.results.run_result import RunResult
from potrun.results.sweeps import SweepLoader

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class StudyCase:
    """A finished run: its settings, its inputs, its result, and a way to see its sweeps again."""

    cfg: RunConfig
    archive: Archive
    days: tuple[ArchiveDay, ...]
    result: RunResult
    load_sweep: SweepLoader


@dataclass(frozen=True)
class StudyReport:
    """What a study found: numbers by metric name, tables and figures by file name, remarks for the log.

    `failure` says in one line why the run does not pass; empty if it does.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: "Mapping[str, Figure]" = field(default_factory=dict)
    remarks: Sequence[str] = ()
    failure: str = ""


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


class AcceptsAnyRun:
    """A study that can be made of any run."""

    def check(self, cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> None:
        """Accept any run."""


class NeedsTemperature:
    """A study that tells lobe and plasma sheet apart, which takes an electron temperature."""

    def check(self, cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> None:  # noqa: ARG002
        """Refuse settings that measure no electron temperature.

        Raises
        ------
        UsageError
            Naming the setting.
        """
        if cfg.spacecraft_potential.kind != "kappa":
            raise UsageError(
                f"spacecraft_potential={cfg.spacecraft_potential.kind} gives no electron temperature, by which lobe "
                "and plasma sheet are told apart: take spacecraft_potential=kappa"
            )
