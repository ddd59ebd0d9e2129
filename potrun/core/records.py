"""Frozen records that flow from stage to stage; shapes are checked once, here.

Axis names: R energy rows of a day, S sweeps, E energy rows of one sweep (15), C cells (88), P fit parameters (3).
Missing values are NaN. Every per-row array of a day has the row order of its table; the rows of a sweep are
consecutive.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from potrun.core.instrument import N_CELLS, N_CHANNELS

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.int8]
TextArray = NDArray[np.str_]


def _check_shapes(record: Any, sizes: Mapping[str, int]) -> None:
    """Compare each array of a record with the axes named in its field's metadata.

    Raises
    ------
    ValueError
        Naming the record, the field, the shape found and the shape expected.
    """
    for item in fields(record):
        axes = item.metadata.get("axes")
        value = getattr(record, item.name)
        if axes is None or value is None:
            continue
        expected = tuple(sizes[axis] if isinstance(axis, str) else axis for axis in axes)
        if np.shape(value) != expected:
            raise ValueError(
                f"{type(record).__name__}.{item.name} has shape {np.shape(value)}, expected {expected} {tuple(axes)}"
            )


def axes(*names: str | int, **kwargs: Any) -> Any:
    """Declare a field's axes (names resolved by the record, numbers taken as they are)."""
    return field(metadata={"axes": names}, **kwargs)


@dataclass(frozen=True)
class SourceFile:
    """A file that a result was made from; `name` is relative to the archive's root, with forward slashes."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Defect:
    """One kind of thing wrong with one input file, and what it cost.

    `rows` and `sweeps` count what was dropped (0 where it was only noted); `first_line` is 1-based,
    0 if it has no line.
    """

    reason: str
    file: str
    first_line: int
    rows: int
    sweeps: int


@dataclass(frozen=True, eq=False)
class DayTable:
    """One day of the Electron Reflectometer: energy rows grouped in sweeps.

    `utc` is text because a datetime64 cannot hold a leap second. Fluxes in cm-2 s-1 sr-1 eV-1.
    `sweep_start` and `sweep_rows` give each sweep's first row and its number of rows (1..15).
    """

    date: dt.date
    source: SourceFile
    utc: TextArray = axes("R")
    unix_time_s: FloatArray = axes("R")
    energy_ev: FloatArray = axes("R")
    spectrum_number: IntArray = axes("R")
    b_scd_nt: FloatArray = axes("R", 3)
    flux: FloatArray = axes("R", N_CELLS)
    phi_deg: FloatArray = axes("R", N_CELLS)
    sweep_start: IntArray = axes("S")
    sweep_rows: IntArray = axes("S")
    defects: tuple[Defect, ...] = ()

    def __post_init__(self) -> None:
        _check_shapes(self, {"R": len(self.utc), "S": len(self.sweep_start)})
        expected_start = np.concatenate([[0], np.cumsum(self.sweep_rows)])
        if not np.array_equal(expected_start[:-1], self.sweep_start) or expected_start[-1] != self.n_rows:
            raise ValueError("DayTable.sweep_start and sweep_rows do not tile the rows in order")
        if len(self.sweep_rows) and not (self.sweep_rows.min() >= 1 and self.sweep_rows.max() <= N_CHANNELS):
            raise ValueError(f"DayTable.sweep_rows must lie in 1..{N_CHANNELS}")

    @property
    def n_rows(self) -> int:
        """Number of energy rows, R."""
        return len(self.utc)

    @property
    def n_sweeps(self) -> int:
        """Number of sweeps, S."""
        return len(self.sweep_start)

    @property
    def row_sweep(self) -> IntArray:
        """(R,) sweep index of each row."""
        return np.repeat(np.arange(self.n_sweeps), self.sweep_rows)

    @property
    def row_in_sweep(self) -> IntArray:
        """(R,) position of each row within its sweep."""
        return np.arange(self.n_rows) - np.repeat(self.sweep_start, self.sweep_rows)

    def to_sweeps(self, rows: NDArray[Any], fill: Any = np.nan) -> NDArray[Any]:
        """Lay per-row values out as sweeps, `fill` standing where a sweep has fewer than 15 rows.

        Parameters
        ----------
        rows : (R, ...) array
            Values in row order.
        fill : scalar
            Value of rows that do not exist.

        Returns
        -------
        (S, E, ...) array of the same dtype
        """
        out = np.full((self.n_sweeps, N_CHANNELS, *rows.shape[1:]), fill, dtype=rows.dtype)
        out[self.row_sweep, self.row_in_sweep] = rows
        return out


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where each row was measured and where its field line meets the Moon.

    `polarity` is +1 if only +B leads to the Moon, -1 if only -B does, 0 if neither. `pitch_deg` is the angle between a
    cell's direction of motion and polarity * B, NaN where polarity is 0 or the direction is missing. Rows without
    ephemeris or attitude have `is_known` False and NaN everywhere; they count as not sunlit. Latitudes and longitudes
    are planetocentric degrees in IAU_MOON, longitude in -180..180. `theta_deg` holds the cells' inclinations, which
    tell their solid angles and counting times; None where no stage after the geometry asks for them.

    `is_sunlit_cell` marks cells that direct sunlight may have reached: fits leave them out (None: none).
    `sun_covered_by_earth` is the part of the Sun's disc behind the Earth, seen from the spacecraft; NaN where unknown.
    `b_iau_moon_nt` is the field, `moon_to_sun_km` and `moon_to_earth_km` point from the Moon's centre,
    `ecliptic_north` is the unit vector to the ecliptic's north pole, all in IAU_MOON; the result's context needs them.
    `attitude_age_s` is the time since the last attitude record where its direction is held on, 0 before; rows
    `in_manoeuvre` have no attitude because the axis was being turned.
    """

    is_known: BoolArray = axes("R")
    et_s: FloatArray = axes("R")
    position_iau_moon_km: FloatArray = axes("R", 3)
    spacecraft_latitude_deg: FloatArray = axes("R")
    spacecraft_longitude_deg: FloatArray = axes("R")
    footpoint_latitude_deg: FloatArray = axes("R")
    footpoint_longitude_deg: FloatArray = axes("R")
    polarity: CodeArray = axes("R")
    spacecraft_in_sun: BoolArray = axes("R")
    footpoint_in_sun: BoolArray = axes("R")
    pitch_deg: FloatArray = axes("R", N_CELLS)
    defects: tuple[Defect, ...] = ()
    theta_deg: FloatArray | None = axes(N_CELLS, default=None)
    is_sunlit_cell: BoolArray | None = axes("R", N_CELLS, default=None)
    sun_covered_by_earth: FloatArray | None = axes("R", default=None)
    attitude_age_s: FloatArray | None = axes("R", default=None)
    in_manoeuvre: BoolArray | None = axes("R", default=None)
    b_iau_moon_nt: FloatArray | None = axes("R", 3, default=None)
    moon_to_sun_km: FloatArray | None = axes("R", 3, default=None)
    moon_to_earth_km: FloatArray | None = axes("R", 3, default=None)
    ecliptic_north: FloatArray | None = axes("R", 3, default=None)

    def __post_init__(self) -> None:
        _check_shapes(self, {"R": len(self.et_s)})

    def electron_flux(self, flux: FloatArray) -> FloatArray:
        """Return flux without the cells that sunlight may have reached: (R, C), NaN there."""
        lit = self.is_sunlit_cell
        return flux if lit is None or not lit.any() else np.where(lit, np.nan, flux)


