"""Facts of the mission that an archive has to agree with, each with its source."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class AxisReport:
    """Direction of the spin axis in the ecliptic of 2000 (deg)."""

    date: dt.date
    latitude_deg: float
    longitude_deg: float


@dataclass(frozen=True)
class Place:
    """Place of the spacecraft in IAU_MOON at a time (deg)."""

    utc: str
    latitude_deg: float
    longitude_deg: float


@dataclass(frozen=True)
class Footpoint:
    """Footpoint of a measured field (nT, despun spacecraft frame)."""

    utc: str
    b_scd_nt: tuple[float, float, float]
    latitude_deg: float
    longitude_deg: float


@dataclass(frozen=True)
class TableSize:
    """Rows and sweeps of a day's table."""

    date: dt.date
    rows: int
    sweeps: int


@dataclass(frozen=True)
class EnergyGrid:
    """Lowest and highest energy of the first sweep of a day (eV)."""

    date: dt.date
    low_ev: float
    high_ev: float


@dataclass(frozen=True)
class Spectrum:
    """A sweep whose fit was published; the ranges are what other choices of the beam and its width give."""

    date: dt.date
    number: int
    start_utc: str
    usc_v: float
    u_surface_v: float
    u_range_v: tuple[float, float]
    ratio: float
    ratio_range: tuple[float, float]


@dataclass(frozen=True)
class Eclipse:
    """The Moon in the Earth's penumbra, from its first to its last contact."""

    begin_utc: str
    end_utc: str


@dataclass(frozen=True)
class ParticleEvent:
    """A day of energetic particles: quiet until one time, dominated by them from another (UTC)."""

    quiet_until_utc: str
    full_from_utc: str


@dataclass(frozen=True)
class Temperatures:
    """Percentiles of the electron temperature over the whole archive (eV), judged from `least_sweeps` on."""

    p5_ev: float
    median_ev: float
    p95_ev: float
    least_sweeps: int


@dataclass(frozen=True)
class Facts:
    """Everything that an archive is held against."""

    spin_axis: tuple[AxisReport, ...]
    places: tuple[Place, ...]
    footpoint: Footpoint
    sizes: tuple[TableSize, ...]
    row_spacing_s: float
    grid: EnergyGrid
    spectrum: Spectrum
    eclipses: tuple[Eclipse, ...]
    event: ParticleEvent
    temperatures: Temperatures


PUBLISHED = Facts(
    spin_axis=tuple(
        AxisReport(dt.date.fromisoformat(date), latitude, longitude)
        for date, latitude, longitude in (
            ("1998-01-21", 87.8, 223.0),
            ("1998-03-05", 88.8, 344.0),
            ("1998-11-06", -89.0, 166.0),
            ("1998-12-30", -88.0, 242.0),
            ("1999-01-08", -87.3, 229.0),
            ("1999-03-19", -89.5, 330.0),
            ("1999-06-25", -88.7, 55.0),
            ("1999-07-01", -88.4, 45.0),
        )
    ),
    places=tuple(
        Place(utc, latitude, longitude)
        for utc, latitude, longitude in (
            ("1998-04-10T00:05:49", -66.918112, -161.996920),
            ("1998-04-10T00:05:59", -66.404934, -162.059323),
            ("1998-04-10T00:06:09", -65.891725, -162.119281),
            ("1998-04-11T00:00:00", -4.328245, -177.612982),
            ("1998-04-11T00:00:10", -3.816505, -177.622667),
            ("1998-04-11T00:00:20", -3.304806, -177.632340),
        )
    ),
    footpoint=Footpoint("1998-06-08T00:27:41", (9.724349, -1.277785, 1.788874), -23.970, 133.120),
    sizes=(TableSize(dt.date(1998, 1, 16), 15480, 1032), TableSize(dt.date(1998, 4, 10), 15135, 1009)),
    row_spacing_s=5.0,
    grid=EnergyGrid(dt.date(1998, 1, 16), 38.641, 16680.334),
    spectrum=Spectrum(
        dt.date(1999, 4, 29), 653, "1999-04-29T14:44:08", 11.0, -160.0, (-220.0, -130.0), 0.975, (0.875, 1.075)
    ),
    eclipses=(
        Eclipse("1998-03-13T02:14:00", "1998-03-13T06:26:00"),
        Eclipse("1999-01-31T14:04:00", "1999-01-31T18:30:00"),
    ),
    event=ParticleEvent("1998-04-20T11:30:00", "1998-04-20T17:30:00"),
    temperatures=Temperatures(3.8, 19.5, 90.6, 100_000),
)
"""What is known of the archive that flew; the checks name the source of each."""
