"""Which instrument do the counts prefer: channel width, scatter and background."""

from collections.abc import Sequence

import numpy as np

from potrun.core.errors import NoDataError, UsageError
from potrun.core.records import Archive, ArchiveDay
from potrun.core.settings import RunConfig
from potrun.core.table import Cell, Table
from potrun.losscone.counted import LikelihoodBatch
from potrun.studies.base import StudyCase, StudyReport
from potrun.studies.throughput import fitted_sweeps

FEWEST = 8
"""Sweeps that an answer needs."""

COLUMNS = ("what", "setting", "preferred", "68 %, low", "68 %, high", "95 %, low", "95 %, high")


class ResponseOfTheInstrument:
    """Finds the channels' width, the scatter beside counting and the background that make the counts likeliest."""

    def check(self, cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> None:  # noqa: ARG002
        """Refuse fits that do not count electrons.

        Raises
        ------
        UsageError
            If the run does not fit by likelihood.
        """
        if cfg.fitter.method != "likelihood":
            raise UsageError(
                f"studies=[response] needs counts, found fitter={cfg.fitter.method}, which compares fluxes: "
                "use fitter=likelihood"
            )
        if cfg.fitter.likelihood.energy_width == 0.0:
            raise UsageError("fitter.likelihood.energy_width=0 leaves no channel to widen: give a width to start from")

    def report(self, case: StudyCase) -> StudyReport:
        """Ask the first `study.response_sweeps` sweeps of the run.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport

        Raises
        ------
        NoDataError
            If there are too few sweeps.
        """
        from potrun.search.likelihood.preferred import NAMES, PLACES, preferred

        batch = fitted_sweeps(case, case.cfg.study.response_sweeps)
        assert isinstance(batch, LikelihoodBatch)
        if batch.n_sweeps < FEWEST:
            raise NoDataError(
                f"{batch.n_sweeps} sweeps can be fitted, {FEWEST} are needed to tell the instrument: take more days"
            )
        fitter = case.cfg.fitter
        found = preferred(batch, fitter)
        start = (fitter.likelihood.energy_width, fitter.likelihood.scatter, fitter.background)
        ends = [found.value * np.exp(place * found.sigma_log) for place in (-1.0, 1.0, -1.96, 1.96)]
        rows: list[list[Cell]] = [
            [name, start[k], float(found.value[k]), *(float(end[k]) for end in ends)] for k, name in enumerate(NAMES)
        ]
        profile: list[list[Cell]] = [
            [name, place, float(found.value[k] * np.exp(place * found.sigma_log[k])), float(found.profile[k, n])]
            for k, name in enumerate(NAMES)
            for n, place in enumerate(PLACES)
        ]
        metrics = {f"response/{name}": float(found.value[k]) for k, name in enumerate(NAMES)}
        metrics |= {f"response/{name}_sigma_log": float(found.sigma_log[k]) for k, name in enumerate(NAMES)}
        metrics["response/gain_in_ln_l"] = found.gain
        title = (
            f"What {batch.n_sweeps} sweeps prefer the instrument to be; ln L is higher by {found.gain:.1f} than with "
            "the settings; intervals from how much the sweeps differ"
        )
        tables = {
            "response": Table(title, COLUMNS, rows),
            "profile": Table(
                "ln L below its highest, the other two at their best",
                ("what", "standard errors away", "value", "ln L below its highest"),
                profile,
            ),
        }
        remarks = [] if found.is_found else ["the search did not come to rest: take more sweeps, or start nearer by"]
        return StudyReport(metrics, tables, remarks=remarks)
