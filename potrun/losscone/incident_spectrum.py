"""Where in its wide channel a cell counts its electrons: slope and curvature of the incident spectrum."""

import numpy as np

from potrun.core.records import FloatArray

SLOPE_LIMITS = (-3.0, 12.0)
"""Believable slopes -dlnF/dlnE of an electron spectrum."""

CURVATURE_LIMITS = (-6.0, 2.0)
"""Believable curvatures d^2lnF/d(lnE)^2."""

_LEVEL_ERROR = 0.01
"""Relative error of a row's level beside counting."""

_ROUGHNESS = 0.05
"""Third differences of ln F that spectra have from row to row (a kappa distribution has some 0.02)."""


def spectral_shape(
    energy_ev: FloatArray, counts: FloatArray, sensitivity: FloatArray, dark: FloatArray, channel_sigma: float
) -> tuple[FloatArray, FloatArray]:
    """Estimate slope and curvature of the incident spectrum, as they are before the channels average over them.

    The levels of the rows are smoothed in energy by a penalty on third differences (Whittaker 1923,
    doi:10.1017/S0013091500077853), weighted by what counting leaves of each. Where ln F is a parabola in ln E, a
    log-normal channel of width s sees one of slope g / (1 - c s^2) and curvature c / (1 - c s^2); that is undone.

    Parameters
    ----------
    energy_ev : (S, E) float64, eV
        Centres of the channels, rising or falling along a sweep; NaN in rows that are missing.
    counts, sensitivity, dark : (S, E) float64
        Of the incident cells of each row together: counts, counts per unit of flux, counts without electrons.
    channel_sigma : float
        s, in ln E.

    Returns
    -------
    slope, curvature : (S, E) float64
        g = -dlnF/dlnE and c = d^2lnF/d(lnE)^2 at the channel's centre; 2 and 0 in sweeps with fewer than three rows
        that tell.
    """
    rows = energy_ev.shape[1]
    signal = counts - dark
    tells = np.isfinite(energy_ev) & (sensitivity > 0.0) & (signal > 2.0 * np.sqrt(np.maximum(counts, 1.0)))
    level = np.log(np.where(tells, signal, 1.0) / np.where(tells, sensitivity, 1.0))
    variance = counts / np.where(tells, signal, 1.0) ** 2 + _LEVEL_ERROR**2
    weight = np.where(tells, 1.0 / np.where(tells, variance, 1.0), 0.0)
    third = np.diff(np.eye(rows), n=3, axis=0)
    matrix = third.T @ third / _ROUGHNESS**2 + np.einsum("se,ef->sef", weight, np.eye(rows))
    known = tells.sum(axis=1) >= 3
    matrix[~known] = np.eye(rows)
    smooth = np.linalg.solve(matrix, (weight * level)[..., None])[..., 0]
    # The grids of the instrument are even in ln E; a row without an energy changes no step.
    step = np.nanmedian(np.diff(np.log(energy_ev), axis=1), axis=1, keepdims=True)
    bend = np.pad(np.diff(smooth, n=2, axis=1), ((0, 0), (1, 1)), mode="edge") / step**2
    keep = 1.0 / np.maximum(1.0 + bend * channel_sigma**2, 0.5)
    slope = np.where(known[:, None], -np.gradient(smooth, axis=1) / step * keep, 2.0)
    curvature = np.where(known[:, None], bend * keep, 0.0)
    return np.clip(slope, *SLOPE_LIMITS), np.clip(curvature, *CURVATURE_LIMITS)
