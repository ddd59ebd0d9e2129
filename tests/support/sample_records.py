"""The independent sample day as records, read with a parser of its own."""

import datetime as dt
from pathlib import Path

import numpy as np

from potrun.core.records import DayTable, Geometry, SourceFile, SpacecraftPotential


def sample_table_and_geometry(sample: Path):
    path = sample / "1998" / "213_243AUG" / "3D980820.TAB"
    lines = [line.split() for line in path.read_text().splitlines()]
    utc = np.array([line[0] for line in lines])
    values = np.array([line[1:] for line in lines], dtype=np.float64)
    truth = np.load(sample / "truth.npz")
    assert np.array_equal(utc, truth["row_utc"])
    flux, phi = values[:, 6:94].copy(), values[:, 94:].copy()
    flux[(flux == 9.999e-99) | (flux == -9.99e-99)] = np.nan
    phi[(phi == 999.99) | (phi == 998.99)] = np.nan
    number = values[:, 2].astype(np.int64)
    start = np.flatnonzero(np.r_[True, number[1:] != number[:-1]])
    table = DayTable(
        date=dt.date(1998, 8, 20),
        source=SourceFile(name=path.name, size_bytes=path.stat().st_size, sha256=""),
        utc=utc,
        unix_time_s=values[:, 0],
        energy_ev=values[:, 1],
        spectrum_number=number,
        b_scd_nt=values[:, 3:6],
        flux=flux,
        phi_deg=phi,
        sweep_start=start,
        sweep_rows=np.diff(np.r_[start, len(number)]),
    )
    polarity = truth["row_polarity"]
    rows = len(utc)
    geometry = Geometry(
        is_known=np.ones(rows, bool),
        et_s=truth["row_et"],
        position_iau_moon_km=truth["row_pos"],
        spacecraft_latitude_deg=truth["row_sc_lat"],
        spacecraft_longitude_deg=truth["row_sc_lon"],
        footpoint_latitude_deg=truth["row_foot_lat"],
        footpoint_longitude_deg=truth["row_foot_lon"],
        polarity=polarity,
        spacecraft_in_sun=truth["row_sc_sun"],
        footpoint_in_sun=truth["row_foot_sun"],
        pitch_deg=_pitch(table.b_scd_nt, polarity, truth["theta"], phi),
    )
    assert np.nanmax(np.abs(geometry.pitch_deg - truth["row_pitch"])) < 1e-4
    return table, geometry


def _pitch(field, polarity, theta_deg, phi_deg):
    theta, phi = np.radians(theta_deg)[None, :], np.radians(phi_deg)
    cells = np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta) + 0 * phi], axis=-1)
    moonward = np.where(polarity[:, None] == 0, np.nan, polarity[:, None] * field)
    moonward = moonward / np.linalg.norm(moonward, axis=1, keepdims=True)
    return np.degrees(np.arccos(np.clip((cells * moonward[:, None, :]).sum(axis=-1), -1, 1)))


def constant_potential(n_sweeps: int, volts: float) -> SpacecraftPotential:
    nan, code = np.full(n_sweeps, np.nan), np.zeros(n_sweeps, np.int8)
    return SpacecraftPotential(np.full(n_sweeps, float(volts)), nan, nan, nan, nan, nan, nan, nan, nan, code, code)
