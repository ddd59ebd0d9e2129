"""Sweeps made ready for the likelihood: counts instead of fluxes, and everything that the folded model needs."""

from dataclasses import dataclass, replace

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
from potrun.losscone.incident_spectrum import spectral_shape
from potrun.plasma.response import response_sigma

REFERENCE_PITCH_DEG = 60.0
"""Cells whose centre is nearer to the incident direction meet no loss cone, whatever the potential."""

EXCLUSIONS = ("near_the_sun", "no_value_or_direction", "row_near_usc", "row_without_incident_flux")
"""Reasons why a cell takes no part, the first one that holds."""


@dataclass(frozen=True, eq=False)
class LikelihoodBatch(SweepBatch):
    """Counts of sweeps; cells out of `mask` may hold anything.

    `sensitivity` are counts per unit of flux, `dark` the counts expected without electrons. `share_row` and
    `share_part` say where a cell's response stands in the table of shares, `around_rad` is its azimuth about the field
    line. `theta_deg` and `phi_deg` are its direction and `axis` the unit vector that the loss cone is centred on, all
    in the spacecraft's frame. `slope` and `curvature` are -dlnF/dlnE and d^2lnF/d(lnE)^2 of the incident flux, for
    where no kappa distribution is known; `temperature_ev` and `kappa` are NaN there. `usc_sigma_v` is the standard
    error of the spacecraft potential, 0 where it is taken as known. `left_out` counts cells by the reasons of
    `EXCLUSIONS`.
    """

    counts: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    sensitivity: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    dark: FloatArray = axes("S", N_CELLS)
    share_row: IntArray = axes("S", N_CHANNELS, N_CELLS)
    share_part: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    around_rad: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    theta_deg: FloatArray = axes("S", N_CELLS)
    phi_deg: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    axis: FloatArray = axes("S", N_CHANNELS, 3)
    slope: FloatArray = axes("S", N_CHANNELS)
    curvature: FloatArray = axes("S", N_CHANNELS)
    temperature_ev: FloatArray = axes("S")
    kappa: FloatArray = axes("S")
    usc_sigma_v: FloatArray = axes("S")
    left_out: IntArray = axes("S", 4)

    def exclusions(self) -> dict[str, int]:
        """Count the cells that are left out of the sweeps to be fitted, by reason."""
        total = self.left_out[self.status == FitStatus.OK].sum(axis=0)
        return {reason: int(number) for reason, number in zip(EXCLUSIONS, total, strict=True)}


