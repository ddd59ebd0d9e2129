"""What the instrument makes of the electrons that reach it: fluxes with counting noise, sunlight and flags."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potrun.simulate import electrons, flown
from potrun.simulate.cells import CELL_SECONDS, CELLS_ON_CIRCLE, N_CELLS, N_CHANNELS, counts_per_flux
from potrun.simulate.conditions import Conditions, Surroundings
from potrun.simulate.detector import SUN_COUNTS_PER_S, SUN_REACH, SUN_SPOT_DEG, counted, photon_direction
from potrun.simulate.flags import draw_flags
from potrun.simulate.optics import spot
from potrun.simulate.settings import SimulationSettings
from potrun.simulate.truth import pitch_deg

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class SimulatedSweeps:
    """S complete sweeps of 15 rows and 88 cells with their truth.

    `flux` (cm-2 s-1 sr-1 eV-1) is what a table would hold, except that missing values are NaN; `expected_flux` is the
    same without noise, background and flags. `pitch_deg` is NaN in rows whose polarity is 0. `flag` is 0, or 1 to 4 for
    flux missing, flux erroneous, phi missing, phi erroneous. `is_sunlit_cell` marks cells within the reach of sunlight.
    """

    energy_ev: FloatArray
    b_scd_nt: FloatArray
    phi_deg: FloatArray
    polarity: CodeArray
    pitch_deg: FloatArray
    flux: FloatArray
    expected_flux: FloatArray
    flag: CodeArray
    spacecraft_in_sun: BoolArray
    footpoint_in_sun: BoolArray
    truth: Conditions
    is_sunlit_cell: BoolArray

    @property
    def is_connected(self) -> BoolArray:
        """(S,) True where at least one row's field line meets the Moon."""
        return np.asarray((self.polarity != 0).any(axis=1))


