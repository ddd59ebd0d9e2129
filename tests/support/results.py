"""Made-up records of a day, for tests of what comes after the fit."""

import datetime as dt

import numpy as np

from potrun.core.instrument import N_CELLS
from potrun.core.records import (
    DayTable,
    FitResult,
    FitStatus,
    Geometry,
    Intervals,
    PotentialStatus,
    SourceFile,
    SpacecraftPotential,
)
from potrun.results.day import DayResult, assemble

PROVENANCE = {"origin": "simulated", "config": {"fitter": {"method": "halekas"}, "year": 1998}}


def make_table(date: dt.date = dt.date(1998, 4, 15), sweep_rows: tuple[int, ...] = (15, 15, 15, 14)) -> DayTable:
    """A table whose sweeps follow each other every 80 s."""
    rows = np.array(sweep_rows, dtype=np.int64)
    sweep = np.repeat(np.arange(len(rows)), rows)
    start = np.concatenate([[0], np.cumsum(rows)])[:-1].astype(np.int64)
    seconds = sweep * 80 + (np.arange(rows.sum()) - start[sweep]) * 2.5
    midnight = np.datetime64(date, "s")
    return DayTable(
        date=date,
        source=SourceFile(f"{date:%Y}/folder/3D{date:%y%m%d}.TAB", 24_000_000, f"{date.toordinal():064x}"),
        utc=(midnight + seconds.astype(np.int64)).astype("U19"),
        unix_time_s=midnight.astype(np.float64) + np.floor(seconds),
        energy_ev=40.0 * 1.5 ** (np.arange(rows.sum()) - start[sweep]),
        spectrum_number=sweep + 7,
        b_scd_nt=np.full((rows.sum(), 3), 5.0),
        flux=np.full((rows.sum(), N_CELLS), 1e3),
        phi_deg=np.zeros((rows.sum(), N_CELLS)),
        sweep_start=start,
        sweep_rows=rows,
    )


def make_geometry(table: DayTable, seed: int = 0) -> Geometry:
    """A polar track with a third of the footpoints in sun, one sweep in eight disconnected."""
    rows = table.n_rows
    rng = np.random.default_rng([seed, table.date.toordinal()])
    phase = 2 * np.pi * table.unix_time_s / 7080
    latitude = np.degrees(np.arcsin(np.sin(phase)))
    longitude = (table.unix_time_s / 7080 * 37.0 + 180 * (np.cos(phase) < 0)) % 360 - 180
    is_connected = (rng.random(table.n_sweeps) > 0.12)[table.row_sweep]
    in_sun = np.cos(phase + 0.3) > 0.2
    return Geometry(
        is_known=np.ones(rows, np.bool_),
        et_s=table.unix_time_s - 946_727_936.0,
        position_iau_moon_km=np.full((rows, 3), 1060.0),
        spacecraft_latitude_deg=latitude,
        spacecraft_longitude_deg=longitude,
        footpoint_latitude_deg=np.where(is_connected, latitude * 0.98, np.nan),
        footpoint_longitude_deg=np.where(is_connected, longitude, np.nan),
        polarity=np.where(is_connected, 1, 0).astype(np.int8),
        spacecraft_in_sun=in_sun,
        footpoint_in_sun=in_sun & is_connected,
        pitch_deg=np.full((rows, N_CELLS), 90.0),
    )


def make_potential(table: DayTable, seed: int = 0) -> SpacecraftPotential:
    """A plasma that changes slowly along the day."""
    n = table.n_sweeps
    rng = np.random.default_rng([seed + 1, table.date.toordinal()])
    values = {
        "volts": rng.normal(8, 6, n),
        "electron_temperature_ev": rng.lognormal(4.3, 0.5, n),
        "electron_density_m3": rng.lognormal(13, 0.6, n),
        "kappa": rng.uniform(2.5, 6, n),
    }
    sigma = {f"sigma_{name}": 0.1 * np.abs(value) for name, value in values.items()}
    return SpacecraftPotential(
        **values,
        **sigma,
        reduced_chi2=rng.gamma(3, 0.3, n),
        status=np.full(n, PotentialStatus.OK, np.int8),
        environment=rng.integers(0, 6, n).astype(np.int8),
    )


def make_fit(table: DayTable, geometry: Geometry, seed: int = 0) -> FitResult:
    """Potentials near 0 V in sun and of hundreds of volts in shadow; no fit where there is no footpoint."""
    n = table.n_sweeps
    rng = np.random.default_rng([seed + 2, table.date.toordinal()])
    row = table.sweep_start + table.sweep_rows // 2
    has_fit = geometry.polarity[row] != 0
    in_sun = geometry.footpoint_in_sun[row]
    u = np.where(in_sun, rng.normal(-5, 12, n), -rng.lognormal(4.8, 0.8, n)).clip(-2000, 20)
    width = 4 + np.abs(u) * rng.lognormal(-1.5, 1, n)

    def fitted(values: np.ndarray) -> np.ndarray:
        return np.where(has_fit, values, np.nan)

    return FitResult(
        u_surface_v=fitted(u),
        b_spacecraft_over_b_surface=fitted(rng.uniform(0.4, 1.05, n)),
        beam_amplitude=fitted(rng.exponential(0.5, n)),
        chi2=fitted(rng.lognormal(6, 0.6, n)),
        is_certified=has_fit & (rng.random(n) > 0.04),
        gap=fitted(np.full(n, 3e-4)),
        status=np.where(has_fit, FitStatus.OK, FitStatus.NO_CONNECTION).astype(np.int8),
        n_valid_cells=np.where(has_fit, 900, 0).astype(np.int64),
        at_bound=np.zeros(n, np.int8),
        intervals=Intervals(
            u_lo68_v=fitted(u - width / 2),
            u_hi68_v=fitted(u + width / 2),
            u_lo95_v=fitted(u - width),
            u_hi95_v=fitted(u + width),
            is_identifiable=has_fit & (2 * width < 200),
            flag=np.zeros(n, np.int8),
        ),
    )


def make_day(
    date: dt.date = dt.date(1998, 4, 15), sweep_rows: tuple[int, ...] = (15, 15, 15, 14), seed: int = 0
) -> DayResult:
    """The result of a made-up day."""
    table = make_table(date, sweep_rows)
    geometry = make_geometry(table, seed)
    return assemble(
        table, geometry, make_potential(table, seed), make_fit(table, geometry, seed), notes={"defects": []}
    )