class PotentialStatus(IntEnum):
    """How a sweep's spacecraft potential came about."""

    OK = 0
    AT_BOUND = 1
    NO_ROOT = 2
    TOO_FEW_CHANNELS = 3
    UNPHYSICAL = 4
    NO_GEOMETRY = 5
    FALLBACK = 6
    CONSTANT = 7


class Environment(IntEnum):
    """Plasma environment of a sweep."""

    UNKNOWN = 0
    SOLAR_WIND = 1
    MAGNETOSHEATH = 2
    TAIL_LOBE = 3
    PLASMA_SHEET = 4
    WAKE = 5


class Region(IntEnum):
    """Where the Moon was; day or night has no say in it."""

    UNKNOWN = 0
    SOLAR_WIND = 1
    MAGNETOSHEATH = 2
    TAIL_LOBE = 3
    PLASMA_SHEET = 4


@dataclass(frozen=True, eq=False)
class SpacecraftPotential:
    """Spacecraft potential and plasma parameters of each sweep, with 1-sigma errors; NaN where not determined."""

    volts: FloatArray = axes("S")
    electron_temperature_ev: FloatArray = axes("S")
    electron_density_m3: FloatArray = axes("S")
    kappa: FloatArray = axes("S")
    sigma_volts: FloatArray = axes("S")
    sigma_electron_temperature_ev: FloatArray = axes("S")
    sigma_electron_density_m3: FloatArray = axes("S")
    sigma_kappa: FloatArray = axes("S")
    reduced_chi2: FloatArray = axes("S")
    status: CodeArray = axes("S")
    environment: CodeArray = axes("S")

    def __post_init__(self) -> None:
        _check_shapes(self, {"S": len(self.volts)})


class FitStatus(IntEnum):
    """Why a sweep has a fit or has none."""

    OK = 0
    NO_GEOMETRY = 1
    NO_CONNECTION = 2
    NO_SPACECRAFT_POTENTIAL = 3
    TOO_FEW_CELLS = 4
    CHI2_ABOVE_LIMIT = 5


class AtBound(IntFlag):
    """Which fitted parameters lie on a bound."""

    NONE = 0
    U_LOWER = 1
    U_UPPER = 2
    RATIO_LOWER = 4
    RATIO_UPPER = 8
    BEAM_UPPER = 16


