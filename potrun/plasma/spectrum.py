"""From cells to an omnidirectional spectrum: the upstream half of the sky, its counts and its errors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from potrun.core.errors import DataError
from potrun.core.instrument import (
    GEOMETRIC_FACTOR_CM2_SR,
    ROW_ACCUMULATION_S,
    cell_accumulation_s,
    cell_solid_angle_sr,
)
from potrun.core.records import BoolArray, DayTable, FloatArray, Geometry

MIN_SKY_FRACTION = 0.5
"""Share of the wanted solid angle that a channel must have seen to stand for the whole of it."""

MIN_NET_SIGNIFICANCE = 3.0
"""Net counts, in their own errors, below which a channel's logarithm says more of the background than of the plasma."""

BACKGROUND_UNCERTAINTY = 0.5
"""Relative error of the background rate, which is known only as a round number."""

CALIBRATION_ERROR = 0.05
MODEL_ERROR = 0.10
"""Relative errors that add to the counting error: of the efficiency, and of an isotropic kappa plasma as a model."""

PADDED_CHANNELS = 16
"""Channels a sweep is laid out with: a power of two above the instrument's 15."""

_PLAIN_ENERGY_EV = (1.0, 1.0e6)
_PER_CM2_TO_PER_M2 = 1.0e4


@dataclass(frozen=True, eq=False)
class Spectra:
    """Omnidirectional spectra of sweeps, ready for a fit.

    `energy_ev`, `log_flux` and `weight` have shape (S, E): channel centre (eV), ln of the flux (m-2 s-1 eV-1) and the
    inverse variance of that logarithm. A channel without weight has log_flux 0; rows that do not exist have energy 1.
    `in_sun` (S,) tells sunlit sweeps, `has_geometry` (S,) those whose place is known.
    """

    energy_ev: FloatArray
    log_flux: FloatArray
    weight: FloatArray
    in_sun: BoolArray
    has_geometry: BoolArray

    def take(self, index: Any) -> "Spectra":
        """Return the sweeps chosen by a numpy index."""
        return Spectra(
            energy_ev=self.energy_ev[index],
            log_flux=self.log_flux[index],
            weight=self.weight[index],
            in_sun=self.in_sun[index],
            has_geometry=self.has_geometry[index],
        )


def omnidirectional_sum(
    flux: Any, pitch_deg: Any, is_connected: Any, energy_ev: Any, solid_angle_sr: Any, accumulation_s: Any
) -> tuple[Any, Any, Any, Any]:
    """Sum each row's flux over the sky, as if what comes down the field line came from everywhere.

    A connected row takes twice its cells with pitch angle below 90 deg, which move towards the Moon: the rest may have
    been lost at the surface or come from it. A row without connection takes all cells. A missing cell is left out and
    the solid angle of the others scaled up to that of all.

    Parameters
    ----------
    flux : (R, C) array, cm-2 s-1 sr-1 eV-1
        NaN where missing.
    pitch_deg : (R, C) array, deg
        Pitch angle about the row's own moonward field; NaN where the direction is unknown.
    is_connected : (R,) bool array
        Whether the row has a polarity.
    energy_ev : (R,) array, eV
        Channel centres.
    solid_angle_sr, accumulation_s : (C,) array
        Of each cell.

    Returns
    -------
    flux : (R,) array, m-2 s-1 eV-1
        NaN where nothing was seen.
    counts : (R,) array
        Counts in the cells that were used.
    exposure : (R,) array
        Share of the instrument's counting time that those cells had.
    sky_fraction : (R,) array
        Share of the wanted solid angle that was seen.
    """
    xp = array_namespace(flux)
    connected = is_connected[:, None]
    wanted = (pitch_deg < 90) | ~connected
    seen = wanted & xp.isfinite(flux)
    seen_flux = xp.where(seen, flux, 0.0)
    is_seen = xp.astype(seen, flux.dtype)
    full_sky = xp.sum(solid_angle_sr)

    def solid_angle_where(mask: Any) -> Any:
        return xp.vecdot(xp.astype(mask, flux.dtype), solid_angle_sr)

    oriented_sr = xp.where(is_connected, solid_angle_where(xp.isfinite(pitch_deg)), full_sky)
    wanted_sr = solid_angle_where(wanted) * (full_sky / oriented_sr)
    seen_sr = xp.vecdot(is_seen, solid_angle_sr)
    double = xp.where(is_connected, 2.0, 1.0)
    total = double * xp.vecdot(seen_flux, solid_angle_sr) * wanted_sr / seen_sr * _PER_CM2_TO_PER_M2
    counts = xp.vecdot(seen_flux, accumulation_s) * energy_ev * GEOMETRIC_FACTOR_CM2_SR
    exposure = xp.vecdot(is_seen, accumulation_s) / xp.sum(accumulation_s)
    return total, counts, exposure, seen_sr / wanted_sr


