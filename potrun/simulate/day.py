"""One simulated day: sweeps on an orbit, their table and their truth."""

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.attitude import AttitudeRecords
from potrun.simulate.cells import N_CELLS, N_CHANNELS, azimuths_deg, energy_grid_ev
from potrun.simulate.clock import et_s, posix_s, utc_text
from potrun.simulate.conditions import Surroundings, draw_conditions, impose_landmark, region_of
from potrun.simulate.ephemeris import MOON_RADIUS_KM, degrees_from_full_moon
from potrun.simulate.field import draw_field
from potrun.simulate.flags import with_flags
from potrun.simulate.form import form_of
from potrun.simulate.observe import SimulatedSweeps, observe
from potrun.simulate.particles import particle_counts_per_s
from potrun.simulate.schedule import LANDMARKS, rows_of_last_sweep, sweep_starts_s
from potrun.simulate.settings import SimulationSettings
from potrun.simulate.table import table_bytes
from potrun.simulate.truth import Feet, Place, latitude_longitude_deg, place_at, trace

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_STREAM = 19


@dataclass(frozen=True, eq=False)
class SimulatedDay:
    """A day's table as bytes and its truth as named arrays (``row_*`` per row, ``sweep_*`` per sweep)."""

    date: dt.date
    table: bytes
    truth: dict[str, NDArray[Any]]


def simulate_day(
    date: dt.date, sweeps: int, seed: int, attitude: AttitudeRecords, settings: SimulationSettings
) -> SimulatedDay:
    """Simulate one day; it depends on nothing but the arguments.

    Parameters
    ----------
    date : datetime.date
        The day.
    sweeps : int
        How many, 1 to 1080.
    seed : int
        Seed of the archive.
    attitude : AttitudeRecords
        Records that enclose the day.
    settings : SimulationSettings
        What to draw from.

    Returns
    -------
    SimulatedDay
    """
    rng = np.random.default_rng([seed, date.toordinal(), _STREAM])
    form = form_of(settings.instrument, settings.earth_shadow)
    starts = sweep_starts_s(date, sweeps, seed, form.rhythm)
    second = (starts[:, None] + np.array(form.rhythm.row_offset_s)).ravel()
    place = place_at(et_s(date, second), attitude, form)
    landmark = _landmark_sweep(date, starts, settings)
    b_scd = draw_field(place, landmark, settings, rng)
    feet = trace(place, np.einsum("nij,nj->ni", place.scd_to_moon, b_scd))
    has_event = settings.instrument == "flown" and settings.particle_event
    particles = particle_counts_per_s(date, starts.astype(np.float64)) * has_event
    around = _surroundings(place, feet, particles, rng)
    truth = draw_conditions(around, settings, rng)
    if landmark is not None:
        mark = LANDMARKS[date]
        truth = impose_landmark(truth, landmark, mark.usc_v, mark.u_surface_v, mark.b_ratio)
    energy = np.tile(energy_grid_ev(settings.grid, date), (sweeps, 1))
    phi = azimuths_deg(3.0 * np.arange(sweeps, dtype=np.float64) % 22.5)
    polarity = feet.polarity.reshape(sweeps, N_CHANNELS)
    made = observe(energy, b_scd.reshape(sweeps, N_CHANNELS, 3), phi, polarity, around, truth, settings, rng)

    keep = np.arange(len(second)) < len(second) - (N_CHANNELS - rows_of_last_sweep(date))
    number = np.repeat(1 + np.arange(sweeps), N_CHANNELS)
    flux, azimuth = with_flags(made.flux, phi, made.flag)
    utc = utc_text(date, second)
    posix = posix_s(date, np.repeat(starts, N_CHANNELS) if form.rhythm.repeats_start else second)
    cells = (item.reshape(-1, N_CELLS)[keep] for item in (flux, azimuth))
    table = table_bytes(utc[keep], posix[keep], energy.ravel()[keep], number[keep], b_scd[keep], *cells)
    columns = {"utc": utc, "epoch": posix.astype(np.float64), "energy": energy.ravel(), "spec": number, "B": b_scd}
    rows = {key: value[keep] for key, value in (columns | _row_truth(place, feet, made)).items()}
    return SimulatedDay(date, table, _name_truth(rows, number[keep], made, around))


