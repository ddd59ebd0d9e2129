"""Electrons of a sweep as the instrument that flew meets them: finite channels and cells, rows that differ."""

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.cells import N_CELLS, N_CHANNELS
from potrun.simulate.conditions import Conditions
from potrun.simulate.departures import Departures
from potrun.simulate.electrons import BEAM_ANGLE_DEG, BEAM_WIDTH_EV, flux_at
from potrun.simulate.optics import NODE_FACTOR, NODE_WEIGHT, Channels, collect

FloatArray = NDArray[np.float64]
CodeArray = NDArray[np.int8]

BARRIER_FIELD = 1.2
"""B at the surface over B at the potential barrier above it."""


def expected_flux(
    energy_ev: FloatArray,
    b_scd_nt: FloatArray,
    phi_deg: FloatArray,
    polarity: CodeArray,
    truth: Conditions,
    background_fraction: float,
    departures: Departures,
    rng: np.random.Generator,
    size: float = 1.0,
) -> FloatArray:
    """Average the flux over channels and cells, with the departures of each row.

    Parameters
    ----------
    energy_ev : (S, 15) float64, eV
        Centre energies.
    b_scd_nt : (S, 15, 3) float64, nT
        Field as the table states it.
    phi_deg : (S, 15, 88) float64, deg
        Azimuths of the cells' centres.
    polarity : (S, 15) int8
        Which way the Moon lies along the field.
    truth : Conditions
        What goes in.
    background_fraction : float
        Flux inside the loss cone over the incident one.
    departures : Departures
        What else is different from what a fit assumes.
    rng : numpy.random.Generator
        Source of the departures' directions.
    size : float
        Extent of cells and channels over their true one; 0 takes their centres.

    Returns
    -------
    (S, 15, 88) float64, cm-2 s-1 sr-1 eV-1
    """
    sweeps = len(energy_ev)
    rows = sweeps * N_CHANNELS
    guiding = _guiding_field(b_scd_nt, departures, rng).reshape(rows, 3)
    unit = guiding / np.linalg.norm(guiding, axis=1, keepdims=True)
    sign = np.where(polarity == 0, np.nan, polarity).reshape(rows, 1)
    channels = _channels(energy_ev, truth, background_fraction, departures, size)
    beam_angle = np.full(rows, BEAM_ANGLE_DEG * (1.0 + departures.beam_width))
    flux = collect(
        channels, -unit * sign, phi_deg.reshape(rows, N_CELLS), beam_angle, departures.anisotropy, size
    )  # fmt: skip
    return flux.reshape(sweeps, N_CHANNELS, N_CELLS)


def _channels(
    energy_ev: FloatArray, truth: Conditions, background: float, departures: Departures, size: float
) -> Channels:
    """Evaluate spectrum, loss cone and beam at all energies of all channels."""
    sweeps = len(energy_ev)
    measured = energy_ev[..., None] * NODE_FACTOR**size
    plasma = (truth.density_m3, truth.temperature_ev, truth.kappa, truth.usc_v)
    along = np.linspace(-1.0, 1.0, N_CHANNELS)[None, :, None]
    flux = flux_at(measured, *plasma) * NODE_WEIGHT * (1.0 + departures.density_drift * along)
    usc, surface = truth.usc_v[:, None, None], truth.u_surface_v[:, None, None]
    far = measured - usc
    ratio = truth.b_ratio[:, None, None] * (1.0 + departures.r_drift * along)
    with np.errstate(divide="ignore", invalid="ignore"):
        sine2 = ratio * (1.0 + surface / far)
        if departures.barrier_v:
            sine2 = np.minimum(sine2, BARRIER_FIELD * ratio * (1.0 + (surface - departures.barrier_v) / far))
    cosine = np.where(far > 0.0, np.sqrt(1.0 - np.clip(sine2, 0.0, 1.0)), 2.0)
    height = np.where(usc > surface, truth.beam_amplitude[:, None, None], 0.0)
    centre, width = np.maximum(usc - surface, BEAM_WIDTH_EV), BEAM_WIDTH_EV * (1.0 + departures.beam_width)
    beam = np.where(far > 0.0, height * np.exp(-((measured - centre) ** 2) / (2.0 * width**2)), 0.0)
    level = np.log(energy_ev / energy_ev.min(axis=1, keepdims=True))
    level = 1.0 - level / level.max(axis=1, keepdims=True)  # 1 in the lowest channel, 0 in the highest
    highest, lowest = 1.0 - (4.0 / 7.0) * departures.background_slope, 1.0 + departures.background_slope / 0.7
    falling = background * highest ** (1.0 - level) * lowest**level
    shape = (sweeps * N_CHANNELS, len(NODE_FACTOR))
    within = np.broadcast_to(falling[..., None], flux.shape)
    return Channels(*(item.reshape(shape) for item in (flux, cosine, within, beam)))


def _guiding_field(b_scd_nt: FloatArray, departures: Departures, rng: np.random.Generator) -> FloatArray:
    """Turn the stated field to the one that guides the electrons: by an angle, and about another axis with time."""
    sweeps = len(b_scd_nt)
    aside = np.cross(b_scd_nt, rng.standard_normal((sweeps, 1, 3)))
    turning = np.cross(b_scd_nt, rng.standard_normal((sweeps, 1, 3)))
    along = np.linspace(-0.5, 0.5, N_CHANNELS)[None, :, None]
    strength = np.linalg.norm(b_scd_nt, axis=2, keepdims=True)
    turn = np.radians(departures.b_turning_deg) * along
    away = np.radians(departures.b_direction_deg)
    out = b_scd_nt * np.cos(away) + np.sin(away) * strength * _unit(aside)
    return np.asarray(out * np.cos(turn) + np.sin(turn) * strength * _unit(turning))


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
