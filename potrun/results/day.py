"""The result of one day: named columns made from the stages' records."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import (
    DayTable,
    FitResult,
    FitStatus,
    FloatArray,
    Geometry,
    IntArray,
    SpacecraftPotential,
    SweepBatch,
)
from potrun.core.settings import QualityConfig, RegionConfig
from potrun.plasma.penetrating import penetrating_of_day
from potrun.results.columns import BY_NAME, COLUMNS, IDENTIFIABLE_KEY, TEXT_TIME, WIDTH_KEY
from potrun.results.context import context_columns, is_mixed, sweep_extreme
from potrun.results.quality import judge

SWEEPS_PER_DATE = 100_000
ENERGY_JUMP = 0.05
"""Change of ln E of a channel from one sweep to the next that is another energy table."""
NUMBERS = ("rows_spec_no", "spec_spec_no")
"""Columns of spectrum numbers, which are moved on where days are joined."""


@dataclass(frozen=True, eq=False)
class DayResult:
    """One day's columns (see :mod:`potrun.results.columns`) and what else is to be remembered of the day.

    `notes` holds what JSON can hold, such as the defects of the input and the seconds each stage took.
    """

    date: dt.date
    columns: Mapping[str, NDArray[Any]]
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_columns(self.columns)

    @property
    def n_rows(self) -> int:
        """Number of energy rows."""
        return len(self.columns["rows_spec_no"])

    @property
    def n_sweeps(self) -> int:
        """Number of sweeps."""
        return len(self.columns["spec_spec_no"])


def check_columns(columns: Mapping[str, NDArray[Any]]) -> None:
    """Compare arrays with the table of columns.

    Raises
    ------
    ValueError
        Naming the missing, unknown, mistyped or misshapen column.
    """
    missing = [column.name for column in COLUMNS if column.name not in columns]
    unknown = sorted(set(columns) - set(BY_NAME))
    if missing or unknown:
        raise ValueError(f"result columns missing: {missing or 'none'}; unknown: {unknown or 'none'}")
    lengths: dict[str, int] = {}
    for column in COLUMNS:
        array = columns[column.name]
        expected = (lengths.setdefault(column.axis, len(array)),)
        if array.dtype != column.dtype or array.shape != expected:
            raise ValueError(
                f"result column {column.name} is {array.dtype}{array.shape}, expected {column.dtype}{expected}"
            )


def assemble(
    table: DayTable,
    geometry: Geometry,
    potential: SpacecraftPotential,
    fit: FitResult,
    u_sigma_usc_v: FloatArray | None = None,
    notes: Mapping[str, Any] | None = None,
    batch: SweepBatch | None = None,
    region: RegionConfig | None = None,
    quality: QualityConfig | None = None,
) -> DayResult:
    """Lay the records of one day out as result columns.

    A sweep spans some 40 s, in which its footpoint moves by about 2 degrees: it is placed at the middle one of its rows
    that have a footpoint, and its illumination is that row's. Where no row has one, the middle row gives the
    spacecraft's place and the footpoint is NaN.

    Parameters
    ----------
    table, geometry, potential, fit
        The day's records, all of the same R rows and S sweeps.
    u_sigma_usc_v : (S,) float64, V, optional
        Standard error of U that comes from the spacecraft potential's; NaN if not given.
    notes : mapping, optional
        Kept with the day's result; must be JSON.
    batch : SweepBatch, optional
        Tells which energies carry the fit.
    region : RegionConfig, optional
        How regions are told apart.
    quality : QualityConfig, optional
        From where on something is wrong with a sweep.

    Returns
    -------
    DayResult
    """
    values = {
        **_sweep_columns(table, geometry, potential, fit),
        "spec_u_sigma_usc": np.full(table.n_sweeps, np.nan) if u_sigma_usc_v is None else u_sigma_usc_v,
    }
    place = middle_rows(table, geometry)
    values |= context_columns(table, geometry, potential, batch, place, region or RegionConfig())
    values |= _circumstances(table, geometry)
    values |= _particles(table, geometry, quality or QualityConfig())
    values |= judge(values, quality or QualityConfig())
    values |= _row_columns(table, geometry, values)
    values |= {
        "source_name": np.array([table.source.name]),
        "source_size_bytes": np.array([table.source.size_bytes]),
        "source_sha256": np.array([table.source.sha256]),
    }
    return DayResult(table.date, {column.name: _typed(column.name, values) for column in COLUMNS}, dict(notes or {}))


def _typed(name: str, values: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Give a column its type, refusing to cut text short."""
    dtype = BY_NAME[name].dtype
    array = values[name]
    if dtype.kind == "U" and array.size and array.dtype.itemsize > dtype.itemsize:
        longest = int(np.strings.str_len(array).max())
        if longest * 4 > dtype.itemsize:
            raise ValueError(f"text of {longest} characters in column {name}, room for {dtype.itemsize // 4}")
    return np.ascontiguousarray(array, dtype=dtype)


