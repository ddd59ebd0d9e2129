"""Sweeps made ready for the likelihood: counts instead of fluxes, and everything that the folded model needs."""

import logging
from dataclasses import dataclass

import numpy as np

from potrun.core.instrument import (
    GEOMETRIC_FACTOR_CM2_SR,
    N_CELLS,
    N_CHANNELS,
    ROW_ACCUMULATION_S,
    cell_accumulation_s,
)
from potrun.core.records import (
    BoolArray,
    CodeArray,
    DayTable,
    FitStatus,
    FloatArray,
    Geometry,
    IntArray,
    SpacecraftPotential,
    SweepBatch,
    axes,
)
from potrun.core.settings import FitterConfig
from potrun.geometry.frames import norm
from potrun.losscone.cell_response import field_line_bearing_deg, table_rows

log = logging.getLogger(__name__)

SLOPE_LIMITS = (-3.0, 12.0)
"""Believable slopes -dlnF/dlnE of an electron spectrum."""


@dataclass(frozen=True, eq=False)
class LikelihoodBatch(SweepBatch):
    """Counts of sweeps; cells out of `mask` may hold anything.

    `sensitivity` are counts per unit of flux, `dark` the counts expected without electrons. `share_row` and
    `share_part` say where a cell's response stands in the table of shares, `around_rad` is its azimuth about the field
    line. `slope` is -dlnF/dlnE of the incident flux where no kappa distribution is known; `temperature_ev` and `kappa`
    are NaN there. `usc_sigma_v` is the standard error of the spacecraft potential, 0 where it is taken as known.
    """

    counts: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    sensitivity: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    dark: FloatArray = axes("S", N_CELLS)
    share_row: IntArray = axes("S", N_CHANNELS, N_CELLS)
    share_part: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    around_rad: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    slope: FloatArray = axes("S", N_CHANNELS)
    temperature_ev: FloatArray = axes("S")
    kappa: FloatArray = axes("S")
    usc_sigma_v: FloatArray = axes("S")


def build_likelihood_batch(
    normalised: SweepBatch,
    measured: FloatArray,
    table: DayTable,
    geometry: Geometry,
    potential: SpacecraftPotential,
    settings: FitterConfig,
) -> LikelihoodBatch:
    """Turn fluxes back into counts and say of each cell how it sees the loss cone.

    Left out, and counted in the log: cells without a value or a direction or near the Sun, rows below
    `min_energy_over_usc` times the spacecraft potential. The archive gives no value where the dead-time correction was
    too large.

    Parameters
    ----------
    normalised : SweepBatch
        The same sweeps as the classic objectives see them; their statuses stand.
    measured : (S, E, C) float64
        Flux, NaN in cells that take no part.
    table, geometry, potential
        Of the same day.
    settings : FitterConfig

    Returns
    -------
    LikelihoodBatch
    """
    own = settings.likelihood
    theta = geometry.theta_deg
    if theta is None:
        raise ValueError("Geometry.theta_deg is None, but the likelihood needs the inclinations of the cells")
    energy, pitch = normalised.energy_ev, normalised.pitch_deg
    seconds = cell_accumulation_s(theta)
    sensitivity = GEOMETRIC_FACTOR_CM2_SR * np.nan_to_num(energy)[..., None] * seconds
    # The dark rate is the whole instrument's: a cell has its share of all counting time.
    dark = own.dark_counts_per_s * ROW_ACCUMULATION_S * seconds / seconds.sum()
    known = np.isfinite(measured) & np.isfinite(pitch)
    high_enough = (energy >= own.min_energy_over_usc * np.maximum(normalised.usc_v, 0.0)) & (energy > normalised.usc_v)
    mask = known & high_enough[..., None]
    log.debug(
        "likelihood: %d cells without a value or direction or near the Sun, %d in rows below %g Usc, left out",
        int((~known).sum()),
        int((known & ~high_enough[..., None]).sum()),
        own.min_energy_over_usc,
    )
    with np.errstate(invalid="ignore"):
        strength = norm(table.b_scd_nt)
        axis = -table.b_scd_nt * geometry.polarity[:, None] / np.where(strength > 0, strength, np.nan)
        bearing, around = field_line_bearing_deg(theta, table.phi_deg, np.nan_to_num(axis))
    bearing, around = table.to_sweeps(bearing), table.to_sweeps(around)
    row, part = table_rows(theta, 180.0 - pitch, bearing)
    counts = np.where(mask, measured * sensitivity, 0.0)
    if own.truncated_counts:
        counts = counts + half_step(counts)
    n_sweeps = normalised.n_sweeps
    return LikelihoodBatch(
        energy_ev=energy,
        usc_v=normalised.usc_v,
        pitch_deg=pitch,
        flux=normalised.flux,
        mask=mask,
        status=_without_data(normalised.status, mask, pitch, settings.min_cells),
        counts=counts,
        sensitivity=sensitivity,
        dark=np.broadcast_to(dark, (n_sweeps, N_CELLS)),
        share_row=row,
        share_part=part,
        around_rad=np.nan_to_num(around),
        slope=spectral_slope(energy, measured, pitch),
        temperature_ev=potential.electron_temperature_ev,
        kappa=potential.kappa,
        usc_sigma_v=np.hypot(np.nan_to_num(potential.sigma_volts), own.usc_sigma_v),
    )