def _landmark_sweep(date: dt.date, starts: NDArray[np.int64], settings: SimulationSettings) -> int | None:
    """Find the sweep nearest to the day's landmark, if it has one within a minute."""
    if date not in LANDMARKS or settings.scenario != "moon":
        return None
    distance = np.abs(starts - LANDMARKS[date].second_of_day)
    nearest = int(np.argmin(distance))
    return nearest if distance[nearest] <= 60 else None


def _surroundings(place: Place, feet: Feet, particles: FloatArray, rng: np.random.Generator) -> Surroundings:
    """Take a sweep's illumination from its first connected row, or its first."""
    connected = feet.polarity.reshape(-1, N_CHANNELS) != 0
    first = np.arange(len(connected)) * N_CHANNELS
    row = first + connected.argmax(axis=1)
    cosine = (feet.position_km * place.sun_km).sum(axis=1) / MOON_RADIUS_KM / np.linalg.norm(place.sun_km, axis=1)
    zenith = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    region = region_of(degrees_from_full_moon(place.et_s[first]), rng)
    to_sun = place.sun_km[first] - place.position_km[first]
    up = (to_sun * place.scd_to_moon[first, :, 2]).sum(axis=1) / np.linalg.norm(to_sun, axis=1)
    elevation = np.degrees(np.arcsin(up))
    return Surroundings(place.spacecraft_in_sun[first], feet.in_sun[row], zenith[row], region, elevation, particles)


def _row_truth(place: Place, feet: Feet, made: SimulatedSweeps) -> dict[str, NDArray[Any]]:
    spacecraft_lat, spacecraft_lon = latitude_longitude_deg(place.position_km)
    foot_lat, foot_lon = latitude_longitude_deg(feet.position_km)
    return {
        "et": place.et_s,
        "pos": place.position_km,
        "ra": place.ra_deg,
        "dec": place.dec_deg,
        "sc_lat": spacecraft_lat,
        "sc_lon": spacecraft_lon,
        "sc_sun": place.spacecraft_in_sun,
        "alt": np.linalg.norm(place.position_km, axis=1) - MOON_RADIUS_KM,
        "polarity": feet.polarity,
        "foot_lat": foot_lat,
        "foot_lon": foot_lon,
        "foot_sun": feet.in_sun,
        "pitch": made.pitch_deg.reshape(-1, N_CELLS).astype(np.float32),
        "flag": made.flag.reshape(-1, N_CELLS),
    }


_TRUTH_NAMES = {
    "u_surface_v": "U", "b_ratio": "r", "beam_amplitude": "A", "density_m3": "n", "temperature_ev": "Te",
    "kappa": "kappa", "usc_v": "Usc", "is_balanced": "balanced", "environment": "environment",
}  # fmt: skip


def _name_truth(
    rows: dict[str, NDArray[Any]], number: NDArray[np.int64], made: SimulatedSweeps, around: Surroundings
) -> dict[str, NDArray[Any]]:
    """Name row arrays ``row_*`` and sweep arrays ``sweep_*``; U, r and A are NaN without a connection."""
    first = np.flatnonzero(np.diff(number, prepend=0))
    sweep: dict[str, NDArray[Any]] = {
        _TRUTH_NAMES[item.name]: getattr(made.truth, item.name) for item in fields(made.truth)
    }
    for name in ("U", "r", "A"):
        sweep[name] = np.where(made.is_connected, sweep[name], np.nan)
    sweep["mixed"] = (made.polarity != made.polarity[:, :1]).any(axis=1)
    sweep["region"] = around.region
    sweep["rows"] = np.bincount(number)[1:]
    for name in ("spec", "utc", "sc_lat", "sc_lon", "sc_sun", "alt", "polarity", "foot_lat", "foot_lon", "foot_sun"):
        sweep[name] = rows[name][first]
    return {f"row_{key}": value for key, value in rows.items()} | {f"sweep_{key}": v for key, v in sweep.items()}
