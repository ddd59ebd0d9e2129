"""What all solvers share: their interface to the pipeline, and how best parameters become a result."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from potrun.core.records import (
    AtBound,
    BoolArray,
    CodeArray,
    FitResult,
    FitStatus,
    FloatArray,
    Intervals,
    SweepBatch,
)
from potrun.core.settings import FitterConfig
from potrun.losscone.objectives import evaluate

OnProgress = Callable[[int, FloatArray], None]
"""Called with the number of sweeps finished so far and the chi2 of those just finished."""


class Fitter(Protocol):
    """Finds the parameters that minimise the objective of each sweep."""

    def fit(self, batch: SweepBatch, on_progress: OnProgress | None = None) -> FitResult:
        """Fit every sweep of a batch; a sweep's result depends on that sweep alone."""
        ...


def beam_bounds(settings: FitterConfig) -> tuple[float, float]:
    """Lowest and highest beam amplitude that a search may try; equal where the amplitude is fixed."""
    if settings.beam_amplitude_fixed is not None:
        return settings.beam_amplitude_fixed, settings.beam_amplitude_fixed
    return 0.0, settings.beam_amplitude_max


def public_chi2(batch: SweepBatch, parameters: FloatArray, settings: FitterConfig) -> FloatArray:
    """Objective of each sweep at its own parameters, in float64 on the CPU.

    Parameters
    ----------
    batch : SweepBatch
    parameters : (S, P) float64
        U (V), r and A of each sweep.
    settings : FitterConfig

    Returns
    -------
    (S,) float64
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            evaluate(
                batch.energy_ev,
                batch.usc_v,
                batch.pitch_deg,
                batch.flux,
                batch.mask,
                parameters[:, 0],
                parameters[:, 1],
                parameters[:, 2],
                settings,
            )
        )


def make_result(
    batch: SweepBatch,
    parameters: FloatArray,
    settings: FitterConfig,
    *,
    chi2: FloatArray,
    gap: FloatArray | None = None,
    is_certified: BoolArray | None = None,
    bound_flags: CodeArray | None = None,
    intervals: Intervals | None = None,
) -> FitResult:
    """Turn best parameters into a result: statuses, bounds, and what is withheld.

    A lillis fit whose reduced chi2 exceeds `settings.chi2_max` keeps its chi2 and loses its parameters.

    Parameters
    ----------
    batch : SweepBatch
    parameters : (S, P) float64
        U (V), r and A; ignored where the batch's status is not OK.
    settings : FitterConfig
    chi2 : (S,) float64
        The public objective at `parameters`.
    gap : (S,) float64 or None
        Proven relative distance to the global minimum; None if the solver proves nothing.
    is_certified : (S,) bool or None
    bound_flags : (S,) int8 or None
        AtBound bits of bounds up to which the objective stays as low as at the best parameters.
    intervals : Intervals or None

    Returns
    -------
    FitResult
    """
    fitted = batch.status == FitStatus.OK
    status = batch.status.copy()
    if settings.method == "lillis":
        status[fitted & (chi2 > settings.chi2_max)] = FitStatus.CHI2_ABOVE_LIMIT
    reported = np.where((status == FitStatus.OK)[:, None], parameters, np.nan)
    unproven = np.full(batch.n_sweeps, np.nan)
    at_bound = _at_bound(reported, settings)
    if bound_flags is not None:
        at_bound = at_bound | np.where(status == FitStatus.OK, bound_flags, 0)
    return FitResult(
        u_surface_v=reported[:, 0],
        b_spacecraft_over_b_surface=reported[:, 1],
        beam_amplitude=reported[:, 2],
        chi2=np.where(fitted, chi2, np.nan),
        is_certified=fitted & (is_certified if is_certified is not None else False),
        gap=np.where(fitted, gap if gap is not None else unproven, np.nan),
        status=status,
        n_valid_cells=batch.mask.sum(axis=(1, 2)),
        at_bound=at_bound.astype(np.int8),
        intervals=intervals,
    )


def _at_bound(parameters: FloatArray, settings: FitterConfig) -> CodeArray:
    """Bit mask of the parameters within a thousandth of their range from a bound; NaN is on none; (S,) int8."""
    out = np.zeros(len(parameters), np.int8)
    _, amplitude_max = beam_bounds(settings)
    limits = [
        (0, settings.u_min_v, settings.u_max_v, AtBound.U_LOWER),
        (0, settings.u_max_v, settings.u_min_v, AtBound.U_UPPER),
        (1, settings.ratio_min, settings.ratio_max, AtBound.RATIO_LOWER),
        (1, settings.ratio_max, settings.ratio_min, AtBound.RATIO_UPPER),
    ]
    if settings.beam_amplitude_fixed is None and amplitude_max > 0.0:
        limits.append((2, amplitude_max, 0.0, AtBound.BEAM_UPPER))
    for column, bound, other, bit in limits:
        near = np.abs(parameters[:, column] - bound) <= 1e-3 * abs(bound - other)
        out |= np.where(near, int(bit), 0).astype(np.int8)
    return out
