"""The energy at which the flux from the surface stands out, without any fit."""

from dataclasses import dataclass

import numpy as np

from potrun.core.instrument import GEOMETRIC_FACTOR_CM2_SR, cell_accumulation_s
from potrun.core.records import BoolArray, DayTable, FloatArray, Geometry
from potrun.core.settings import BeamConfig


@dataclass(frozen=True, eq=False)
class UpwardFlux:
    """Flux that comes up the field line, relative to the incident flux, of S sweeps in E channels of rising energy.

    Missing channels have the energy NaN and stand last. `sigma` is the standard error of `ratio` by counting.
    """

    energy_ev: FloatArray
    ratio: FloatArray
    sigma: FloatArray


def upward_flux(table: DayTable, geometry: Geometry, theta_deg: FloatArray, settings: BeamConfig) -> UpwardFlux:
    """Divide the mean flux at pitch angles near 180 deg by that near 0 deg, channel by channel.

    Cells from `pitch_from_deg` on count, each weighted by a Gaussian about 180 deg of the width `angle_deg`, as a beam
    fills a part of them only. The incident flux is taken at the angles that mirror them, so that one which is stronger
    along the field is no beam.

    Parameters
    ----------
    table, geometry
        One day.
    theta_deg : (C,) float64, deg
        Inclinations of the cells, which decide how long each one counts.
    settings : BeamConfig
        Which cells see what comes up.

    Returns
    -------
    UpwardFlux
        NaN where either direction has no cell or the incident flux is zero.
    """
    energy, pitch = table.to_sweeps(table.energy_ev), table.to_sweeps(geometry.pitch_deg)
    flux = table.to_sweeps(geometry.electron_flux(table.flux))
    counts_per_flux = GEOMETRIC_FACTOR_CM2_SR * energy[..., None] * cell_accumulation_s(theta_deg)
    known = np.isfinite(flux) & np.isfinite(pitch)
    along = np.minimum(pitch, 180.0 - pitch)
    weight = np.where(known & (along <= 180.0 - settings.pitch_from_deg), _gaussian(along, settings.angle_deg), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        up, up_error = _mean(flux, counts_per_flux, np.where(pitch > 90.0, weight, 0.0))
        down, down_error = _mean(flux, counts_per_flux, np.where(pitch < 90.0, weight, 0.0))
        ratio = np.where(down > 0, up / down, np.nan)
        sigma = np.hypot(up_error / down, ratio * down_error / down)
    order = np.argsort(energy, axis=1, kind="stable")
    return UpwardFlux(*(np.take_along_axis(values, order, axis=1) for values in (energy, ratio, sigma)))


def find_peak(flux: UpwardFlux, usc_v: FloatArray, settings: BeamConfig) -> tuple[FloatArray, FloatArray]:
    """Find the channel in which more comes up than goes down, and where its peak lies.

    Everything that goes down is mirrored at most, so that without a source at the surface the ratio stays at one or
    below. A peak exceeds one by `least_excess` and by `least_sigma` standard errors, and both neighbours by the factor
    `least_ratio_to_next`; channels below twice the spacecraft potential, where its own electrons are, do not count.

    Parameters
    ----------
    flux : UpwardFlux
        Of S sweeps.
    usc_v : (S,) float64, V
        Spacecraft potentials.
    settings : BeamConfig
        What a peak is.

    Returns
    -------
    energy_ev : (S,) float64, eV
        Centroid of the excess over the peak and its neighbours, in the logarithm; NaN where there is no peak.
    excess : (S,) float64
        By how much the peak exceeds one; NaN likewise.
    """
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(flux.ratio) & (flux.energy_ev > 2.0 * np.maximum(usc_v, 0.0)[:, None])
    ratio = np.where(usable, flux.ratio, np.nan)
    excess = ratio - 1.0
    last = ratio.shape[1] - 1
    below = np.where(np.arange(last + 1) > 0, np.roll(ratio, 1, axis=1), np.nan)
    above = np.where(np.arange(last + 1) < last, np.roll(ratio, -1, axis=1), np.nan)
    with np.errstate(invalid="ignore"):
        is_peak = (excess >= settings.least_excess) & (excess >= settings.least_sigma * flux.sigma)
        for neighbour in (below, above):
            is_peak &= ~(ratio < settings.least_ratio_to_next * neighbour)
        # The highest channel and the lowest one have one neighbour; with none at all a channel is no peak.
        is_peak &= np.isfinite(below) | np.isfinite(above)
    best = np.argmax(np.where(is_peak, excess, -np.inf), axis=1)
    found = is_peak.any(axis=1)
    return np.where(found, _centroid_ev(flux.energy_ev, excess, best), np.nan), np.where(
        found, excess[np.arange(len(best)), best], np.nan
    )


def in_reach(energy_ev: FloatArray, beam_ev: FloatArray) -> BoolArray:
    """Tell the beams whose energy lies between the lowest and the highest channel of their sweep, (S,)."""
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(energy_ev, axis=1), np.fmax.reduce(energy_ev, axis=1)
        return np.asarray((beam_ev >= low) & (beam_ev <= high))


def _gaussian(angle_deg: FloatArray, width_deg: float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * (angle_deg / width_deg) ** 2))


def _mean(flux: FloatArray, counts_per_flux: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a weighted mean over cells and its standard error by counting, of one count where nothing was counted."""
    total = weight.sum(axis=2)
    mean = (weight * np.nan_to_num(flux, nan=0.0)).sum(axis=2) / total
    # The variance of a cell's flux is flux / (counts per flux); with few counts the mean stands for the flux.
    expected = np.maximum(np.nan_to_num(flux, nan=0.0), mean[..., None])
    variance = (weight**2 * expected / counts_per_flux).sum(axis=2)
    return mean, np.sqrt(variance) / total


def _centroid_ev(energy_ev: FloatArray, excess: FloatArray, best: np.ndarray) -> FloatArray:
    """Return the centroid over a channel and its neighbours, each weighted by its excess."""
    sweep = np.arange(len(best))
    weight, moment = np.zeros(len(best)), np.zeros(len(best))
    for step in (-1, 0, 1):
        place = np.clip(best + step, 0, energy_ev.shape[1] - 1)
        part = np.nan_to_num(np.where(place == best + step, excess[sweep, place], 0.0), nan=0.0).clip(0.0)
        weight += part
        moment += part * np.nan_to_num(np.log(energy_ev[sweep, place]), nan=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.exp(moment / weight))
