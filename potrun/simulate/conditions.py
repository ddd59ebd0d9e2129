"""The physical truth of each sweep: plasma, spacecraft potential, surface potential, loss cone and beam."""

from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.charging import (
    electron_current_a_m2,
    photo_current_a_m2,
    shadow_potential_v,
    sunlit_potential_v,
)
from potrun.simulate.settings import Range, SimulationSettings

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.int8]


class Region(IntEnum):
    """Where in the Earth's surroundings the Moon is."""

    SOLAR_WIND = 1
    MAGNETOSHEATH = 2
    TAIL_LOBE = 3
    PLASMA_SHEET = 4


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What decides the conditions of S sweeps; the footpoint's zenith angle is NaN where there is none.

    `sun_elevation_deg` is the Sun's angle above the plane of the spin, for the sunlight in the cells, and
    `particle_counts_per_s` the rate of penetrating particles in the whole instrument.
    """

    spacecraft_in_sun: BoolArray
    footpoint_in_sun: BoolArray
    footpoint_zenith_deg: FloatArray
    region: CodeArray
    sun_elevation_deg: FloatArray
    particle_counts_per_s: FloatArray


@dataclass(frozen=True, eq=False)
class Conditions:
    """Truth of S sweeps; `u_surface_v`, `b_ratio` and `beam_amplitude` hold wherever a sweep is connected.

    `is_balanced` says that the spacecraft potential obeys the current balance. `environment` has the codes of the
    result file: 1 solar wind, 2 magnetosheath, 3 tail lobe, 4 plasma sheet, 5 wake.
    """

    u_surface_v: FloatArray
    b_ratio: FloatArray
    beam_amplitude: FloatArray
    density_m3: FloatArray
    temperature_ev: FloatArray
    kappa: FloatArray
    usc_v: FloatArray
    is_balanced: BoolArray
    environment: CodeArray

    def take(self, index: NDArray[np.int64] | slice) -> "Conditions":
        """Return the sweeps chosen by an index along S."""
        return Conditions(**{item.name: getattr(self, item.name)[index] for item in fields(self)})


PLASMA_IN_SUN = {
    Region.SOLAR_WIND: (Range(1.5e6, 6e6, "log"), Range(8.0, 25.0), Range(3.0, 6.0)),
    Region.MAGNETOSHEATH: (Range(1e6, 3.5e6, "log"), Range(33.0, 75.0), Range(3.0, 6.0)),
    Region.TAIL_LOBE: (Range(5e4, 3e5, "log"), Range(85.0, 145.0), Range(2.8, 5.0)),
    Region.PLASMA_SHEET: (Range(1e5, 8e5, "log"), Range(160.0, 350.0), Range(2.8, 5.0)),
}
"""Density (m-3), temperature (eV) and kappa where the spacecraft is sunlit."""

PLASMA_IN_SHADOW = (Range(6e4, 1e6, "log"), Range(12.0, 55.0), Range(3.0, 6.0))
"""The same in the Moon's shadow, cool enough for a negative balance."""

DAY_U_V = Range(2.0, 15.0)
LOBE_U_V, SHEET_U_V, WAKE_EDGE_U_V, WAKE_U_V = (
    -100.0,
    Range(-1000.0, -200.0, "log"),
    -200.0,
    Range(-150.0, -30.0, "log"),
)
WAKE_EDGE_ZENITH_DEG = 110.0
"""Surface potentials after Halekas et al. 2008, doi:10.1029/2008JA013194."""

TEMPERATURE_STEPS_EV = (30.0, 80.0, 150.0)


