"""Sweeps in memory, without an orbit or an archive."""

import datetime as dt

import numpy as np

from potrun.simulate.cells import N_CHANNELS, azimuths_deg, energy_grid_ev
from potrun.simulate.conditions import Region, Surroundings, draw_conditions
from potrun.simulate.observe import SimulatedSweeps, observe
from potrun.simulate.settings import SimulationSettings

_STREAM = 17

SUN_ELEVATION_SPREAD_DEG = 2.0
"""Spread of the Sun's angle above the spin plane for sweeps without an orbit: the axis stays near an ecliptic pole."""


def simulate_sweeps(
    n_sweeps: int, seed: int, settings: SimulationSettings | None = None, date: dt.date | None = None
) -> SimulatedSweeps:
    """Make sweeps without an orbit: fields point anywhere, illumination is drawn.

    Sweep i depends on the seed and on `n_sweeps`. Half of the connected sweeps have either polarity.

    Parameters
    ----------
    n_sweeps : int
        How many.
    seed : int
        Seed; the same gives the same arrays.
    settings : SimulationSettings, optional
        Ranges; by default those of `SimulationSettings` with scenario "ranges".
    date : datetime.date, optional
        Decides the energy grid where settings leave it to the date.

    Returns
    -------
    SimulatedSweeps
    """
    settings = settings or SimulationSettings(scenario="ranges")
    nowhere = np.zeros(n_sweeps)
    rng = np.random.default_rng([seed, n_sweeps, _STREAM])
    in_sun = rng.random(n_sweeps) < settings.sunlit_fraction
    foot_in_sun = in_sun & (rng.random(n_sweeps) < 0.5)
    zenith = np.where(foot_in_sun, 90.0 * rng.random(n_sweeps), 90.0 + 90.0 * rng.random(n_sweeps))
    region = rng.integers(Region.SOLAR_WIND, Region.PLASMA_SHEET + 1, size=n_sweeps).astype(np.int8)
    connected = rng.random(n_sweeps) >= settings.disconnected_fraction
    sign = np.where(rng.random(n_sweeps) < 0.5, -1, 1)
    polarity = np.repeat(np.where(connected, sign, 0)[:, None], N_CHANNELS, axis=1).astype(np.int8)
    direction = rng.standard_normal((n_sweeps, 1, 3))
    field = 3.0 * 10.0 ** rng.random((n_sweeps, 1, 1)) * direction / np.linalg.norm(direction, axis=2, keepdims=True)
    b_scd = np.round(np.repeat(field, N_CHANNELS, axis=1), 6)
    elevation = SUN_ELEVATION_SPREAD_DEG * rng.standard_normal(n_sweeps) if settings.instrument == "flown" else nowhere
    zenith = np.where(connected, zenith, np.nan)
    around = Surroundings(in_sun, foot_in_sun & connected, zenith, region, elevation, nowhere)
    truth = draw_conditions(around, settings, rng)
    phi = azimuths_deg(22.5 * rng.random(n_sweeps))
    energy = np.tile(energy_grid_ev(settings.grid, date), (n_sweeps, 1))
    return observe(energy, b_scd, phi, polarity, around, truth, settings, rng)
