"""Particles that pass through the instrument's walls: they count alike in all channels, whatever energy is selected."""

from dataclasses import dataclass

import numpy as np

from potrun.core.instrument import (
    GEOMETRIC_FACTOR_CM2_SR,
    N_CHANNELS,
    ROW_ACCUMULATION_S,
    cell_accumulation_s,
)
from potrun.core.records import BoolArray, DayTable, FloatArray, Geometry

HIGHEST = 3
"""Channels at the top of the grid, some 7 to 17 keV, where the Moon's plasma leaves next to no electrons."""

FLAT = 0.5
"""Least ratio of the rates of these channels among themselves: electrons fall by far more from one to the next."""


@dataclass(frozen=True, eq=False)
class Penetrating:
    """Rate of the whole instrument that does not depend on energy, (S,), and its part of the counts.

    The share is that in the median channel: above 0.5 such particles have most counts in at least half of the channels.
    `is_flat` tells that the highest channels count alike.
    """

    rate_per_s: FloatArray
    share: FloatArray
    is_flat: BoolArray

    def is_event(self, least_rate_per_s: float, least_share: float) -> BoolArray:
        """Tell which sweeps such particles dominate.

        Parameters
        ----------
        least_rate_per_s : float, counts/s
            What the quiet instrument never has.
        least_share : float
            Part of the counts of the median channel.

        Returns
        -------
        (S,) bool
            False where unknown.
        """
        return np.asarray(self.is_flat & (self.rate_per_s >= least_rate_per_s) & (self.share >= least_share))


def penetrating(rate_per_s: FloatArray, energy_ev: FloatArray) -> Penetrating:
    """Find what all channels of a sweep have in common.

    Particles that come through the walls are not sorted by energy, so that each channel counts as many of them; the
    channel with the fewest counts among the three highest bounds their rate from above.

    Parameters
    ----------
    rate_per_s : (S, E) float64, counts/s
        Of the whole instrument in each channel; NaN where unknown.
    energy_ev : (S, E) float64, eV
        Channels in any order; NaN where a row does not exist.

    Returns
    -------
    Penetrating
        NaN where one of the three highest channels is unknown.

    References
    ----------
    PDS4 labels of the collection urn:nasa:pds:lp-er-calibrated (background of about 10 counts/s, not subtracted);
    Halekas et al. 2007, doi:10.1029/2006GL028517 (the mission's energetic particle events).
    """
    place = np.argsort(np.where(np.isfinite(energy_ev), -energy_ev, np.inf), axis=1, kind="stable")[:, :HIGHEST]
    top = np.take_along_axis(rate_per_s, place, axis=1)
    lowest, highest = top.min(axis=1), top.max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.minimum(lowest[:, None] / rate_per_s, 1.0)
    # What the archive masks for its dead time is full of electrons: such a channel counts against an event.
    part = np.where(np.isfinite(part), part, 0.0)
    share = np.nanmedian(np.where(np.isfinite(energy_ev), part, np.nan), axis=1)
    return Penetrating(lowest, np.where(np.isfinite(lowest), share, np.nan), lowest >= FLAT * highest)


def instrument_rate_per_s(flux: FloatArray, energy_ev: FloatArray, theta_deg: FloatArray) -> FloatArray:
    """Count rate of the whole instrument in each row.

    Parameters
    ----------
    flux : (R, C) float64, cm-2 s-1 sr-1 eV-1
        NaN where missing; the rate is scaled up for the counting time of such cells.
    energy_ev : (R,) float64, eV
        Channel centres.
    theta_deg : (C,) float64, deg
        Inclinations of the cells.

    Returns
    -------
    (R,) float64, counts/s
        NaN where nothing was seen.
    """
    seconds = cell_accumulation_s(theta_deg)
    seen = np.isfinite(flux)
    counts = np.where(seen, flux, 0.0) @ seconds * energy_ev * GEOMETRIC_FACTOR_CM2_SR
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(counts / (ROW_ACCUMULATION_S * (seen @ seconds) / seconds.sum()))


def penetrating_of_day(table: DayTable, geometry: Geometry) -> Penetrating:
    """Find the penetrating particles of each sweep of a day, without the cells that see the Sun."""
    if geometry.theta_deg is None or not table.n_sweeps:
        unknown = np.full(table.n_sweeps, np.nan)
        return Penetrating(unknown, unknown, np.zeros(table.n_sweeps, np.bool_))
    rate = instrument_rate_per_s(geometry.electron_flux(table.flux), table.energy_ev, geometry.theta_deg)
    rates, energies = table.to_sweeps(rate), table.to_sweeps(table.energy_ev)
    assert rates.shape[1] == N_CHANNELS
    return penetrating(rates, energies)
