"""Columns that tell what surrounds each sweep: Sun, field, altitude, region, gyroradius."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.instrument import MOON_RADIUS_KM
from potrun.core.records import (
    BoolArray,
    DayTable,
    FloatArray,
    Geometry,
    IntArray,
    Region,
    SpacecraftPotential,
    SweepBatch,
)
from potrun.core.settings import RegionConfig
from potrun.geometry import context
from potrun.geometry.frames import latitude_longitude_deg
from potrun.plasma.region import region_of

XYZ = ("x", "y", "z")


def context_columns(
    table: DayTable,
    geometry: Geometry,
    potential: SpacecraftPotential,
    batch: SweepBatch | None,
    place: IntArray,
    rule: RegionConfig,
) -> dict[str, NDArray[Any]]:
    """Compute the context of each row and sweep.

    Parameters
    ----------
    table, geometry, potential
        The day's records.
    batch : SweepBatch, optional
        Tells which energies carry the fit.
    place : (S,) int64
        The row that stands for each sweep.
    rule : RegionConfig
        How regions are told apart.

    Returns
    -------
    dict
        Columns as in :mod:`potrun.results.columns`; NaN where unknown.
    """
    position = geometry.position_iau_moon_km
    sun, earth = _vectors(geometry.moon_to_sun_km, table), _vectors(geometry.moon_to_earth_km, table)
    north, field = _vectors(geometry.ecliptic_north, table), _vectors(geometry.b_iau_moon_nt, table)
    point = _on_sphere(geometry.footpoint_latitude_deg, geometry.footpoint_longitude_deg)
    altitude = np.linalg.norm(position, axis=1) - MOON_RADIUS_KM
    strength = np.linalg.norm(field, axis=1)
    rows = {
        "rows_altitude": altitude,
        "rows_projection_solar_zenith": context.zenith_angle_deg(point, sun),
        "rows_field_line_length": np.linalg.norm(point - position, axis=1),
        "rows_dip": context.dip_deg(field, point),
        "rows_b_magnitude": strength,
    }
    subsolar = latitude_longitude_deg(sun[place])[1]
    sweeps = {f"spec_{name.removeprefix('rows_')}": values[place] for name, values in rows.items()}
    sweeps |= {
        "spec_spacecraft_solar_zenith": context.zenith_angle_deg(position[place], sun[place]),
        "spec_projection_local_time": context.local_time_h(geometry.footpoint_longitude_deg[place], subsolar),
        "spec_spacecraft_local_time": context.local_time_h(geometry.spacecraft_longitude_deg[place], subsolar),
        "spec_projection_spread": _angular_spread(table, point),
        "spec_b_spread": _spread(table, strength),
        "spec_b_sun_angle": context.angle_deg(field[place], sun[place]),
    }
    sse = context.turned(context.solar_ecliptic_axes(sun[place], north[place]), field[place])
    for frame, vector in (("scd", table.b_scd_nt[place]), ("iau_moon", field[place]), ("sse", sse)):
        sweeps |= {f"spec_b_{frame}_{axis}": vector[:, n] for n, axis in enumerate(XYZ)}
    sweeps |= _region_columns(geometry, potential, place, (sun[place], earth[place], north[place]), rule)
    sweeps |= _adiabaticity(batch, strength[place], altitude[place], table.n_sweeps)
    return rows | sweeps


def _region_columns(
    geometry: Geometry,
    potential: SpacecraftPotential,
    place: IntArray,
    bodies: tuple[FloatArray, FloatArray, FloatArray],
    rule: RegionConfig,
) -> dict[str, NDArray[Any]]:
    """Place the Moon in GSE and name its region."""
    sun, earth, north = bodies
    gse = context.turned(context.solar_ecliptic_axes(sun - earth, north), -earth) / context.EARTH_RADIUS_KM
    distance, angle = context.from_tail_axis(gse, rule.aberration_deg)
    region = region_of(distance, angle, potential.electron_temperature_ev, potential.electron_density_m3, rule)
    is_outside = (region == Region.SOLAR_WIND) | (region == Region.MAGNETOSHEATH)
    in_shadow = np.isfinite(geometry.footpoint_latitude_deg[place]) & ~geometry.footpoint_in_sun[place]
    return {
        **{f"spec_moon_gse_{axis}": gse[:, n] for n, axis in enumerate(XYZ)},
        "spec_tail_distance": distance,
        "spec_tail_angle": angle,
        "spec_region": region,
        "spec_in_wake": is_outside & in_shadow,
    }


def _adiabaticity(
    batch: SweepBatch | None, field_nt: FloatArray, altitude_km: FloatArray, sweeps: int
) -> dict[str, NDArray[Any]]:
    """Compare the gyroradius of the electrons that carry the fit with the altitude."""
    energy = np.full(sweeps, np.nan) if batch is None else carrying_energy_ev(batch)
    ratio = context.gyroradius_km(energy, field_nt) / altitude_km
    return {
        "spec_fit_energy": energy,
        "spec_gyroradius_over_altitude": ratio,
        "spec_is_nonadiabatic": ratio > 1.0,
    }


def carrying_energy_ev(batch: SweepBatch) -> FloatArray:
    """Return the geometric mean of the fit's energies, each weighted by its cells, (S,); NaN without a cell."""
    weight = batch.mask.sum(axis=2).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        logarithm = np.where(weight > 0, np.log(batch.energy_ev), 0.0)
        return np.asarray(np.exp((weight * logarithm).sum(axis=1) / weight.sum(axis=1)))


def sweep_extreme(table: DayTable, rows: NDArray[Any], ufunc: np.ufunc) -> NDArray[Any]:
    """Reduce rows to sweeps by ``np.fmax`` and the like."""
    return np.asarray(ufunc.reduceat(rows, table.sweep_start)) if table.n_sweeps else rows[:0]


def _spread(table: DayTable, values: FloatArray) -> FloatArray:
    """Return the standard deviation within each sweep, over its known rows."""
    known = np.isfinite(values)
    count = sweep_extreme(table, known.astype(np.float64), np.add)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sweep_extreme(table, np.where(known, values, 0.0), np.add) / count
        away = np.where(known, values - np.repeat(mean, table.sweep_rows), 0.0)
        return np.asarray(np.sqrt(sweep_extreme(table, away**2, np.add) / count))


def _angular_spread(table: DayTable, point: FloatArray) -> FloatArray:
    """Return the largest distance (deg at the Moon's centre) of a sweep's footpoints from their middle."""
    known = np.asarray(np.isfinite(point).all(axis=1))
    middle = sweep_extreme(table, np.where(known[:, None], point, 0.0), np.add)
    away = np.asarray(context.angle_deg(point, np.repeat(middle, table.sweep_rows, axis=0)))
    return np.asarray(sweep_extreme(table, np.where(known, away, np.nan), np.fmax))


def _on_sphere(latitude_deg: FloatArray, longitude_deg: FloatArray) -> FloatArray:
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    across = np.cos(latitude)
    return MOON_RADIUS_KM * np.stack([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], axis=1)


def _vectors(known: FloatArray | None, table: DayTable) -> FloatArray:
    return np.full((table.n_rows, 3), np.nan) if known is None else known


def is_mixed(table: DayTable, polarity: NDArray[Any]) -> BoolArray:
    """Tell the sweeps whose rows differ in polarity."""
    highest = sweep_extreme(table, polarity, np.maximum)
    return np.asarray(highest > sweep_extreme(table, polarity, np.minimum), dtype=np.bool_)
