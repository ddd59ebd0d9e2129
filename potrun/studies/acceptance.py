"""Whether an archive agrees with what is published of the mission."""

from collections.abc import Sequence
from dataclasses import replace

from potrun.core.table import Table
from potrun.studies.base import NeedsTemperature, StudyCase, StudyReport
from potrun.studies.facts.electrons import check_electrons
from potrun.studies.facts.finding import COLUMNS, Evidence, Finding, Verdict
from potrun.studies.facts.fitted import check_fitted
from potrun.studies.facts.place import check_place
from potrun.studies.facts.published import PUBLISHED, Facts
from potrun.studies.facts.tables import check_tables


class AgreementWithWhatIsPublished(NeedsTemperature):
    """Checks tables, attitude, trajectories and electrons against published facts.

    Parameters
    ----------
    facts : Facts
        What the archive has to agree with.
    """

    def __init__(self, facts: Facts = PUBLISHED) -> None:
        self._facts = facts

    def report(self, case: StudyCase) -> StudyReport:
        """Make every check that the archive's days allow.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport
            With a failure if a check does not agree. Of a simulated archive only what a simulation can hold is judged.
        """
        evidence = Evidence.of(case, self._facts)
        found = [*check_tables(evidence), *check_place(evidence), *check_electrons(evidence), *check_fitted(evidence)]
        if case.archive.origin == "simulated":
            found = [_of_simulation(item) for item in found]
        counts = {verdict: sum(item.verdict is verdict for item in found) for verdict in Verdict}
        table = Table(
            f"What is published of the mission, in {case.archive.root} ({case.archive.origin})",
            COLUMNS,
            [item.row() for item in found],
        )
        return StudyReport(
            {f"acceptance/{verdict.name.lower()}": float(number) for verdict, number in counts.items()},
            {"acceptance": table},
            {name: figure for item in found for name, figure in item.figures.items()},
            [item.remark for item in found if item.remark],
            _failure(found),
        )


def _of_simulation(finding: Finding) -> Finding:
    """Excuse a simulated archive from the history of the mission."""
    is_excused = finding.is_history and finding.verdict is Verdict.DIFFERS
    return replace(finding, verdict=Verdict.SIMULATED) if is_excused else finding


def _failure(found: Sequence[Finding]) -> str:
    wrong = [item for item in found if item.verdict is Verdict.DIFFERS]
    if not wrong:
        return ""
    first = wrong[0]
    return (
        f"{len(wrong)} of {len(found)} checks differ from what is published; first: {first.fact}: {first.found}, "
        f"expected {first.expected}"
    )
