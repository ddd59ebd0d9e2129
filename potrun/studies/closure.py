"""Compare potentials found on a simulated archive, and their intervals, with what was put in."""

import re
from collections.abc import Sequence

import numpy as np

from potrun.core.records import Archive, ArchiveDay
from potrun.core.settings import RunConfig
from potrun.core.table import Table
from potrun.results.recovery import EDGES, Recovery, groups, measures
from potrun.studies.base import StudyCase, StudyReport
from potrun.studies.counts import archive_counts
from potrun.studies.plasma_recovery import plasma_recovery
from potrun.studies.truth import check_truth, load_truth

TITLES = {**{name: title for name, (title, _) in EDGES.items()}, "decade": "|U| (V) and light"}
SHOWN = {
    "sweeps": "sweeps",
    "fitted": "fitted",
    "bias_v": "bias (V)",
    "scatter_v": "scatter (V)",
    "bias_relative": "bias/|U|",
    "scatter_relative": "scatter/|U|",
    "off_by_2_fraction": "off by 2",
    "coverage68": "in 68 %",
    "coverage95": "in 95 %",
    "identifiable_fraction": "identifiable",
    "identifiable_bias_v": "id.: bias (V)",
    "identifiable_scatter_v": "id.: scatter (V)",
    "identifiable_off_by_2_fraction": "id.: off by 2",
    "identifiable_coverage68": "id.: in 68 %",
    "identifiable_coverage95": "id.: in 95 %",
}
"""Columns of the table; those of identifiable sweeps alone stand last."""


class RecoveryOfTruth:
    """Compares found with true potentials, by size of U, r, temperature, counts, illumination and beam."""

    def check(self, cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> None:  # noqa: ARG002
        """Refuse an archive without truth.

        Raises
        ------
        NoDataError
            Naming what is missing.
        """
        check_truth(archive, days)

    def report(self, case: StudyCase) -> StudyReport:
        """Compare every connected sweep with its truth.

        Parameters
        ----------
        case : StudyCase
            A finished run on a simulated archive.

        Returns
        -------
        StudyReport
        """
        from potrun.plots.closure import draw_recovery, draw_trust

        truth = load_truth(case.archive, case.days, case.result)
        found = Recovery.of(case.result, np.where(truth["mixed"], np.nan, truth["U"]))
        sorted_sweeps = groups(case.result, truth | {"U": found.u_true_v}, archive_counts(case.archive, case.days))
        numbers = {
            (name, key): measures(found, chosen)
            for name, members in sorted_sweeps.items()
            for key, chosen in members.items()
        }
        table = Table(
            "Surface potential: found less true",
            ("by", "group", *SHOWN.values()),
            [
                [TITLES.get(name, name), key, *(values[word] for word in SHOWN)]
                for (name, key), values in numbers.items()
            ],
        )
        metrics = {
            f"closure/{_word(name)}/{_word(key)}/{measure}": value
            for (name, key), values in numbers.items()
            for measure, value in values.items()
        }
        tables = {"potential": table}
        figures = {
            "potential": draw_recovery(case.result, found),
            "trust": draw_trust(case.result, numbers, TITLES),
        }
        if case.cfg.spacecraft_potential.kind == "kappa":
            tables["plasma"], plasma_metrics = plasma_recovery(case.result, truth)
            metrics |= plasma_metrics
        return StudyReport(metrics, tables, figures, _remarks(found))


def _remarks(found: Recovery) -> list[str]:
    fitted = np.isfinite(found.error_v)
    remarks = []
    if not fitted.any():
        remarks.append("no sweep with a known truth was fitted: there is nothing to compare")
    elif not found.has_interval.any():
        remarks.append("the fit gave no intervals of U (fitter.intervals): coverage and identifiability are unknown")
    return remarks


def _word(text: str) -> str:
    return re.sub(r"[^\w.-]+", "_", text).strip("_")
