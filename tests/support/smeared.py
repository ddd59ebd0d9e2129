"""Sweeps of the instrument that flew, with a known spacecraft potential."""

import numpy as np

from potrun.core.records import SpacecraftPotential
from potrun.simulate.departures import Departures
from potrun.simulate.handover import to_records
from potrun.simulate.settings import Range, SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps

USC_V = 8.0
NONE = Departures()


def smeared_day(number, seed, departures=NONE, **ranges):
    """Table, geometry, spacecraft potential and truth of connected sweeps."""
    settings = SimulationSettings(
        scenario="ranges", usc="drawn", usc_sunlit_v=Range(USC_V, USC_V), usc_shadow_v=Range(USC_V, USC_V),
        disconnected_fraction=0.0, grazing_fraction=0.0, instrument="flown", departures=departures, **ranges,
    )  # fmt: skip
    sweeps = simulate_sweeps(number, seed, settings)
    table, geometry = to_records(sweeps)
    truth, unknown = sweeps.truth, np.full(number, np.nan)
    potential = SpacecraftPotential(
        np.full(number, USC_V), truth.temperature_ev, truth.density_m3, truth.kappa, *[unknown] * 5,
        np.full(number, 7, np.int8), np.zeros(number, np.int8),
    )  # fmt: skip
    return table, geometry, potential, truth
