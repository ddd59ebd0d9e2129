"""What the cells of the flown instrument collect: the flux averaged over their solid angle and over their channel.

The average is that of the product: spectrum, loss cone and beam are evaluated at every energy of a channel and every
direction of a cell, and only then summed.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.cells import CELL_HEIGHT_DEG, CELLS_ON_CIRCLE, N_CELLS, RESPONSE_SIGMA, THETA_DEG

FloatArray = NDArray[np.float64]

STEPS_IN_THETA, STEPS_IN_PHI = 14, 16
"""Directions into which a cell is divided; the steps are midpoints of equal intervals of angle."""

_Z = np.linspace(-3.5, 3.5, 43)
NODE_FACTOR = np.exp(RESPONSE_SIGMA * _Z)
NODE_WEIGHT = np.exp(-(_Z**2) / 2.0) / np.exp(-(_Z**2) / 2.0).sum()
"""Energies over a channel's centre, and the weights of its log-normal response of full width E/2."""


@dataclass(frozen=True, eq=False)
class Channels:
    """Electrons of each row at the K energies of its channel.

    Parameters
    ----------
    flux : (R, K) float64, cm-2 s-1 sr-1 eV-1
        Incident flux times the weight of the energy.
    cone_cosine : (R, K) float64
        Cosine of the loss-cone angle, 2 where there is no cone.
    background : (R, K) float64
        Flux inside the cone over the incident one.
    beam : (R, K) float64
        Height of the beam over the incident flux.
    """

    flux: FloatArray
    cone_cosine: FloatArray
    background: FloatArray
    beam: FloatArray


def collect(
    channels: Channels,
    axis: FloatArray,
    phi_deg: FloatArray,
    beam_angle_deg: FloatArray,
    anisotropy: float,
    size: float,
) -> FloatArray:
    """Average the flux over every cell.

    Parameters
    ----------
    channels : Channels
        Electrons of R rows.
    axis : (R, 3) float64
        Unit vector of the directions of motion at pitch angle 180 deg, in SCD; NaN where there is no loss cone.
    phi_deg : (R, 88) float64, deg
        Azimuths of the cells' centres.
    beam_angle_deg : (R,) float64, deg
        Width of the beam in pitch angle.
    anisotropy : float
        Flux along the field over that across it, less one.
    size : float
        Extent of the cells over their true one; 0 takes their centres.

    Returns
    -------
    (R, 88) float64, cm-2 s-1 sr-1 eV-1
    """
    beam = (channels.flux * channels.beam).sum(axis=1)
    return _average(channels, beam, axis, phi_deg, beam_angle_deg, anisotropy, size)


def spot(direction: FloatArray, phi_deg: FloatArray, sigma_deg: float) -> FloatArray:
    """Average a Gaussian spot of height 1 about a direction over every cell.

    Parameters
    ----------
    direction : (R, 3) float64
        Unit vector of the spot's centre, as a direction of motion in SCD.
    phi_deg : (R, 88) float64, deg
        Azimuths of the cells' centres.
    sigma_deg : float, deg
        Standard deviation of the spot.

    Returns
    -------
    (R, 88) float64
    """
    rows = len(direction)
    nothing, one = np.zeros((rows, 1)), np.ones((rows, 1))
    spot_alone = Channels(flux=nothing, cone_cosine=2.0 * one, background=nothing, beam=nothing)
    return _average(spot_alone, np.ones(rows), direction, phi_deg, np.full(rows, sigma_deg), 0.0, 1.0)


def _average(
    channels: Channels,
    beam: FloatArray,
    axis: FloatArray,
    phi_deg: FloatArray,
    beam_angle_deg: FloatArray,
    anisotropy: float,
    size: float,
) -> FloatArray:
    """Sum over the directions of every cell; `beam` (R,) is the flux at the beam's centre."""
    order = np.argsort(channels.cone_cosine, axis=1)
    lost = np.take_along_axis(channels.flux * (1.0 - channels.background), order, axis=1).cumsum(axis=1)
    limits = np.take_along_axis(channels.cone_cosine, order, axis=1)
    theta, phi, weight = directions(size)
    unit = np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta)], axis=2)
    total, width, out = channels.flux.sum(axis=1), np.radians(beam_angle_deg), np.empty((len(axis), N_CELLS))
    _kernel()(axis, np.radians(phi_deg), unit, weight, limits, lost, total, beam, width, anisotropy, out)
    return out


def directions(size: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Divide the cells into directions.

    Parameters
    ----------
    size : float
        Extent of the cells over their true one.

    Returns
    -------
    theta : (88, J) float64, rad
        Inclinations.
    phi : (88, J) float64, rad
        Azimuths from the cell's centre.
    weight : (88, J) float64
        Shares of the cell's solid angle.
    """
    down = ((np.arange(STEPS_IN_THETA) + 0.5) / STEPS_IN_THETA - 0.5) * CELL_HEIGHT_DEG * size
    aside = ((np.arange(STEPS_IN_PHI) + 0.5) / STEPS_IN_PHI - 0.5) * size
    theta = np.repeat(THETA_DEG[:, None] + down, STEPS_IN_PHI, axis=1)
    phi = np.tile(aside * (360.0 / CELLS_ON_CIRCLE)[:, None], (1, STEPS_IN_THETA))
    weight = np.cos(np.radians(theta))
    return np.radians(theta), np.radians(phi), weight / weight.sum(axis=1, keepdims=True)


@cache
def _kernel() -> Any:
    """Compile the sum over directions, once in a process."""
    from numba import njit

    return njit(nogil=True)(_sum_directions)


def _sum_directions(
    axis: FloatArray,
    phi: FloatArray,
    unit: FloatArray,
    weight: FloatArray,
    limits: FloatArray,
    lost: FloatArray,
    total: FloatArray,
    beam: FloatArray,
    width: FloatArray,
    anisotropy: float,
    out: FloatArray,
) -> None:
    for row in range(axis.shape[0]):
        if axis[row, 0] != axis[row, 0]:  # NaN: no loss cone, nothing depends on direction
            out[row] = total[row]
            continue
        lowest, reach = limits[row, 0], np.cos(min(8.0 * width[row], 3.0))
        for cell in range(unit.shape[0]):
            # The axis seen from the cell's own meridian, so that directions need no cosines of their own.
            ahead = np.cos(phi[row, cell]) * axis[row, 0] + np.sin(phi[row, cell]) * axis[row, 1]
            aside = -np.sin(phi[row, cell]) * axis[row, 0] + np.cos(phi[row, cell]) * axis[row, 1]
            flux = 0.0
            for j in range(unit.shape[1]):
                mu = unit[cell, j, 0] * ahead + unit[cell, j, 1] * aside + unit[cell, j, 2] * axis[row, 2]
                here = total[row]
                if mu > lowest:
                    low, high = 0, limits.shape[1]
                    while low < high:
                        middle = (low + high) // 2
                        if limits[row, middle] < mu:
                            low = middle + 1
                        else:
                            high = middle
                    here -= lost[row, low - 1]
                here *= 1.0 + anisotropy * mu * mu
                if beam[row] > 0.0 and mu > reach:
                    angle = np.arccos(min(mu, 1.0))
                    here += beam[row] * np.exp(-((angle / width[row]) ** 2) / 2.0)
                flux += weight[cell, j] * here
            out[row, cell] = flux