def build_likelihood_batch(
    normalised: SweepBatch,
    measured: FloatArray,
    table: DayTable,
    geometry: Geometry,
    potential: SpacecraftPotential,
    settings: FitterConfig,
) -> LikelihoodBatch:
    """Turn fluxes back into counts and say of each cell how it sees the loss cone.

    Left out, and counted: cells near the Sun, cells without a value or a direction, rows below `min_energy_over_usc`
    times the spacecraft potential, rows whose incident flux the dead-time correction has masked.

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
    energy, pitch, n_sweeps = normalised.energy_ev, normalised.pitch_deg, normalised.n_sweeps
    seconds = cell_accumulation_s(theta)
    sensitivity = GEOMETRIC_FACTOR_CM2_SR * np.nan_to_num(energy)[..., None] * seconds
    # The dark rate is the whole instrument's: a cell has its share of all counting time.
    dark = np.broadcast_to(own.dark_counts_per_s * ROW_ACCUMULATION_S * seconds / seconds.sum(), (n_sweeps, N_CELLS))
    mask, left_out = _choose_cells(normalised, measured, table, geometry, own.min_energy_over_usc)
    axis, row, part, around = _cells_and_field(table, geometry, theta, pitch)
    counts = np.where(mask, measured * sensitivity, 0.0)
    if own.truncated_counts:
        counts = counts + half_step(counts)
    incident = mask & (pitch < REFERENCE_PITCH_DEG)
    slope, curvature = spectral_shape(
        energy,
        (counts * incident).sum(axis=-1),
        (sensitivity * incident).sum(axis=-1),
        (dark[:, None, :] * incident).sum(axis=-1),
        response_sigma(own.energy_width),
    )
    return LikelihoodBatch(
        energy_ev=energy,
        usc_v=normalised.usc_v,
        pitch_deg=pitch,
        flux=normalised.flux,
        mask=mask,
        status=_without_data(normalised.status, mask, pitch, settings.min_cells),
        counts=counts,
        sensitivity=sensitivity,
        dark=dark,
        share_row=row,
        share_part=part,
        around_rad=around,
        theta_deg=np.broadcast_to(theta, (n_sweeps, N_CELLS)),
        phi_deg=np.nan_to_num(table.to_sweeps(table.phi_deg)),
        axis=axis,
        slope=slope,
        curvature=curvature,
        temperature_ev=potential.electron_temperature_ev,
        kappa=potential.kappa,
        usc_sigma_v=np.hypot(np.nan_to_num(potential.sigma_volts), own.usc_sigma_v),
        left_out=left_out,
    )


def _choose_cells(
    normalised: SweepBatch, measured: FloatArray, table: DayTable, geometry: Geometry, min_energy_over_usc: float
) -> tuple[BoolArray, IntArray]:
    """Choose the cells of a fit, (S, E, C), and count those left out by reason, (S, 4)."""
    energy, pitch, usc = normalised.energy_ev, normalised.pitch_deg, normalised.usc_v
    known = np.isfinite(measured) & np.isfinite(pitch)
    high_enough = (energy >= min_energy_over_usc * np.maximum(usc, 0.0)) & (energy > usc)
    level_known = _has_level(known, pitch)
    lit = np.zeros_like(known)
    if geometry.is_sunlit_cell is not None:
        lit = table.to_sweeps(geometry.is_sunlit_cell, fill=False)
    reasons = (lit, ~known & ~lit, known & ~high_enough[..., None], known & (high_enough & ~level_known)[..., None])
    left_out = np.stack([reason.sum(axis=(1, 2)) for reason in reasons], axis=1)
    return known & (high_enough & level_known)[..., None], left_out


def _cells_and_field(
    table: DayTable, geometry: Geometry, theta: FloatArray, pitch: FloatArray
) -> tuple[FloatArray, IntArray, FloatArray, FloatArray]:
    """Field line to the Moon, (S, E, 3), and of each cell row and part of the response and bearing around it."""
    with np.errstate(invalid="ignore"):
        strength = norm(table.b_scd_nt)
        axis = -table.b_scd_nt * geometry.polarity[:, None] / np.where(strength > 0, strength, np.nan)
        bearing, around = field_line_bearing_deg(theta, table.phi_deg, np.nan_to_num(axis))
    row, part = table_rows(theta, 180.0 - pitch, table.to_sweeps(bearing))
    return np.nan_to_num(table.to_sweeps(axis)), row, part, np.nan_to_num(table.to_sweeps(around))


def turned(batch: LikelihoodBatch, tilt_deg: FloatArray) -> LikelihoodBatch:
    """Turn the field of each sweep to another direction, and see the loss cone from there.

    Parameters
    ----------
    batch : LikelihoodBatch
    tilt_deg : (S, 2) float64, deg
        Towards azimuths 0 and 90 deg about the field line, as `around_rad` counts them.

    Returns
    -------
    LikelihoodBatch
        Only what depends on the field's direction differs.
    """
    sweeps, rows = batch.phi_deg.shape[:2]
    x, y, z = (batch.axis[..., i] for i in range(3))
    flat = np.maximum(np.hypot(x, y), 1e-12)
    up = np.stack([-z * x / flat, -z * y / flat, flat], axis=-1)
    across = np.stack([-y / flat, x / flat, np.zeros_like(x)], axis=-1)
    angle = np.radians(np.hypot(tilt_deg[:, 0], tilt_deg[:, 1]))[:, None, None]
    towards = tilt_deg[:, 0, None, None] * up + tilt_deg[:, 1, None, None] * across
    towards = np.radians(towards) / np.maximum(angle, 1e-12)
    axis = np.cos(angle) * batch.axis + np.sin(angle) * towards
    phi = batch.phi_deg.reshape(sweeps * rows, N_CELLS)
    theta = batch.theta_deg[0]
    bearing, around = field_line_bearing_deg(theta, phi, axis.reshape(-1, 3))
    bearing, around = (values.reshape(batch.phi_deg.shape) for values in (bearing, around))
    elevation, azimuth = np.radians(theta), np.radians(batch.phi_deg)
    cosine = np.cos(elevation) * (np.cos(azimuth) * axis[..., :1] + np.sin(azimuth) * axis[..., 1:2])
    cosine = cosine + np.sin(elevation) * axis[..., 2:]
    distance = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    row, part = table_rows(theta, distance, bearing)
    pitch = np.where(np.isfinite(batch.pitch_deg), 180.0 - distance, np.nan)
    return replace(batch, axis=axis, share_row=row, share_part=part, around_rad=around, pitch_deg=pitch)


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


def _has_level(known: BoolArray, pitch_deg: FloatArray) -> BoolArray:
    """Find rows whose incident flux is measured: half of their cells off the loss cone hold a value; (S, E) bool.

    Where electrons come too fast for the dead-time correction, a row keeps the cells inside the cone alone, and nothing
    to compare them with.
    """
    reference = pitch_deg < REFERENCE_PITCH_DEG
    enough: BoolArray = 2 * (reference & known).sum(axis=-1) >= np.maximum(reference.sum(axis=-1), 1)
    return enough


def _without_data(status: CodeArray, mask: BoolArray, pitch_deg: FloatArray, min_cells: int) -> CodeArray:
    """Refuse sweeps with too few cells that count on either side; (S,) int8."""
    incident = (mask & (pitch_deg < 90.0)).sum(axis=(1, 2))
    reflected = (mask & (pitch_deg > 90.0)).sum(axis=(1, 2))
    too_few = (np.minimum(incident, reflected) < min_cells) & (status == FitStatus.OK)
    refused: CodeArray = np.where(too_few, int(FitStatus.TOO_FEW_CELLS), status).astype(np.int8)
    return refused
