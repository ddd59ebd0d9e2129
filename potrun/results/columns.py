"""Every column of a result: its key in the NPZ, type, axis, unit and meaning.

The keys without a mark are a contract with existing readers of such files; those in ``ADDED`` are potrun's own. All
rows of a sweep carry its fit. A value that was not determined is NaN; a False sun flag means "not sunlit" only where
the coordinates of the same place are finite.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Axis = Literal["rows", "sweeps", "files"]

UTC = "<U19"
TEXT_TIME = "<U24"

IDENTIFIABLE_KEY = "u_is_identifiable_lhs_dchi2red_0p001"
WIDTH_KEY = "u_width_lhs_dchi2red_0p001"
"""Endings of the keys under which readers of such files look for what a fit can tell of U.

They are named after a rise of the reduced chi2 by 0.001 over a Latin hypercube sample; potrun fills them from its own
95 % intervals of U, which are calibrated.
"""


@dataclass(frozen=True)
class Column:
    """One array of a result; `is_repetitive` says that compressing it pays."""

    name: str
    dtype: np.dtype[np.generic]
    axis: Axis
    unit: str
    meaning: str
    is_repetitive: bool = True


def _table(axis: Axis, lines: list[tuple[str, str, str, str]]) -> tuple[Column, ...]:
    noisy = ("latitude", "longitude")
    return tuple(
        Column(name, np.dtype(dtype), axis, unit, meaning, not (axis == "rows" and name.endswith(noisy)))
        for name, dtype, unit, meaning in lines
    )


def _vector(name: str, unit: str, meaning: str) -> list[tuple[str, str, str, str]]:
    """Name the three components of a vector."""
    return [(f"{name}_{axis}", "<f8", unit, f"{axis} of: {meaning}") for axis in ("x", "y", "z")]


ROW_COLUMNS = _table(
    "rows",
    [
        ("rows_spec_no", "<i8", "", "spec_spec_no of the row's sweep"),
        ("rows_sweep_id", "<i8", "", "spec_sweep_id of the row's sweep"),
        ("rows_utc", UTC, "UTC", "time of the row"),
        ("rows_time", TEXT_TIME, "s", "seconds since 1970-01-01 as the archive gives them, as text"),
        ("rows_energy", "<f8", "eV", "centre energy of the channel, as measured"),
        ("rows_spacecraft_latitude", "<f8", "deg", "planetocentric latitude of the spacecraft"),
        ("rows_spacecraft_longitude", "<f8", "deg", "east longitude of the spacecraft, -180..180"),
        ("rows_projection_latitude", "<f8", "deg", "planetocentric latitude of the field line's footpoint"),
        ("rows_projection_longitude", "<f8", "deg", "east longitude of the footpoint, -180..180"),
        ("rows_spacecraft_potential", "<f8", "V", "spacecraft potential of the sweep"),
        ("rows_projected_potential", "<f8", "V", "surface potential U of the sweep"),
        ("rows_bs_over_bm", "<f8", "", "fitted B_spacecraft / B_surface of the sweep"),
        ("rows_beam_amp", "<f8", "", "fitted amplitude of the secondary-electron beam"),
        ("rows_fit_chi2", "<f8", "", "objective at the reported parameters"),
        ("rows_spacecraft_in_sun", "|b1", "", "the spacecraft is sunlit"),
        ("rows_projection_in_sun", "|b1", "", "the footpoint is sunlit"),
        ("rows_projection_polarity", "|i1", "", "+1 if +B leads to the Moon, -1 if -B does, 0 if neither"),
        ("rows_electron_temperature", "<f8", "eV", "electron temperature of the sweep"),
        ("rows_electron_density", "<f8", "m-3", "electron density of the sweep"),
        ("rows_kappa_value", "<f8", "", "kappa of the sweep's electron distribution"),
        ("rows_environment_class", "|i1", "", "plasma environment, see Environment"),
        ("rows_altitude", "<f8", "km", "altitude of the spacecraft above the sphere of 1737.4 km"),
        ("rows_projection_solar_zenith", "<f8", "deg", "distance of the Sun from the footpoint's zenith"),
        (
            "rows_field_line_length",
            "<f8",
            "km",
            "length of the straight field line down to the footpoint",
        ),
        ("rows_dip", "<f8", "deg", "angle between the field and the surface at the footpoint, 90: upright"),
        ("rows_b_magnitude", "<f8", "nT", "strength of the magnetic field"),
        (f"rows_{IDENTIFIABLE_KEY}", "|b1", "", "spec_u_identifiable of the sweep, as readers ask for it"),
        (
            f"rows_{WIDTH_KEY}",
            "<f8",
            "V",
            "width of the sweep's 95 % interval of U, as readers ask for it",
        ),
    ],
)

SWEEP_COLUMNS = _table(
    "sweeps",
    [
        (
            "spec_spec_no",
            "<i8",
            "",
            "the archive's spectrum number plus an offset for each file: 0 for the first, then one more than the "
            "largest number so far; unique where a file does not use a number twice",
        ),
        (
            "spec_sweep_id",
            "<i8",
            "",
            "potrun's own number, always unique: yyyymmdd x 100000 + place in its file",
        ),
        ("spec_original_spec_no", "<i8", "", "spectrum number in the source file"),
        ("spec_source_file", "<i8", "", "index into source_name of the file that the sweep came from"),
        ("spec_time_start", TEXT_TIME, "s", "rows_time of the first row: seconds since 1970-01-01, as text"),
        ("spec_time_end", TEXT_TIME, "s", "rows_time of the last row"),
        ("spec_utc_start", UTC, "UTC", "time of the first row"),
        ("spec_utc_end", UTC, "UTC", "time of the last row"),
        ("spec_row_count", "<i8", "", "number of rows"),
        ("spec_has_fit", "|b1", "", "a valid fit exists"),
        ("spec_fit_status", "|i1", "", "why there is a fit or none, see FitStatus"),
        ("spec_u_surface", "<f8", "V", "surface potential U, negative for a negatively charged surface"),
        ("spec_bs_over_bm", "<f8", "", "fitted B_spacecraft / B_surface"),
        ("spec_beam_amp", "<f8", "", "fitted amplitude of the secondary-electron beam"),
        ("spec_fit_chi2", "<f8", "", "objective at the reported parameters"),
        ("spec_fit_certified", "|b1", "", "the global minimum is proven within the solver's tolerance"),
        ("spec_fit_gap", "<f8", "", "(chi2 - proven lower bound) / chi2"),
        ("spec_n_valid_cells", "<i8", "", "cells that entered the objective"),
        ("spec_at_bound", "|i1", "", "which parameters lie on a bound, see AtBound"),
        ("spec_u_lo68", "<f8", "V", "lower end of the 68 % interval of U"),
        ("spec_u_hi68", "<f8", "V", "upper end of the 68 % interval of U"),
        ("spec_u_lo95", "<f8", "V", "lower end of the 95 % interval of U"),
        ("spec_u_hi95", "<f8", "V", "upper end of the 95 % interval of U"),
        ("spec_u_identifiable", "|b1", "", "the 95 % interval is narrower than fitter.identifiable_max_width_v"),
        (f"spec_{IDENTIFIABLE_KEY}", "|b1", "", "spec_u_identifiable, under the key that readers ask for"),
        (f"spec_{WIDTH_KEY}", "<f8", "V", "width of the 95 % interval of U, under the key that readers ask for"),
        ("spec_u_interval_flag", "|i1", "", "what to know about the intervals, see IntervalFlag"),
        ("spec_u_sigma_usc", "<f8", "V", "standard error of U that comes from the spacecraft potential's"),
        ("spec_u_sigma_statistical", "<f8", "V", "part of U's standard error that comes from counting (likelihood)"),
        (
            "spec_u_sigma_systematic",
            "<f8",
            "V",
            "part that comes from Usc, departures of the instrument and misfit (likelihood)",
        ),
        ("spec_anisotropy", "<f8", "", "excess q of the flux along the field line, 1 + q cos^2 (likelihood)"),
        (
            "spec_fit_deviance_per_freedom",
            "<f8",
            "",
            "deviance over its expectation: about 1 if the model describes the sweep (likelihood)",
        ),
        ("spec_fit_misfit", "|b1", "", "that exceeds fitter.likelihood.misfit_max"),
        ("spec_second_u_distance", "<f8", "V", "distance in U of the second best minimum (likelihood)"),
        ("spec_second_worse_by", "<f8", "", "by how much its ln L is lower (likelihood)"),
        ("spec_spacecraft_potential", "<f8", "V", "spacecraft potential"),
        ("spec_spacecraft_potential_sigma", "<f8", "V", "standard error of the spacecraft potential"),
        ("spec_potential_status", "|i1", "", "how the spacecraft potential came about, see PotentialStatus"),
        ("spec_potential_chi2", "<f8", "", "reduced chi2 of the electron distribution's fit"),
        ("spec_electron_temperature", "<f8", "eV", "electron temperature"),
        ("spec_electron_temperature_sigma", "<f8", "eV", "standard error of the electron temperature"),
        ("spec_electron_density", "<f8", "m-3", "electron density"),
        ("spec_electron_density_sigma", "<f8", "m-3", "standard error of the electron density"),
        ("spec_kappa_value", "<f8", "", "kappa of the electron distribution"),
        ("spec_kappa_value_sigma", "<f8", "", "standard error of kappa"),
        ("spec_environment_class", "|i1", "", "plasma environment, see Environment"),
        ("spec_spacecraft_latitude", "<f8", "deg", "latitude of the spacecraft at the sweep's middle"),
        ("spec_spacecraft_longitude", "<f8", "deg", "east longitude of the spacecraft at the sweep's middle"),
        ("spec_spacecraft_in_sun", "|b1", "", "the spacecraft is sunlit at the sweep's middle"),
        (
            "spec_projection_latitude",
            "<f8",
            "deg",
            "latitude of the footpoint, at the middle of the rows that have one",
        ),
        ("spec_projection_longitude", "<f8", "deg", "east longitude of that footpoint, -180..180"),
        ("spec_projection_in_sun", "|b1", "", "that footpoint is sunlit"),
        ("spec_projection_polarity", "|i1", "", "polarity of that row, 0 where no row is connected"),
        ("spec_altitude", "<f8", "km", "altitude of the spacecraft above the sphere of 1737.4 km"),
        ("spec_projection_solar_zenith", "<f8", "deg", "distance of the Sun from the footpoint's zenith"),
        (
            "spec_field_line_length",
            "<f8",
            "km",
            "length of the straight field line down to the footpoint",
        ),
        ("spec_dip", "<f8", "deg", "angle between the field and the surface at the footpoint, 90: upright"),
        ("spec_b_magnitude", "<f8", "nT", "strength of the magnetic field"),
        ("spec_spacecraft_solar_zenith", "<f8", "deg", "distance of the Sun from the zenith of the spacecraft"),
        ("spec_projection_local_time", "<f8", "h", "local time of the footpoint, 12 under the subsolar meridian"),
        ("spec_spacecraft_local_time", "<f8", "h", "local time of the spacecraft"),
        ("spec_projection_spread", "<f8", "deg", "largest distance of the sweep's footpoints from their middle"),
        ("spec_b_spread", "<f8", "nT", "standard deviation of the field's strength within the sweep"),
        ("spec_b_sun_angle", "<f8", "deg", "angle between the field and the direction from the Moon to the Sun"),
        *_vector("spec_b_scd", "nT", "magnetic field as measured, despun spacecraft frame (SCD)"),
        *_vector("spec_b_iau_moon", "nT", "magnetic field, selenographic (IAU_MOON)"),
        *_vector("spec_b_sse", "nT", "magnetic field, selenocentric solar ecliptic (SSE)"),
        *_vector("spec_moon_gse", "Re", "place of the Moon, geocentric solar ecliptic (GSE), in Earth radii"),
        ("spec_tail_distance", "<f8", "Re", "distance of the Moon from the aberrated axis of the magnetotail"),
        (
            "spec_tail_angle",
            "<f8",
            "deg",
            "angle at the Earth between that axis and the Moon; above 90 sunward",
        ),
        ("spec_region", "|i1", "", "region by place and plasma, see Region"),
        ("spec_in_wake", "|b1", "", "the footpoint is in shadow in the solar wind or the magnetosheath"),
        ("spec_fit_energy", "<f8", "eV", "geometric mean of the energies that carry the fit, weighted by their cells"),
        ("spec_gyroradius_over_altitude", "<f8", "", "gyroradius of electrons of that energy over the altitude"),
        ("spec_is_nonadiabatic", "|b1", "", "that ratio is above 1: incident electrons hit the Moon as well"),
        ("spec_attitude_age", "<f8", "s", "time for which the last attitude record was held on, 0 before its end"),
        ("spec_sun_covered_by_earth", "<f8", "", "part of the Sun behind the Earth, seen from the spacecraft"),
        ("spec_sun_masked_fraction", "<f8", "", "part of the sweep's cells that sunlight may have reached"),
        ("spec_unknown_rows", "<i8", "", "rows without ephemeris or attitude"),
        ("spec_mixed_polarity", "|b1", "", "the rows of the sweep differ in polarity"),
        ("spec_energy_table_changed", "|b1", "", "the energies are not those of the sweep before"),
        ("spec_penetrating_rate", "<f8", "s-1", "counts of the whole instrument that do not depend on energy"),
        ("spec_penetrating_share", "<f8", "", "their part of the counts in the median channel"),
        ("spec_particle_event", "|b1", "", "penetrating particles dominate the sweep"),
        ("spec_quality", "<i4", "", "what is wrong with the sweep, a sum of Quality"),
        ("spec_quality_class", "|i1", "", "0 good, 1 usable, 2 poor"),
    ],
)

FILE_COLUMNS = _table(
    "files",
    [
        ("source_name", "<U128", "", "input table, relative to the archive's root"),
        ("source_size_bytes", "<i8", "byte", "its size"),
        ("source_sha256", "<U64", "", "its SHA-256 digest"),
    ],
)

COLUMNS = ROW_COLUMNS + SWEEP_COLUMNS + FILE_COLUMNS
BY_NAME = {column.name: column for column in COLUMNS}
ORIGINS = ("simulated", "measured")
FOREIGN = "foreign"
"""Origin of a file of this format that another program wrote: it does not tell whether it was simulated."""

TEXT_KEYS = ("origin", "provenance")
