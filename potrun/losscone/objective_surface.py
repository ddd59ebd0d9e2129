"""The objective of one sweep over its parameters' whole range, for a picture of what the search was up against."""

from dataclasses import dataclass

import numpy as np

from potrun.core.records import FloatArray, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.objectives import evaluate

BEAM_STEPS = (0.0, 0.3, 1.0, 3.0)
STEPS = (160, 90)
FINE_STEPS = 90
PIVOT_ABOVE_V = 10.0


@dataclass(frozen=True, eq=False)
class ObjectiveSurface:
    """The objective of one sweep over potential and field ratio.

    Parameters
    ----------
    u_surface_v : (A,) float64, V
        Surface potentials, rising.
    ratio : (B,) float64
        Ratios of the magnetic field at the spacecraft to that at the surface, rising.
    chi2 : (A, B) float64
        The objective, lowest over beam amplitudes.
    """

    u_surface_v: FloatArray
    ratio: FloatArray
    chi2: FloatArray


def objective_surface(
    sweep: SweepBatch,
    settings: FitterConfig,
    beam_amplitude: float,
    u_surface_v: FloatArray | None = None,
    ratio: FloatArray | None = None,
) -> ObjectiveSurface:
    """Evaluate the objective of one sweep over potentials and field ratios.

    At each place the best of a few beam amplitudes counts. The potentials taken if none are given are stepped evenly in
    ln(u_max + 10 V - U): finely near zero, coarsely far below it.

    Parameters
    ----------
    sweep : SweepBatch
        A batch of one sweep.
    settings : FitterConfig
        Objective and ranges.
    beam_amplitude : float
        The fitted amplitude, which is one of those tried; NaN counts as none.
    u_surface_v, ratio : (A,), (B,) float64, optional
        Where to evaluate; by default over all that the fit may take.

    Returns
    -------
    ObjectiveSurface
    """
    u = _whole_range(settings) if u_surface_v is None else u_surface_v
    r = np.linspace(settings.ratio_min, settings.ratio_max, STEPS[1]) if ratio is None else ratio
    chi2 = np.full((len(u), len(r)), np.inf)
    data = sweep.energy_ev, sweep.usc_v, sweep.pitch_deg, sweep.flux, sweep.mask
    for amplitude in _amplitudes(settings, beam_amplitude):
        for line, potential in enumerate(u):
            place = np.full(len(r), potential), r, np.full(len(r), amplitude)
            with np.errstate(invalid="ignore", divide="ignore"):
                chi2[line] = np.minimum(chi2[line], evaluate(*data, *place, settings))
    return ObjectiveSurface(u, r, chi2)


def near_minimum(
    whole: ObjectiveSurface, sweep: SweepBatch, settings: FitterConfig, best: tuple[float, float, float]
) -> ObjectiveSurface:
    """Evaluate the objective finely where it is less than twice its minimum.

    Parameters
    ----------
    whole : ObjectiveSurface
        The objective over the whole range, which tells where that is.
    sweep : SweepBatch
        A batch of one sweep.
    settings : FitterConfig
        Objective and ranges.
    best : tuple of float
        The reported U, r and beam amplitude; the first two are among the places evaluated.

    Returns
    -------
    ObjectiveSurface
    """
    u, ratio, beam = best
    is_low = whole.chi2 < 2 * whole.chi2.min()
    u_fine = _around(whole.u_surface_v, is_low.any(axis=1), u)
    return objective_surface(sweep, settings, beam, u_fine, _around(whole.ratio, is_low.any(axis=0), ratio))


def whole_and_near(
    sweep: SweepBatch, settings: FitterConfig, best: tuple[float, float, float]
) -> tuple[ObjectiveSurface, ObjectiveSurface]:
    """Evaluate the objective over its whole range, and finely around its minimum.

    Parameters
    ----------
    sweep : SweepBatch
        A batch of one sweep.
    settings : FitterConfig
        Objective and ranges.
    best : tuple of float
        The reported U, r and beam amplitude.

    Returns
    -------
    whole, near : ObjectiveSurface
    """
    whole = objective_surface(sweep, settings, best[2])
    return whole, near_minimum(whole, sweep, settings, best)


def _around(places: FloatArray, is_low: np.ndarray, best: float) -> FloatArray:
    """Step finely through the span of some places, one beyond on either side, and through the best."""
    low, high = np.flatnonzero(is_low)[[0, -1]]
    first, last = places[max(low - 1, 0)], places[min(high + 1, len(places) - 1)]
    return np.unique(np.append(np.linspace(min(first, best), max(last, best), FINE_STEPS), best))


def _whole_range(settings: FitterConfig) -> FloatArray:
    pivot = settings.u_max_v + PIVOT_ABOVE_V
    u = pivot - np.geomspace(pivot - settings.u_min_v, PIVOT_ABOVE_V, STEPS[0])
    u[[0, -1]] = settings.u_min_v, settings.u_max_v
    return u


def _amplitudes(settings: FitterConfig, fitted: float) -> list[float]:
    """Choose the beam amplitudes to try."""
    if settings.beam_amplitude_fixed is not None:
        return [settings.beam_amplitude_fixed]
    steps = {step for step in BEAM_STEPS if step <= settings.beam_amplitude_max}
    return sorted(steps | ({fitted} if np.isfinite(fitted) else set()))