def observe(
    energy_ev: FloatArray,
    b_scd_nt: FloatArray,
    phi_deg: FloatArray,
    polarity: CodeArray,
    around: Surroundings,
    truth: Conditions,
    settings: SimulationSettings,
    rng: np.random.Generator,
) -> SimulatedSweeps:
    """Let the instrument count what the truth sends.

    Parameters
    ----------
    energy_ev : (S, 15) float64, eV
        Centre energies.
    b_scd_nt : (S, 15, 3) float64, nT
        Field.
    phi_deg : (S, 15, 88) float64, deg
        Azimuths.
    polarity : (S, 15) int8
        Which way the Moon lies along the field.
    around : Surroundings
        Illumination.
    truth : Conditions
        What goes in.
    settings : SimulationSettings
        Noise, background, flags.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SimulatedSweeps
    """
    sweeps = len(energy_ev)
    rows = sweeps * N_CHANNELS
    pitch = pitch_deg(b_scd_nt.reshape(rows, 3), phi_deg.reshape(rows, N_CELLS), polarity.reshape(rows))
    pitch = pitch.reshape(sweeps, N_CHANNELS, N_CELLS)
    if settings.instrument == "ideal":
        seen = _seen_ideally(energy_ev, pitch, truth, settings, rng)
    else:
        seen = _seen_in_flight(energy_ev, b_scd_nt, phi_deg, polarity, around, truth, settings, rng)
    flag = draw_flags((sweeps, N_CHANNELS, N_CELLS), settings.flagged_fraction, rng)
    flag[seen.is_masked & (flag == 0)] = 1
    flux = np.where((flag == 1) | (flag == 2), np.nan, seen.counts / counts_per_flux(energy_ev))
    phi, pitch = (np.where(flag >= 3, np.nan, angle) for angle in (phi_deg, pitch))
    return SimulatedSweeps(
        energy_ev, b_scd_nt, phi, polarity, pitch, flux, seen.expected_flux, flag,
        around.spacecraft_in_sun, around.footpoint_in_sun, truth, seen.is_sunlit_cell,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Seen:
    """What an instrument makes of S sweeps, (S, 15, 88) each: flux that arrives, counts, masked and sunlit cells."""

    expected_flux: FloatArray
    counts: FloatArray
    is_masked: BoolArray
    is_sunlit_cell: BoolArray


def _seen_ideally(
    energy_ev: FloatArray, pitch: FloatArray, truth: Conditions, settings: SimulationSettings, rng: np.random.Generator
) -> _Seen:
    """Count in the directions of the cells' centres."""
    expected = _ideal_flux(energy_ev, pitch, truth, settings)
    counts = expected * counts_per_flux(energy_ev) + background_counts(settings.background_counts_per_s)
    if settings.counting_noise:
        counts = rng.poisson(counts).astype(np.float64)
    nowhere = np.zeros(pitch.shape, dtype=bool)
    return _Seen(expected, counts, nowhere, nowhere)


def _seen_in_flight(
    energy_ev: FloatArray,
    b_scd_nt: FloatArray,
    phi_deg: FloatArray,
    polarity: CodeArray,
    around: Surroundings,
    truth: Conditions,
    settings: SimulationSettings,
    rng: np.random.Generator,
) -> _Seen:
    """Count with finite cells and channels, with sunlight, penetrating particles and dead time."""
    away = settings.departures
    expected = flown.expected_flux(
        energy_ev, b_scd_nt, phi_deg, polarity, truth, settings.background_fraction, away, rng
    )
    light, sunlit_cell = _sunlight(phi_deg, around, settings)
    gain = 1.0 + away.gains * rng.standard_normal((len(energy_ev), 8))
    gain = np.maximum(np.repeat(gain, [16, 16, 16, 16, 8, 8, 4, 4], axis=1), 0.1)[:, None, :]
    rate = settings.background_counts_per_s + around.particle_counts_per_s
    dark = rate[:, None, None] * background_counts(1.0)
    arriving = expected * counts_per_flux(energy_ev) * gain + dark + light
    counts, masked = counted(arriving, away.dead_time_us, rng if settings.counting_noise else None)
    return _Seen(expected, counts, masked, sunlit_cell)


def _ideal_flux(
    energy_ev: FloatArray, pitch: FloatArray, truth: Conditions, settings: SimulationSettings
) -> FloatArray:
    """Return the flux in the directions of the cells' centres: (S, 15, 88), cm-2 s-1 sr-1 eV-1."""
    incident = electrons.incident_flux(
        energy_ev, truth.density_m3, truth.temperature_ev, truth.kappa, truth.usc_v, settings.energy_response
    )
    return incident[..., None] * electrons.angular_factor(
        energy_ev, pitch, truth.u_surface_v, truth.b_ratio, truth.beam_amplitude, truth.usc_v,
        settings.background_fraction,
    )  # fmt: skip


def _sunlight(phi_deg: FloatArray, around: Surroundings, settings: SimulationSettings) -> tuple[FloatArray, BoolArray]:
    """Return the counts that sunlight adds and the cells within its reach, (S, 15, 88) both."""
    lit = around.spacecraft_in_sun & settings.sunlight
    towards = np.repeat(photon_direction(around.sun_elevation_deg[lit]), N_CHANNELS, axis=0)
    brightness = np.zeros_like(phi_deg)
    sigma = SUN_SPOT_DEG / np.sqrt(8.0 * np.log(2.0))
    brightness[lit] = spot(towards, phi_deg[lit].reshape(-1, N_CELLS), sigma).reshape(-1, N_CHANNELS, N_CELLS)
    return SUN_COUNTS_PER_S * CELL_SECONDS * brightness, brightness > SUN_REACH


def background_counts(counts_per_s: float) -> FloatArray:
    """Share the instrument's dark counts of one row among the cells, by the time for which each one counts.

    Parameters
    ----------
    counts_per_s : float
        Dark rate of the whole instrument.

    Returns
    -------
    (88,) float64, counts
    """
    circles = float((1.0 / CELLS_ON_CIRCLE).sum())
    return np.asarray(counts_per_s * CELL_SECONDS / circles)