def region_of(degrees_from_full_moon: FloatArray, rng: np.random.Generator) -> CodeArray:
    """Place the Moon in tail, sheath or solar wind; in the tail, spells of lobe and sheet alternate.

    Parameters
    ----------
    degrees_from_full_moon : (S,) float64, deg
        Angle between the Moon and the anti-solar point, in time order.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    (S,) int8
        Codes of `Region`.
    """
    count = len(degrees_from_full_moon)
    spell = np.repeat(rng.random(count // 8 + 1) < 0.5, 8)[:count]
    tail = np.where(spell, Region.PLASMA_SHEET, Region.TAIL_LOBE)
    outside = np.where(degrees_from_full_moon < 40.0, Region.MAGNETOSHEATH, Region.SOLAR_WIND)
    return np.where(degrees_from_full_moon < 25.0, tail, outside).astype(np.int8)


def draw_conditions(around: Surroundings, settings: SimulationSettings, rng: np.random.Generator) -> Conditions:
    """Draw the truth of every sweep.

    Parameters
    ----------
    around : Surroundings
        Illumination and region of each sweep.
    settings : SimulationSettings
        Scenario and ranges.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Conditions
    """
    count = len(around.region)
    if settings.scenario == "moon":
        density, temperature, kappa = _draw_plasma(around, rng)
        u_surface = _draw_potential(around, rng)
        may_beam = ~around.footpoint_in_sun
    else:
        ranges = (settings.density_m3, settings.temperature_ev, settings.kappa)
        density, temperature, kappa = (item.draw(rng, count) for item in ranges)
        u_surface = settings.u_surface_v.draw(rng, count)
        may_beam = np.ones(count, dtype=bool)
    ratio = settings.b_ratio.draw(rng, count)
    amplitude = settings.beam_amplitude.draw(rng, count)
    has_beam = rng.random(count) < settings.beam_fraction
    usc, balanced = spacecraft_potential(around.spacecraft_in_sun, density, temperature, kappa, settings, rng)
    amplitude = np.where(has_beam & may_beam & (usc > u_surface), amplitude, 0.0)
    environment = _environment(around.footpoint_in_sun, around.footpoint_zenith_deg, temperature)
    return Conditions(u_surface, ratio, amplitude, density, temperature, kappa, usc, balanced, environment)


def impose_landmark(truth: Conditions, sweep: int, usc_v: float, u_surface_v: float, b_ratio: float) -> Conditions:
    """Give one sunlit sweep stated values, with the density that balances its spacecraft potential.

    Parameters
    ----------
    truth : Conditions
        Truth to change.
    sweep : int
        Which sweep.
    usc_v, u_surface_v, b_ratio : float
        Values to impose; potentials in V.

    Returns
    -------
    Conditions
    """
    arrays = {item.name: getattr(truth, item.name).copy() for item in fields(truth)}
    balance = sunlit_potential_inverse(np.array([usc_v]), truth.temperature_ev[[sweep]], truth.kappa[[sweep]])
    values = {"usc_v": usc_v, "u_surface_v": u_surface_v, "b_ratio": b_ratio, "beam_amplitude": 1.0}
    for name, value in {**values, "density_m3": balance[0], "is_balanced": True}.items():
        arrays[name][sweep] = value
    return replace(truth, **arrays)


def sunlit_potential_inverse(usc_v: FloatArray, temperature_ev: FloatArray, kappa: FloatArray) -> FloatArray:
    """Find the density whose electrons balance the photoelectrons at a given potential.

    Parameters
    ----------
    usc_v, temperature_ev, kappa : (S,) float64
        Spacecraft potential (V, not negative) and ambient plasma.

    Returns
    -------
    (S,) float64, m-3
    """
    return np.asarray(photo_current_a_m2(usc_v) / electron_current_a_m2(np.ones_like(kappa), temperature_ev, kappa))


def spacecraft_potential(
    in_sun: BoolArray,
    density_m3: FloatArray,
    temperature_ev: FloatArray,
    kappa: FloatArray,
    settings: SimulationSettings,
    rng: np.random.Generator,
) -> tuple[FloatArray, BoolArray]:
    """Solve the current balance, or draw where settings say so or no balance exists.

    Parameters
    ----------
    in_sun : (S,) bool
        Illumination of the spacecraft.
    density_m3, temperature_ev, kappa : (S,) float64
        Ambient plasma.
    settings : SimulationSettings
        How, and the ranges to draw from.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    usc_v : (S,) float64, V
    is_balanced : (S,) bool
    """
    drawn = np.where(in_sun, settings.usc_sunlit_v.draw(rng, len(in_sun)), settings.usc_shadow_v.draw(rng, len(in_sun)))
    if settings.usc == "drawn":
        return drawn, np.zeros(len(in_sun), dtype=bool)
    solved = np.empty(len(in_sun))
    current = electron_current_a_m2(density_m3[in_sun], temperature_ev[in_sun], kappa[in_sun])
    solved[in_sun] = sunlit_potential_v(current)
    solved[~in_sun] = shadow_potential_v(temperature_ev[~in_sun], kappa[~in_sun])
    return np.where(np.isfinite(solved), solved, drawn), np.isfinite(solved)


def _draw_plasma(around: Surroundings, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
    count = len(around.region)
    shadow = [item.draw(rng, count) for item in PLASMA_IN_SHADOW]
    chosen = np.array(shadow)
    for region, ranges in PLASMA_IN_SUN.items():
        sunlit = np.array([item.draw(rng, count) for item in ranges])
        chosen = np.where(around.spacecraft_in_sun & (around.region == region), sunlit, chosen)
    return chosen[0], chosen[1], chosen[2]


def _draw_potential(around: Surroundings, rng: np.random.Generator) -> FloatArray:
    count = len(around.region)
    spread = np.exp(0.2 * rng.standard_normal(count))
    day, sheet, wake = (item.draw(rng, count) for item in (DAY_U_V, SHEET_U_V, WAKE_U_V))
    edge = around.footpoint_zenith_deg < WAKE_EDGE_ZENITH_DEG
    night = np.where(edge, WAKE_EDGE_U_V * spread, wake)
    night = np.where(around.region == Region.TAIL_LOBE, LOBE_U_V * spread, night)
    night = np.where(around.region == Region.PLASMA_SHEET, sheet, night)
    return np.where(around.footpoint_in_sun, day, night)


def _environment(footpoint_in_sun: BoolArray, zenith_deg: FloatArray, temperature_ev: FloatArray) -> CodeArray:
    """Sort by temperature, wake where the footpoint is dark, 0 where there is no footpoint."""
    code = 1 + np.digitize(temperature_ev, TEMPERATURE_STEPS_EV)
    code = np.where(footpoint_in_sun, code, 5)
    return np.where(np.isnan(zenith_deg), 0, code).astype(np.int8)
