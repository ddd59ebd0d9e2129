"""One sweep of a finished run: its data beside its model, and its objective."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from potrun.losscone.objective_surface import ObjectiveSurface, whole_and_near
from potrun.losscone.objectives import CLASSIC_METHODS
from potrun.studies.base import StudyCase

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class SeenSweep:
    """One sweep: reported U (V), r and beam amplitude, chi2, the objective and the picture.

    There is no map of the objective (None) without a fit and for the likelihood.
    """

    best: tuple[float, float, float]
    chi2: float
    surfaces: tuple[ObjectiveSurface, ObjectiveSurface] | None
    figure: "Figure"


def see_sweep(case: StudyCase, sweep: int, published: tuple[float, float] | None = None) -> SeenSweep:
    """Read a sweep again, evaluate its objective where it has a fit, and draw both.

    Parameters
    ----------
    case : StudyCase
        The finished run.
    sweep : int
        Place of the sweep in the result.
    published : tuple of float, optional
        A published U (V) and r of the sweep, to be marked.

    Returns
    -------
    SeenSweep

    Raises
    ------
    DataError
        If the archive no longer holds the sweep.
    """
    from potrun.plots.sweep import draw_sweep

    result = case.result
    u, ratio, beam = (float(result[name][sweep]) for name in ("spec_u_surface", "spec_bs_over_bm", "spec_beam_amp"))
    surfaces = None
    if result["spec_has_fit"][sweep] and case.cfg.fitter.method in CLASSIC_METHODS:
        surfaces = whole_and_near(case.load_sweep.batch(sweep), case.cfg.fitter, (u, ratio, beam))
    figure = draw_sweep(result, sweep, case.load_sweep(sweep), surfaces, published)
    return SeenSweep((u, ratio, beam), float(result["spec_fit_chi2"][sweep]), surfaces, figure)
