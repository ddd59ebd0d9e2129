"""Magnetic fields along the orbit: connected either way, disconnected, or grazing the limb."""

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.cells import N_CHANNELS
from potrun.simulate.ephemeris import MOON_RADIUS_KM
from potrun.simulate.settings import SimulationSettings
from potrun.simulate.truth import Place

FloatArray = NDArray[np.float64]

STRENGTH_NT = (3.0, 30.0)
WIDEST_CONNECTED_DEG = 60.0
_WANDER = 0.004
_LANDMARK_DEG = 5.0


def draw_field(
    place: Place, landmark: int | None, settings: SimulationSettings, rng: np.random.Generator
) -> FloatArray:
    """Draw a field for each sweep and let it wander a little from row to row.

    Parameters
    ----------
    place : Place
        Where each of the 15 S rows was taken.
    landmark : int or None
        Sweep whose field must lead straight down.
    settings : SimulationSettings
        Fractions of disconnected and grazing sweeps.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    (15 S, 3) float64, nT
        SCD, rounded to the six decimals that a table holds.
    """
    sweeps = len(place.et_s) // N_CHANNELS
    middle = np.arange(sweeps) * N_CHANNELS + N_CHANNELS // 2
    radius = np.linalg.norm(place.position_km[middle], axis=1)
    limb = np.degrees(np.arcsin(MOON_RADIUS_KM / radius))
    kind = rng.random(sweeps)
    connected = np.degrees(np.arccos(1.0 - rng.random(sweeps) * (1.0 - np.cos(np.radians(WIDEST_CONNECTED_DEG)))))
    parallel = 90.0 + 0.8 * (90.0 - limb) * (2.0 * rng.random(sweeps) - 1.0)
    apart = settings.disconnected_fraction
    from_nadir = np.where(kind < apart, parallel, connected)
    from_nadir = np.where((kind >= apart) & (kind < apart + settings.grazing_fraction), limb, from_nadir)
    if landmark is not None:
        from_nadir[landmark] = _LANDMARK_DEG
    azimuth = 2.0 * np.pi * rng.random(sweeps)
    sign = np.where(rng.random(sweeps) < 0.5, -1.0, 1.0)

    nadir = -place.position_km[middle] / radius[:, None]
    east = np.cross(nadir, [0.0, 0.0, 1.0]) + np.array([1e-9, 0.0, 0.0])
    east /= np.linalg.norm(east, axis=1, keepdims=True)
    north = np.cross(east, nadir)
    tilt = np.radians(from_nadir)
    flat = np.cos(azimuth)[:, None] * east + np.sin(azimuth)[:, None] * north
    direction = np.cos(tilt)[:, None] * nadir + np.sin(tilt)[:, None] * flat
    strength = STRENGTH_NT[0] * (STRENGTH_NT[1] / STRENGTH_NT[0]) ** rng.random(sweeps)
    steps = _WANDER * np.cumsum(rng.standard_normal((sweeps, N_CHANNELS, 3)), axis=1)
    b_moon = (sign * strength)[:, None, None] * (direction[:, None, :] + steps)
    return np.asarray(np.round(np.einsum("nji,nj->ni", place.scd_to_moon, b_moon.reshape(-1, 3)), 6))