class IntervalFlag(IntFlag):
    """What to know about a sweep's confidence intervals of U."""

    NONE = 0
    DISJOINT_68 = 1
    DISJOINT_95 = 2
    LOWER_OPEN = 4
    UPPER_OPEN = 8
    UPPER_LIMIT_ONLY = 16


@dataclass(frozen=True, eq=False)
class SweepBatch:
    """Sweeps made ready for a fit.

    `flux` is normalised (dimensionless); `mask` is True for the cells that the objective uses; both of shape [sweep,
    energy, cell]. `status` is a FitStatus: a sweep whose status is not OK is never searched. Rows and cells that do not
    exist are NaN and masked out.
    """

    energy_ev: FloatArray = axes("S", N_CHANNELS)
    usc_v: FloatArray = axes("S", N_CHANNELS)
    pitch_deg: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    flux: FloatArray = axes("S", N_CHANNELS, N_CELLS)
    mask: BoolArray = axes("S", N_CHANNELS, N_CELLS)
    status: CodeArray = axes("S")

    def __post_init__(self) -> None:
        _check_shapes(self, {"S": len(self.status)})

    @property
    def n_sweeps(self) -> int:
        """Number of sweeps, S."""
        return len(self.status)

    def take(self, index: Any) -> Self:
        """Return the sweeps chosen by a numpy index along S."""
        return type(self)(**{item.name: getattr(self, item.name)[index] for item in fields(self)})


@dataclass(frozen=True, eq=False)
class Intervals:
    """Confidence intervals of U for each sweep (V), from the profile of the objective over the other parameters."""

    u_lo68_v: FloatArray = axes("S")
    u_hi68_v: FloatArray = axes("S")
    u_lo95_v: FloatArray = axes("S")
    u_hi95_v: FloatArray = axes("S")
    is_identifiable: BoolArray = axes("S")
    flag: CodeArray = axes("S")

    def __post_init__(self) -> None:
        _check_shapes(self, {"S": len(self.u_lo68_v)})


@dataclass(frozen=True, eq=False)
class LikelihoodDetail:
    """What the likelihood fit alone can tell of a sweep; NaN without a fit.

    `deviance_per_freedom` is twice the distance in ln L from a model that gives exactly the counts, over what it would
    be on average if the model were right. The second best minimum lies `second_u_v` in U and is worse by
    `second_worse_by` in ln L. `sigma_statistical_v` and `sigma_systematic_v` are the parts of U's standard error: with
    every departure from the nominal instrument held, and what departures and misfit add; `sigma_usc_v` is the part of
    the latter that comes from the spacecraft potential.
    """

    anisotropy: FloatArray = axes("S")
    deviance_per_freedom: FloatArray = axes("S")
    is_misfit: BoolArray = axes("S")
    second_u_v: FloatArray = axes("S")
    second_worse_by: FloatArray = axes("S")
    sigma_statistical_v: FloatArray = axes("S")
    sigma_systematic_v: FloatArray = axes("S")
    sigma_usc_v: FloatArray = axes("S")

    def __post_init__(self) -> None:
        _check_shapes(self, {"S": len(self.anisotropy)})


@dataclass(frozen=True, eq=False)
class FitResult:
    """Best parameters of each sweep and how far they can be trusted.

    `chi2` is the public objective at the reported parameters, in float64 (halekas: a sum of squared logarithms;
    lillis: reduced). `is_certified` says that the global minimum is proven within the solver's tolerance (or to
    a sum of squares of 2e-6, which noise-free data fall below); `gap` is the proven relative distance
    (chi2 - lower bound) / chi2, NaN if the solver proves nothing. Parameters are NaN without
    a fit; with status CHI2_ABOVE_LIMIT only `chi2` is reported.
    """

    u_surface_v: FloatArray = axes("S")
    b_spacecraft_over_b_surface: FloatArray = axes("S")
    beam_amplitude: FloatArray = axes("S")
    chi2: FloatArray = axes("S")
    is_certified: BoolArray = axes("S")
    gap: FloatArray = axes("S")
    status: CodeArray = axes("S")
    n_valid_cells: IntArray = axes("S")
    at_bound: CodeArray = axes("S")
    intervals: Intervals | None = None
    likelihood: LikelihoodDetail | None = None

    def __post_init__(self) -> None:
        _check_shapes(self, {"S": len(self.chi2)})


@dataclass(frozen=True)
class ArchiveDay:
    """A day's table in an archive."""

    date: dt.date
    path: Path
    name: str


@dataclass(frozen=True)
class Archive:
    """The files of one archive; `ignored` lists the tables that lie where no day's table belongs."""

    root: Path
    origin: Literal["simulated", "measured"]
    cache_dir: Path | None
    days: tuple[ArchiveDay, ...]
    theta_path: Path
    attitude_path: Path
    kernel_paths: tuple[Path, ...]
    ignored: tuple[Defect, ...] = ()