def half_step(counts: FloatArray) -> FloatArray:
    """Estimate what truncation to four bits behind the leading one has taken from counts on average.

    Parameters
    ----------
    counts : (...) float64

    Returns
    -------
    (...) float64
        Half of what a step holds beside its lowest count; 0 below 32, where every count has a code of its own.
    """
    step = np.exp2(np.floor(np.log2(np.maximum(counts, 1.0) * (1.0 + 1e-9))) - 4.0)
    missing: FloatArray = np.where(counts >= 31.5, 0.5 * (step - 1.0), 0.0)
    return missing


def spectral_slope(energy_ev: FloatArray, measured: FloatArray, pitch_deg: FloatArray) -> FloatArray:
    """Slope of the incident flux from channel to channel.

    Parameters
    ----------
    energy_ev : (S, E) float64, eV
    measured, pitch_deg : (S, E, C) float64
        Flux and pitch angle (deg).

    Returns
    -------
    (S, E) float64
        g = -dlnF/dlnE by differences of neighbours in energy; 2 where there is no flux to tell it from.
    """
    incident = (pitch_deg < 90.0) & np.isfinite(measured)
    number = incident.sum(axis=-1)
    mean = np.where(incident, measured, 0.0).sum(axis=-1) / np.maximum(number, 1)
    order = np.argsort(energy_ev, axis=1, kind="stable")
    with np.errstate(divide="ignore", invalid="ignore"):
        log_flux = np.log(np.take_along_axis(mean, order, axis=1))
        log_energy = np.log(np.take_along_axis(energy_ev, order, axis=1))
        last = log_flux.shape[1] - 1
        above, below = np.minimum(np.arange(last + 1) + 1, last), np.maximum(np.arange(last + 1) - 1, 0)
        slope = -(log_flux[:, above] - log_flux[:, below]) / (log_energy[:, above] - log_energy[:, below])
    out: FloatArray = np.empty_like(slope)
    np.put_along_axis(out, order, np.where(np.isfinite(slope), np.clip(slope, *SLOPE_LIMITS), 2.0), axis=1)
    return out


def _without_data(status: CodeArray, mask: BoolArray, pitch_deg: FloatArray, min_cells: int) -> CodeArray:
    """Refuse sweeps with too few cells that count on either side; (S,) int8."""
    incident = (mask & (pitch_deg < 90.0)).sum(axis=(1, 2))
    reflected = (mask & (pitch_deg > 90.0)).sum(axis=(1, 2))
    too_few = (np.minimum(incident, reflected) < min_cells) & (status == FitStatus.OK)
    refused: CodeArray = np.where(too_few, int(FitStatus.TOO_FEW_CELLS), status).astype(np.int8)
    return refused