def _time_text(unix_time_s: FloatArray) -> NDArray[Any]:
    """Write seconds as the text that readers turn back into a number."""
    return unix_time_s.astype(TEXT_TIME)


def file_offsets(highest: Sequence[int | None]) -> list[int]:
    """Return what is added to each file's spectrum numbers, so that no two files of a result share one.

    Parameters
    ----------
    highest : sequence of int or None
        The largest spectrum number of each file, in their order; None for a file without sweeps.
    """
    offsets, following = [], 0
    for number in highest:
        offsets.append(following)
        if number is not None:
            following += number + 1
    return offsets


def middle_rows(table: DayTable, geometry: Geometry) -> IntArray:
    """Choose the row that stands for each sweep's place.

    Returns
    -------
    (S,) int64
        Row index: the middle one of the rows with a footpoint, of all rows where there is none.
    """
    has_footpoint = np.isfinite(geometry.footpoint_latitude_deg)
    total = np.concatenate([[0], np.cumsum(has_footpoint)])
    first, last = total[table.sweep_start], total[table.sweep_start + table.sweep_rows]
    connected = np.flatnonzero(has_footpoint)
    middle = table.sweep_start + table.sweep_rows // 2
    found = last > first
    middle[found] = connected[(first + (last - first) // 2)[found]]
    return middle


def _sweep_columns(
    table: DayTable, geometry: Geometry, potential: SpacecraftPotential, fit: FitResult
) -> dict[str, NDArray[Any]]:
    end = table.sweep_start + table.sweep_rows - 1
    place = middle_rows(table, geometry)
    date = int(f"{table.date:%Y%m%d}")
    return {
        "spec_spec_no": table.spectrum_number[table.sweep_start],
        "spec_sweep_id": date * SWEEPS_PER_DATE + 1 + np.arange(table.n_sweeps, dtype=np.int64),
        "spec_original_spec_no": table.spectrum_number[table.sweep_start],
        "spec_source_file": np.zeros(table.n_sweeps, dtype=np.int64),
        "spec_time_start": _time_text(table.unix_time_s[table.sweep_start]),
        "spec_time_end": _time_text(table.unix_time_s[end]),
        "spec_utc_start": table.utc[table.sweep_start],
        "spec_utc_end": table.utc[end],
        "spec_row_count": table.sweep_rows,
        "spec_has_fit": fit.status == FitStatus.OK,
        "spec_fit_status": fit.status,
        "spec_u_surface": fit.u_surface_v,
        "spec_bs_over_bm": fit.b_spacecraft_over_b_surface,
        "spec_beam_amp": fit.beam_amplitude,
        "spec_fit_chi2": fit.chi2,
        "spec_fit_certified": fit.is_certified,
        "spec_fit_gap": fit.gap,
        "spec_n_valid_cells": fit.n_valid_cells,
        "spec_at_bound": fit.at_bound,
        **_interval_columns(fit),
        **_likelihood_columns(fit),
        "spec_spacecraft_potential": potential.volts,
        "spec_spacecraft_potential_sigma": potential.sigma_volts,
        "spec_potential_status": potential.status,
        "spec_potential_chi2": potential.reduced_chi2,
        "spec_electron_temperature": potential.electron_temperature_ev,
        "spec_electron_temperature_sigma": potential.sigma_electron_temperature_ev,
        "spec_electron_density": potential.electron_density_m3,
        "spec_electron_density_sigma": potential.sigma_electron_density_m3,
        "spec_kappa_value": potential.kappa,
        "spec_kappa_value_sigma": potential.sigma_kappa,
        "spec_environment_class": potential.environment,
        "spec_spacecraft_latitude": geometry.spacecraft_latitude_deg[place],
        "spec_spacecraft_longitude": geometry.spacecraft_longitude_deg[place],
        "spec_spacecraft_in_sun": geometry.spacecraft_in_sun[place],
        "spec_projection_latitude": geometry.footpoint_latitude_deg[place],
        "spec_projection_longitude": geometry.footpoint_longitude_deg[place],
        "spec_projection_in_sun": geometry.footpoint_in_sun[place],
        "spec_projection_polarity": geometry.polarity[place],
    }


def _circumstances(table: DayTable, geometry: Geometry) -> dict[str, NDArray[Any]]:
    """Gather what the judgement of a sweep needs: attitude, sunlight, polarity, energies."""
    rows = table.n_rows
    unknown = np.full(rows, np.nan)
    age = unknown if geometry.attitude_age_s is None else geometry.attitude_age_s
    covered = unknown if geometry.sun_covered_by_earth is None else geometry.sun_covered_by_earth
    lit = np.zeros(rows) if geometry.is_sunlit_cell is None else geometry.is_sunlit_cell.mean(axis=1)
    grid = table.to_sweeps(table.energy_ev)
    jump = np.abs(np.log(grid[1:] / grid[:-1])) > ENERGY_JUMP
    return {
        "spec_attitude_age": sweep_extreme(table, age, np.fmax),
        "spec_sun_covered_by_earth": sweep_extreme(table, covered, np.fmax),
        "spec_sun_masked_fraction": sweep_extreme(table, lit, np.add) / table.sweep_rows,
        "spec_unknown_rows": sweep_extreme(table, (~geometry.is_known).astype(np.int64), np.add),
        "spec_mixed_polarity": is_mixed(table, geometry.polarity),
        "spec_energy_table_changed": np.concatenate([np.zeros(min(table.n_sweeps, 1), np.bool_), jump.any(axis=1)]),
    }


def _particles(table: DayTable, geometry: Geometry, limits: QualityConfig) -> dict[str, NDArray[Any]]:
    found = penetrating_of_day(table, geometry)
    return {
        "spec_penetrating_rate": found.rate_per_s,
        "spec_penetrating_share": found.share,
        "spec_particle_event": found.is_event(limits.penetrating_counts_per_s, limits.penetrating_share),
    }


def _likelihood_columns(fit: FitResult) -> dict[str, NDArray[Any]]:
    detail = fit.likelihood
    unknown = np.full(len(fit.chi2), np.nan)
    return {
        "spec_u_sigma_statistical": unknown if detail is None else detail.sigma_statistical_v,
        "spec_u_sigma_systematic": unknown if detail is None else detail.sigma_systematic_v,
        "spec_anisotropy": unknown if detail is None else detail.anisotropy,
        "spec_fit_deviance_per_freedom": unknown if detail is None else detail.deviance_per_freedom,
        "spec_fit_misfit": np.zeros(len(unknown), np.bool_) if detail is None else detail.is_misfit,
        "spec_second_u_distance": unknown if detail is None else detail.second_u_v,
        "spec_second_worse_by": unknown if detail is None else detail.second_worse_by,
    }


def _interval_columns(fit: FitResult) -> dict[str, NDArray[Any]]:
    interval = fit.intervals
    unknown = np.full(len(fit.chi2), np.nan)
    is_sure = np.zeros(len(unknown), np.bool_) if interval is None else interval.is_identifiable
    return {
        "spec_u_lo68": unknown if interval is None else interval.u_lo68_v,
        "spec_u_hi68": unknown if interval is None else interval.u_hi68_v,
        "spec_u_lo95": unknown if interval is None else interval.u_lo95_v,
        "spec_u_hi95": unknown if interval is None else interval.u_hi95_v,
        "spec_u_identifiable": is_sure,
        f"spec_{IDENTIFIABLE_KEY}": is_sure,
        f"spec_{WIDTH_KEY}": unknown if interval is None else interval.u_hi95_v - interval.u_lo95_v,
        "spec_u_interval_flag": np.zeros(len(unknown), np.int8) if interval is None else interval.flag,
    }


FROM_SWEEP = {
    "rows_spec_no": "spec_spec_no",
    "rows_sweep_id": "spec_sweep_id",
    "rows_spacecraft_potential": "spec_spacecraft_potential",
    "rows_projected_potential": "spec_u_surface",
    "rows_bs_over_bm": "spec_bs_over_bm",
    "rows_beam_amp": "spec_beam_amp",
    "rows_fit_chi2": "spec_fit_chi2",
    "rows_electron_temperature": "spec_electron_temperature",
    "rows_electron_density": "spec_electron_density",
    "rows_kappa_value": "spec_kappa_value",
    "rows_environment_class": "spec_environment_class",
    f"rows_{IDENTIFIABLE_KEY}": f"spec_{IDENTIFIABLE_KEY}",
    f"rows_{WIDTH_KEY}": f"spec_{WIDTH_KEY}",
}
"""Row columns that repeat their sweep's value."""


def _row_columns(table: DayTable, geometry: Geometry, sweeps: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {
        "rows_utc": table.utc,
        "rows_time": _time_text(table.unix_time_s),
        "rows_energy": table.energy_ev,
        "rows_spacecraft_latitude": geometry.spacecraft_latitude_deg,
        "rows_spacecraft_longitude": geometry.spacecraft_longitude_deg,
        "rows_projection_latitude": geometry.footpoint_latitude_deg,
        "rows_projection_longitude": geometry.footpoint_longitude_deg,
        "rows_spacecraft_in_sun": geometry.spacecraft_in_sun,
        "rows_projection_in_sun": geometry.footpoint_in_sun,
        "rows_projection_polarity": geometry.polarity,
        **{row: np.repeat(sweeps[sweep], table.sweep_rows) for row, sweep in FROM_SWEEP.items()},
    }
