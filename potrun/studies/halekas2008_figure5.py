"""Compare one sweep with its published fit: Halekas et al. 2008, Figure 5."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from potrun.core.errors import NoDataError
from potrun.core.records import Archive, ArchiveDay
from potrun.core.settings import RunConfig
from potrun.core.table import Table
from potrun.studies.base import StudyCase, StudyReport
from potrun.studies.choose import nearest_sweep, seconds_from
from potrun.studies.one_sweep import see_sweep

SWEEP_SPACING_S = 80.0


@dataclass(frozen=True)
class PublishedSweep:
    """A sweep whose fit was published."""

    start_utc: str
    usc_v: float
    u_surface_v: float
    b_spacecraft_over_b_surface: float


FIGURE_5 = PublishedSweep("1999-04-29T14:45:00", 11.0, -160.0, 0.975)
"""Figure 5 of Halekas et al. 2008, doi:10.1029/2008JA013194."""


class SweepOfFigure5:
    """Draws the published sweep's data beside its model and sets the published numbers against those found."""

    def check(self, cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> None:  # noqa: ARG002
        """Refuse a run without the day of the figure.

        Raises
        ------
        NoDataError
            If the day is not among those asked for.
        """
        date = FIGURE_5.start_utc[:10]
        if date not in {day.date.isoformat() for day in days}:
            raise NoDataError(f"the sweep of the figure was measured on {date}: add year=1999 month=4 day=29")

    def report(self, case: StudyCase) -> StudyReport:
        """Look at the sweep nearest to the published time.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport
        """
        result = case.result
        sweep = nearest_sweep(result, FIGURE_5.start_utc)
        late = seconds_from(result, sweep, FIGURE_5.start_utc)
        published = {
            "usc_v": ("Usc (V)", FIGURE_5.usc_v, "spec_spacecraft_potential"),
            "u_v": ("U (V)", FIGURE_5.u_surface_v, "spec_u_surface"),
            "r": ("r", FIGURE_5.b_spacecraft_over_b_surface, "spec_bs_over_bm"),
        }
        rows: list[list[str | float]] = []
        metrics = {"halekas2008_figure5/seconds_from_published": late}
        for name, (title, value, column) in published.items():
            found = float(result[column][sweep])
            rows.append([title, value, found, found - value])
            metrics |= {f"halekas2008_figure5/{name}": found, f"halekas2008_figure5/{name}_difference": found - value}
        ends = [float(result[f"spec_u_{end}95"][sweep]) for end in ("lo", "hi")]
        interval = f"; 95 % interval of U: {ends[0]:.4g} to {ends[1]:.4g} V" if np.isfinite(ends).all() else ""
        table = Table(
            f"Halekas et al. 2008, Fig. 5 (doi:10.1029/2008JA013194), against sweep "
            f"{result['spec_sweep_id'][sweep]} of {result['spec_utc_start'][sweep]}{interval}",
            ("quantity", "published", "found", "difference"),
            rows,
        )
        point = (FIGURE_5.u_surface_v, FIGURE_5.b_spacecraft_over_b_surface)
        picture = see_sweep(case, sweep, point).figure
        return StudyReport(metrics, {"published": table}, {"sweep": picture}, _remarks(case, sweep, late))


def _remarks(case: StudyCase, sweep: int, late_s: float) -> list[str]:
    remarks = []
    if abs(late_s) > SWEEP_SPACING_S:
        remarks.append(f"the nearest sweep starts {late_s:+.0f} s from the published time: it is another one")
    if not case.result["spec_has_fit"][sweep]:
        remarks.append("that sweep has no fit")
    usc = float(case.result["spec_spacecraft_potential"][sweep])
    if not np.isclose(usc, FIGURE_5.usc_v):
        remarks.append(f"Usc is {usc:.4g} V, the published fit took {FIGURE_5.usc_v:+g} V")
    return remarks
