"""From measured flux to what a fit compares: flux relative to the incident flux, and the cells that count.

All array functions run unchanged on NumPy arrays and on torch tensors; :func:`build_sweep_batch` ties them to the
records of a day.
"""

import numpy as np
from array_api_compat import array_namespace

from potrun.core.records import CodeArray, DayTable, FitStatus, Geometry, SpacecraftPotential, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.effective_energy import LEAST_OVER_USC, effective_energy
from potrun.losscone.model import Array


def incident_cells(flux: Array, pitch_deg: Array) -> Array:
    """Cells that measure the undisturbed flux on its way to the Moon, and can be divided by.

    Parameters
    ----------
    flux : (..., C) float64
    pitch_deg : (..., C) float64, deg

    Returns
    -------
    (..., C) bool
        True where the pitch angle is below 90 deg and the flux is finite and positive.
    """
    xp = array_namespace(flux, pitch_deg)
    return (pitch_deg < 90.0) & xp.isfinite(flux) & (flux > 0.0)


def incident_flux(flux: Array, pitch_deg: Array, reference: str) -> Array:
    """Mean or maximum of a row's incident flux.

    Parameters
    ----------
    flux, pitch_deg : (..., C) float64
    reference : {"mean", "max"}

    Returns
    -------
    (...) float64
        In the unit of `flux`; NaN without an incident cell.
    """
    xp = array_namespace(flux, pitch_deg)
    usable = incident_cells(flux, pitch_deg)
    known = xp.where(usable, flux, xp.zeros_like(flux))
    count = xp.sum(xp.astype(usable, flux.dtype), axis=-1)
    value = xp.max(known, axis=-1) if reference == "max" else xp.sum(known, axis=-1) / xp.clip(count, 1.0, None)
    return xp.where(count > 0.0, value, xp.full_like(value, float("nan")))


def mirror_flux(flux: Array, pitch_deg: Array) -> Array:
    """For each cell, the incident flux at the pitch angle nearest to the one at which its electrons came down.

    Mirroring turns a pitch angle a into 180 deg - a. Of equally near cells the one of lowest index counts.

    Parameters
    ----------
    flux, pitch_deg : (..., C) float64

    Returns
    -------
    (..., C) float64
        In the unit of `flux`; NaN without an incident cell or a pitch angle.
    """
    xp = array_namespace(flux, pitch_deg)
    usable = incident_cells(flux, pitch_deg)
    distance = xp.abs((180.0 - pitch_deg)[..., :, None] - pitch_deg[..., None, :])
    distance = xp.where(usable[..., None, :] & xp.isfinite(distance), distance, xp.full_like(distance, float("inf")))
    nearest = xp.argmin(distance, axis=-1)
    value = xp.take_along_axis(flux, nearest, axis=-1)
    known = xp.min(distance, axis=-1) < float("inf")
    return xp.where(known, value, xp.full_like(value, float("nan")))


def normalise(flux: Array, pitch_deg: Array, mode: str, reference: str) -> Array:
    """Divide each row's flux by its incident flux.

    Parameters
    ----------
    flux, pitch_deg : (..., C) float64
    mode : {"ratio", "ratio2"}
        "ratio" divides a whole row by the mean or maximum of its incident flux; "ratio2" divides each cell from 90 deg
        on by the incident cell nearest to its mirror angle and sets incident cells to one.
    reference : {"mean", "max"}
        Used by "ratio".

    Returns
    -------
    (..., C) float64
        Dimensionless; NaN where it is not defined.
    """
    xp = array_namespace(flux, pitch_deg)
    if mode == "ratio":
        return flux / incident_flux(flux, pitch_deg, reference)[..., None]
    is_incident = pitch_deg < 90.0
    unknown = xp.full_like(flux, float("nan"))
    incident = xp.where(incident_cells(flux, pitch_deg), xp.ones_like(flux), unknown)
    return xp.where(is_incident, incident, flux / mirror_flux(flux, pitch_deg))


