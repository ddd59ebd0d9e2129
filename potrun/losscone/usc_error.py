"""What an error of the spacecraft potential does to the surface potential."""

import numpy as np

from potrun.core.records import FitResult, FloatArray, SweepBatch
from potrun.losscone.model import loss_cone_sine_squared


def u_per_usc(batch: SweepBatch, fit: FitResult) -> FloatArray:
    """Differentiate the fitted U by the spacecraft potential, to first order.

    The data fix the cone's edge x = r (1 + U / (E - Usc)) in every row. If Usc is off, (U, r) shift so that the edges
    move least: with e = E - Usc, the shifts (dU, dr) minimise the sum over rows of
    (r / e dU + (1 + U / e) dr + r U / e^2 dUsc)^2. Rows whose edge is clipped, or that have no reflected cell in use,
    carry no edge. The normal equations of these two unknowns are solved for each sweep.

    Parameters
    ----------
    batch : SweepBatch
        The sweeps as fitted.
    fit : FitResult
        Their best parameters.

    Returns
    -------
    (S,) float64, V per V
        NaN without a fit, or where fewer than two rows have an edge.
    """
    u, ratio = fit.u_surface_v, fit.b_spacecraft_over_b_surface
    with np.errstate(invalid="ignore", divide="ignore"):
        free_energy = batch.energy_ev - batch.usc_v
        edge = loss_cone_sine_squared(batch.energy_ev, batch.usc_v, u, ratio)
        has_edge = (edge > 0.0) & (edge < 1.0) & (batch.mask & (batch.pitch_deg > 90.0)).any(axis=-1)
        by_u = np.where(has_edge, ratio[:, None] / free_energy, 0.0)
        by_ratio = np.where(has_edge, 1.0 + u[:, None] / free_energy, 0.0)
        by_usc = np.where(has_edge, ratio[:, None] * u[:, None] / free_energy**2, 0.0)
        uu, ur, rr = ((a * b).sum(axis=1) for a, b in ((by_u, by_u), (by_u, by_ratio), (by_ratio, by_ratio)))
        u0, r0 = (by_u * by_usc).sum(axis=1), (by_ratio * by_usc).sum(axis=1)
        determinant = uu * rr - ur * ur
        is_solvable = (has_edge.sum(axis=1) >= 2) & (determinant > 1e-12 * uu * rr)
        return np.where(is_solvable, (ur * r0 - rr * u0) / determinant, np.nan)


def u_sigma_of_usc(batch: SweepBatch, fit: FitResult, sigma_usc_v: FloatArray) -> FloatArray:
    """Propagate the standard error of the spacecraft potential to U.

    Parameters
    ----------
    batch : SweepBatch
    fit : FitResult
    sigma_usc_v : (S,) float64, V
        Standard error of the spacecraft potential; NaN where it is not known, as for a constant one.

    Returns
    -------
    (S,) float64, V
        NaN where either is.
    """
    return np.asarray(np.abs(u_per_usc(batch, fit)) * sigma_usc_v)