def log_flux_and_weight(flux: Any, counts: Any, background_counts: Any) -> tuple[Any, Any]:
    """Take the background off and turn each channel's flux into a logarithm with a weight.

    The variance of the net counts n out of N is N + (0.05 n)^2 + (0.10 n)^2 and the background's own error squared.

    Parameters
    ----------
    flux : (...) array, m-2 s-1 eV-1
        Omnidirectional flux, background included.
    counts, background_counts : (...) array
        Counts behind the flux, and how many of them are expected from the background.

    Returns
    -------
    log_flux, weight : (...) array
        ln of the net flux, and the inverse variance of that logarithm; both 0 where the net counts do not stand out.
    """
    xp = array_namespace(flux)
    net = counts - background_counts
    counting = counts + (BACKGROUND_UNCERTAINTY * background_counts) ** 2
    usable = (flux > 0) & (net > MIN_NET_SIGNIFICANCE * xp.sqrt(counting))
    net = xp.where(usable, net, 1.0)
    variance = counting + (CALIBRATION_ERROR * net) ** 2 + (MODEL_ERROR * net) ** 2
    log_flux = xp.log(xp.where(usable, flux * net, 1.0) / xp.where(usable, counts, 1.0))
    return log_flux, xp.where(usable, net * net / variance, 0.0)


def sweep_spectra(
    table: DayTable, geometry: Geometry, first: int, last: int, background_counts_per_s: float
) -> Spectra:
    """Build the spectra of the sweeps first..last-1 of a day, each with its own energies and its rows' polarities.

    Parameters
    ----------
    table : DayTable
        The day.
    geometry : Geometry
        Pitch angles, illumination and the cells' inclinations.
    first, last : int
        Which sweeps.
    background_counts_per_s : float
        Dark rate of the whole instrument.

    Returns
    -------
    Spectra
        With 16 channels a sweep, the unused ones without weight.

    Raises
    ------
    DataError
        If the geometry does not carry the inclinations.
    """
    if geometry.theta_deg is None:
        raise DataError("geometry without theta_deg found, expected the 88 inclinations of theta.tab: compute it anew")
    starts, lengths = table.sweep_start[first:last], table.sweep_rows[first:last]
    rows = slice(int(starts[0]), int(starts[-1] + lengths[-1]))
    energy_ev = table.energy_ev[rows]
    flux_of_electrons = geometry.electron_flux(table.flux)
    with np.errstate(divide="ignore", invalid="ignore"):
        flux, counts, exposure, sky = omnidirectional_sum(
            flux_of_electrons[rows],
            geometry.pitch_deg[rows],
            geometry.polarity[rows] != 0,
            energy_ev,
            cell_solid_angle_sr(geometry.theta_deg),
            cell_accumulation_s(geometry.theta_deg),
        )
        flux = np.where((sky >= MIN_SKY_FRACTION) & (energy_ev > 0), flux, 0.0)
        background = background_counts_per_s * ROW_ACCUMULATION_S * exposure
        log_flux, weight = log_flux_and_weight(np.nan_to_num(flux), np.nan_to_num(counts), background)
    place = (
        np.repeat(np.arange(last - first), lengths),
        np.arange(len(energy_ev)) - np.repeat(starts - starts[0], lengths),
    )

    def lay_out(values: FloatArray, fill: float) -> FloatArray:
        out = np.full((last - first, PADDED_CHANNELS), fill)
        out[place] = values
        return out

    lit = np.where(geometry.spacecraft_in_sun[rows], 1, -1) * geometry.is_known[rows]
    known = np.add.reduceat(geometry.is_known[rows], starts - starts[0], dtype=np.int64)
    return Spectra(
        # Channels that do not count keep their energies, so that a day's sweeps share few grids; any number would do.
        energy_ev=lay_out(np.where(weight > 0, energy_ev, np.clip(np.nan_to_num(energy_ev), *_PLAIN_ENERGY_EV)), 1.0),
        log_flux=lay_out(log_flux, 0.0),
        weight=lay_out(weight, 0.0),
        in_sun=np.add.reduceat(lit, starts - starts[0]) > 0,
        has_geometry=known > 0,
    )
