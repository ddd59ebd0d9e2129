"""Show how sharply one sweep's objective tells its potential."""

from collections.abc import Sequence

import numpy as np

from potrun.core.errors import UsageError
from potrun.core.records import Archive, ArchiveDay, FitStatus
from potrun.core.settings import RunConfig
from potrun.core.table import Table
from potrun.losscone.objectives import CLASSIC_METHODS
from potrun.studies.base import StudyCase, StudyReport
from potrun.studies.choose import choose_sweep
from potrun.studies.one_sweep import SeenSweep, see_sweep

STEPS = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Excesses of chi2 over its minimum, as a part of it."""


class IdentifiabilityOfOneSweep:
    """Draws one sweep's objective over (U, r) and tells over which potentials it stays near its minimum."""

    def check(self, cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> None:  # noqa: ARG002
        """Refuse a fit whose objective is not one of U and r alone.

        Raises
        ------
        UsageError
            If the run fits by likelihood.
        """
        if cfg.fitter.method not in CLASSIC_METHODS:
            raise UsageError(
                f"studies=[identifiability] maps the objective of {' or '.join(CLASSIC_METHODS)}, found "
                f"fitter={cfg.fitter.method}: choose one of them, or read spec_u_lo95 and spec_u_hi95"
            )

    def report(self, case: StudyCase) -> StudyReport:
        """Look at the sweep that `study.sweep` names.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport

        Raises
        ------
        UsageError
            If the result holds no such sweep.
        """
        sweep = choose_sweep(case.result, case.cfg.study.sweep)
        seen = see_sweep(case, sweep)
        name = f"sweep {case.result['spec_sweep_id'][sweep]}"
        if seen.surfaces is None:
            status = FitStatus(int(case.result["spec_fit_status"][sweep])).name.replace("_", " ").lower()
            return StudyReport(
                figures={"objective": seen.figure}, remarks=[f"{name} has no fit ({status}): choose another sweep"]
            )
        rows = [[step, *_reach(seen, step)] for step in STEPS]
        found = {name: float(case.result[column][sweep]) for name, column in FOUND.items()}
        metrics = {f"identifiability/{key}": value for key, value in found.items()}
        for step, _, _, width, _, _ in rows:
            metrics[f"identifiability/width_v_at_{step:g}"] = width
        table = Table(
            f"Where chi2 of {name} ({case.result['spec_utc_start'][sweep]}) stays near its minimum: "
            f"U = {found['u_v']:.4g} V, r = {found['r']:.3f}, chi2 = {found['chi2']:.4g}",
            ("chi2 above minimum", "lowest U (V)", "highest U (V)", "width (V)", "lowest r", "highest r"),
            rows,
        )
        return StudyReport(metrics, {"valley": table}, {"objective": seen.figure})


FOUND = {
    "u_v": "spec_u_surface",
    "r": "spec_bs_over_bm",
    "beam_amplitude": "spec_beam_amp",
    "chi2": "spec_fit_chi2",
    "certificate_gap": "spec_fit_gap",
    "u_lo95_v": "spec_u_lo95",
    "u_hi95_v": "spec_u_hi95",
}


def _reach(seen: SeenSweep, step: float) -> list[float]:
    """Return the span of U and r over which chi2 exceeds its minimum by no more than a part of it."""
    assert seen.surfaces is not None
    u: list[float] = [seen.best[0]]
    ratio: list[float] = [seen.best[1]]
    for surface in seen.surfaces:
        line, column = np.nonzero(surface.chi2 <= seen.chi2 * (1 + step))
        u += surface.u_surface_v[line].tolist()
        ratio += surface.ratio[column].tolist()
    return [min(u), max(u), max(u) - min(u), min(ratio), max(ratio)]
