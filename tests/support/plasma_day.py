"""Days made in memory for the plasma tests: regular cells, a field along +x, no kernels."""

import datetime as dt
from collections.abc import Sequence

import numpy as np

from potrun.core.records import DayTable, Geometry, SourceFile

LATITUDES_DEG = np.repeat([11.25, -11.25, 33.75, -33.75, 56.25, -56.25, 78.75, -78.75], [16, 16, 16, 16, 8, 8, 4, 4])
LONGITUDES_DEG = np.concatenate(
    [(np.arange(n) + 0.5) * 360.0 / n for n in (16, 16, 16, 16, 8, 8, 4, 4)],
)
LOW_GRID_EV = 7.1 * (20000.0 / 7.1) ** (np.arange(15)[::-1] / 14)
HIGH_GRID_EV = 38.641 * (16680.334 / 38.641) ** (np.arange(15)[::-1] / 14)


def pitch_from_x_deg(polarity: np.ndarray) -> np.ndarray:
    """(S, C) pitch angles for a field along +x in SCD; NaN where the sweep is disconnected."""
    cosine = np.cos(np.radians(LATITUDES_DEG)) * np.cos(np.radians(LONGITUDES_DEG))
    pitch = np.degrees(np.arccos(np.asarray(polarity)[:, None] * cosine))
    return np.where(np.asarray(polarity)[:, None] == 0, np.nan, pitch)


def make_day(
    flux: np.ndarray,
    *,
    energy_ev: np.ndarray | None = None,
    polarity: Sequence[int] | None = None,
    spacecraft_in_sun: Sequence[bool] | None = None,
    footpoint_in_sun: Sequence[bool] | None = None,
    is_known: Sequence[bool] | None = None,
) -> tuple[DayTable, Geometry]:
    """Make a day of complete sweeps.

    `flux` is (S, E, C) with E at most 15, `energy_ev` (E,) or (S, E); the rest are one value a sweep.
    """
    n_sweeps, n_energies, n_cells = flux.shape
    n_rows = n_sweeps * n_energies
    energies = np.broadcast_to(LOW_GRID_EV[:n_energies] if energy_ev is None else energy_ev, (n_sweeps, n_energies))

    def rows(values: Sequence[int] | Sequence[bool] | None, default: int | bool, dtype: type) -> np.ndarray:
        return np.repeat(np.full(n_sweeps, default) if values is None else np.asarray(values), n_energies).astype(dtype)

    row_polarity = rows(polarity, 1, np.int8)
    nothing = np.full(n_rows, np.nan)
    table = DayTable(
        date=dt.date(1998, 8, 20),
        source=SourceFile("memory", 0, ""),
        utc=np.full(n_rows, "1998-08-20T00:00:00"),
        unix_time_s=np.arange(n_rows, dtype=np.float64),
        energy_ev=energies.reshape(-1).astype(np.float64),
        spectrum_number=np.repeat(np.arange(1, n_sweeps + 1), n_energies),
        b_scd_nt=np.tile([5.0, 0.0, 0.0], (n_rows, 1)),
        flux=flux.reshape(n_rows, n_cells).astype(np.float64),
        phi_deg=np.tile(LONGITUDES_DEG, (n_rows, 1)),
        sweep_start=np.arange(n_sweeps) * n_energies,
        sweep_rows=np.full(n_sweeps, n_energies),
    )
    geometry = Geometry(
        is_known=rows(is_known, True, np.bool_),
        et_s=nothing,
        position_iau_moon_km=np.full((n_rows, 3), np.nan),
        spacecraft_latitude_deg=nothing,
        spacecraft_longitude_deg=nothing,
        footpoint_latitude_deg=nothing,
        footpoint_longitude_deg=nothing,
        polarity=row_polarity,
        spacecraft_in_sun=rows(spacecraft_in_sun, False, np.bool_),
        footpoint_in_sun=rows(footpoint_in_sun, True, np.bool_),
        pitch_deg=pitch_from_x_deg(row_polarity),
        theta_deg=LATITUDES_DEG,
    )
    return table, geometry