def objective_cells(normalised: Array, flux: Array, pitch_deg: Array, settings: FitterConfig) -> Array:
    """Cells that the objective of `settings.method` uses.

    likelihood uses every cell with a value. halekas uses those with a positive flux, since others have no logarithm.
    lillis uses the cells at the cone's edge, told by their flux relative to the largest incident flux of their row,
    strictly between two limits.

    Parameters
    ----------
    normalised, flux, pitch_deg : (..., C) float64
    settings : FitterConfig

    Returns
    -------
    (..., C) bool
    """
    xp = array_namespace(flux, pitch_deg)
    usable = xp.isfinite(normalised) & (normalised > 0.0) & xp.isfinite(pitch_deg)
    if settings.method == "likelihood":
        # Zero counts count; which rows and cells do not is for the batch of counts to say.
        return xp.isfinite(flux) & xp.isfinite(pitch_deg)
    if settings.method == "halekas":
        return usable
    relative = flux / incident_flux(flux, pitch_deg, "max")[..., None]
    return usable & (relative > settings.mask_low) & (relative < settings.mask_high)


def build_sweep_batch(
    table: DayTable, geometry: Geometry, potential: SpacecraftPotential, settings: FitterConfig
) -> SweepBatch:
    """Lay a day's rows out as sweeps, normalised and masked, with the reason where a sweep cannot be fitted.

    A row takes part if its energy is not below the spacecraft potential and its field line meets the Moon on the side
    that its polarity says; pitch angles count from the moonward field direction. Cells that sunlight may have reached
    take no part, neither in the objective nor in the incident flux. With `settings.effective_energy` a row stands for
    its effective energy, and rows below 1.5 times the spacecraft potential are left out.

    Parameters
    ----------
    table : DayTable
    geometry : Geometry
        Of the same rows.
    potential : SpacecraftPotential
        Of the same sweeps.
    settings : FitterConfig

    Returns
    -------
    SweepBatch
    """
    energy = table.to_sweeps(table.energy_ev)
    pitch = table.to_sweeps(geometry.pitch_deg)
    measured = table.to_sweeps(geometry.electron_flux(table.flux))
    usc = np.where(np.isfinite(energy), potential.volts[:, None], np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        flux = normalise(measured, pitch, settings.normalisation, settings.normalisation_reference)
        is_used = energy >= usc
        if settings.effective_energy:
            is_used &= energy >= LEAST_OVER_USC * usc
            energy = effective_energy(energy, incident_flux(measured, pitch, "mean"))
            is_used &= energy >= usc
        mask = objective_cells(flux, measured, pitch, settings) & is_used[..., None]
    status = _status(table, geometry, potential, mask.sum(axis=(1, 2)), settings.min_cells)
    batch = SweepBatch(energy_ev=energy, usc_v=usc, pitch_deg=pitch, flux=flux, mask=mask, status=status)
    if settings.method != "likelihood":
        return batch
    from potrun.losscone.counted import build_likelihood_batch

    return build_likelihood_batch(batch, measured, table, geometry, potential, settings)


def _status(
    table: DayTable, geometry: Geometry, potential: SpacecraftPotential, n_cells: np.ndarray, min_cells: int
) -> CodeArray:
    """Say of each sweep whether it can be fitted, and if not, the first reason why; (S,) int8."""
    connected = table.to_sweeps(geometry.polarity, fill=0) != 0
    known = table.to_sweeps(geometry.is_known, fill=False)
    reasons = [
        (~known.any(axis=1), FitStatus.NO_GEOMETRY),
        (~connected.any(axis=1), FitStatus.NO_CONNECTION),
        (~np.isfinite(potential.volts), FitStatus.NO_SPACECRAFT_POTENTIAL),
        (n_cells < min_cells, FitStatus.TOO_FEW_CELLS),
    ]
    return np.select([when for when, _ in reasons], [int(code) for _, code in reasons], int(FitStatus.OK)).astype(
        np.int8
    )
