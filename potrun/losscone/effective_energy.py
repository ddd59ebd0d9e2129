"""The energy that a wide channel stands for on a steep spectrum: below its centre, where more electrons are."""

import math

import numpy as np

from potrun.core.records import FloatArray

CHANNEL_SIGMA = math.asinh(0.25) / math.sqrt(2.0 * math.log(2.0))
"""Standard deviation in ln E of a channel whose full width at half maximum is half its energy."""

LEAST_OVER_USC = 1.5
"""Rows below this many times a positive spacecraft potential are left out: their energies are shifted too much."""


def effective_energy(energy_ev: FloatArray, incident_flux: FloatArray) -> FloatArray:
    """Energy at which the electrons of each channel arrive on average, in ln E.

    A log-normal channel of width s on a spectrum F ~ E^-g measures electrons about E exp(-g s^2). The slope g of each
    row is that of the sweep's own incident spectrum: the central difference of ln F by ln E between its neighbours.

    Parameters
    ----------
    energy_ev : (S, E) float64, eV
        Centres of the channels, in any order.
    incident_flux : (S, E) float64
        Incident flux of each row, in any unit; NaN where it is not known.

    Returns
    -------
    (S, E) float64, eV
        NaN where the slope is not known: no incident flux, or fewer than two rows that have one.
    """
    out = np.full(energy_ev.shape, np.nan)
    is_known = np.isfinite(energy_ev) & (energy_ev > 0.0) & np.isfinite(incident_flux) & (incident_flux > 0.0)
    for sweep, known in enumerate(is_known):
        # Two rows of equal energy have no slope between them: the first is used for both.
        energy, first = np.unique(energy_ev[sweep][known], return_index=True)
        if len(energy) < 2:
            continue
        slope = -np.gradient(np.log(incident_flux[sweep][known][first]), np.log(energy))
        shifted = energy * np.exp(-slope * CHANNEL_SIGMA**2)
        out[sweep, known] = shifted[np.searchsorted(energy, energy_ev[sweep][known])]
    return out
