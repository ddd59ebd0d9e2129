"""The typed schema of every setting, its allowed range, and nothing else.

The dataclasses are Hydra's structured configs (an unknown key or a wrong type is an error there) and, once converted
with :func:`to_settings`, the constructor arguments of the stages. Ranges live in field metadata and are checked when a
dataclass is built.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from potrun.core.errors import UsageError

METHODS = ("halekas", "lillis", "likelihood")
SOLVERS = ("auto", "branch_and_bound", "differential_evolution")
STUDIES = (
    "acceptance", "beam", "closure", "field_offset", "halekas2008_figure5", "halekas2008_regions", "harmonics",
    "identifiability", "response", "sites", "summary", "terminator", "throughput",
)  # fmt: skip
PICTURES = ("map", "binned", "time", "plasma", "chi2", "environment", "coverage", "examples", "days")
EXPORTS = ("netcdf", "cdf", "parquet", "csv")


B_OFFSET_LIMIT_NT = 10.0
"""Largest offset of the magnetometer that is believed, per component (nT)."""


def between(default: Any, low: float, high: float) -> Any:
    """Declare a number's default and its allowed closed range (None is allowed where the type says so)."""
    return field(default=default, metadata={"low": low, "high": high})


def one_of(default: str, choices: Sequence[str]) -> Any:
    """Declare a word's default and the allowed words."""
    return field(default=default, metadata={"choices": tuple(choices)})


def pictures_wanted(asked: object) -> list[str]:
    """Return the names of the pictures that ``all``, ``true``, ``false``, one name or a list of names stands for.

    Raises
    ------
    UsageError
        If there is no picture of that name.
    """
    if asked in ("all", True, False, None):
        return [] if not asked else list(PICTURES)
    names = [asked] if isinstance(asked, str) else asked
    if not isinstance(names, Sequence):
        raise UsageError(f"pictures={asked!r} is not allowed: write all, false, or names as in [map,time]")
    for name in names:
        if name not in PICTURES:
            raise UsageError(f"pictures={name!r} is not allowed: all, false, or some of {', '.join(PICTURES)}")
    return [name for name in PICTURES if name in names]


class Checked:
    """Checks its own fields against their metadata when built."""

    def __post_init__(self) -> None:
        assert is_dataclass(self)
        for item in fields(self):
            value = getattr(self, item.name)
            choices = item.metadata.get("choices")
            if choices and value not in choices:
                raise UsageError(
                    f"{self._label()}{item.name}={value!r} is not allowed: choose one of {', '.join(choices)}"
                )
            if "low" in item.metadata and value is not None:
                low, high = item.metadata["low"], item.metadata["high"]
                if not low <= value <= high:
                    raise UsageError(f"{self._label()}{item.name}={value} is out of range: allowed {low:g} to {high:g}")

    @classmethod
    def _label(cls) -> str:
        return ""


@dataclass
class ArchiveConfig(Checked):
    """Where day tables, kernels and attitude come from."""

    kind: str = one_of("demo", ("demo", "pds", "closure"))
    root: str | None = None
    cache_dir: str | None = None
    strict: bool = False
    sun_mask_deg: float = between(14.0, 0.0, 90.0)
    directions: str = one_of("motion", ("motion", "look"))
    b_offset_nt: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    seed: int = between(1998, 0, 2**31)
    sweeps_per_day: int = between(120, 1, 1080)
    days: list[str] = field(default_factory=list)
    ranges: dict[str, Any] = field(default_factory=dict)
    instrument: str = one_of("flown", ("flown", "ideal"))
    departures: list[str] = field(default_factory=list)

    @classmethod
    def _label(cls) -> str:
        return "archive."

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.b_offset_nt) != 3 or not all(abs(value) <= B_OFFSET_LIMIT_NT for value in self.b_offset_nt):
            raise UsageError(
                f"archive.b_offset_nt={self.b_offset_nt} is not allowed: give three components of at most "
                f"{B_OFFSET_LIMIT_NT:g} nT, such as [0,0,0.5]"
            )
        for name in ("days", "ranges"):
            if getattr(self, name) and self.kind != "closure":
                raise UsageError(f"archive.{name} says what to simulate: it goes with archive=closure alone")
        if self.kind == "pds" and (self.instrument != "flown" or self.departures):
            raise UsageError(
                "archive.instrument and archive.departures say what to simulate: archive=pds holds measurements"
            )


@dataclass
class DifferentialEvolutionConfig(Checked):
    """The conventional search: Latin hypercube, then best1bin differential evolution."""

    samples: int = between(400, 8, 1_000_000)
    population: int = between(50, 5, 10_000)
    mutation: float = between(0.5, 0.0, 2.0)
    recombination: float = between(0.9, 0.0, 1.0)
    generations: int = between(500, 0, 100_000)
    seed: int = between(0, 0, 2**31)

    @classmethod
    def _label(cls) -> str:
        return "fitter.differential_evolution."


@dataclass
class BranchAndBoundConfig(Checked):
    """The exact search behind fast=true."""

    tolerance: float = between(3e-4, 1e-6, 0.1)
    max_boxes: int = between(20_000, 32, 1_000_000)

    @classmethod
    def _label(cls) -> str:
        return "fitter.branch_and_bound."


@dataclass
class LikelihoodConfig(Checked):
    """The fit that folds the instrument's response into the model and counts electrons."""

    energy_width: float = between(0.5, 0.0, 1.0)
    scatter: float = between(0.04, 1e-3, 1.0)
    min_energy_over_usc: float = between(1.5, 1.0, 10.0)
    dark_counts_per_s: float = between(10.0, 0.0, 1000.0)
    truncated_counts: bool = True
    anisotropy: bool = True
    u_centre_v: float = between(-150.0, -20000.0, 20.0)
    u_sigma: float = between(1.5, 0.0, 100.0)
    ratio_centre: float = between(0.7, 0.01, 2.0)
    ratio_sigma: float = between(0.4, 0.0, 10.0)
    amplitude_sigma: float = between(2.0, 0.0, 1000.0)
    background_sigma: float = between(0.3, 0.0, 3.0)
    background_slope_sigma: float = between(0.3, 0.0, 3.0)
    ratio_drift_sigma: float = between(0.07, 0.0, 1.0)
    field_direction_sigma_deg: float = between(3.0, 0.0, 30.0)
    barrier_sigma_v: float = between(20.0, 0.0, 1000.0)
    barrier_field: float = between(1.2, 1.0, 10.0)
    barrier_field_sigma: float = between(0.15, 0.0, 1.0)
    usc_sigma_v: float = between(0.0, 0.0, 100.0)
    misfit_weight: float = between(2.0, 0.0, 100.0)
    misfit_max: float = between(10.0, 1.0, 1e6)
    grid_u: int = between(14, 4, 200)
    grid_ratio: int = between(9, 3, 200)
    starts: int = between(3, 2, 16)

    @classmethod
    def _label(cls) -> str:
        return "fitter.likelihood."


@dataclass
class FitterConfig(Checked):
    """Objective, bounds, beam and search of the loss-cone fit."""

    method: str = one_of("halekas", METHODS)
    solver: str = one_of("auto", SOLVERS)
    background: float = between(0.05, 1e-6, 0.99)
    normalisation: str = one_of("ratio", ("ratio", "ratio2"))
    normalisation_reference: str = one_of("mean", ("mean", "max"))
    u_min_v: float = between(-5000.0, -20000.0, 0.0)
    u_max_v: float = between(20.0, 0.0, 29.0)
    ratio_min: float = between(0.3, 0.01, 2.0)
    ratio_max: float = between(1.1, 0.01, 2.0)
    beam_amplitude_max: float = between(5.0, 0.0, 1000.0)
    beam_amplitude_fixed: float | None = between(None, 0.0, 1000.0)
    beam_width_ev: float = between(15.0, 0.1, 1000.0)
    beam_angle_deg: float = between(7.5, 0.1, 90.0)
    log_offset: float = between(1e-6, 1e-12, 1.0)
    effective_energy: bool = False
    mask_low: float = between(0.07, 0.0, 1.0)
    mask_high: float = between(0.79, 0.0, 1.0)
    min_cells: int = between(5, 4, 1320)
    chi2_max: float = between(2.0, 0.0, 1e9)
    intervals: bool = True
    identifiable_max_width_v: float = between(200.0, 0.1, 4000.0)
    differential_evolution: DifferentialEvolutionConfig = field(default_factory=DifferentialEvolutionConfig)
    branch_and_bound: BranchAndBoundConfig = field(default_factory=BranchAndBoundConfig)
    likelihood: LikelihoodConfig = field(default_factory=LikelihoodConfig)

    @classmethod
    def _label(cls) -> str:
        return "fitter."

    def __post_init__(self) -> None:
        super().__post_init__()
        for low, high in (("u_min_v", "u_max_v"), ("ratio_min", "ratio_max"), ("mask_low", "mask_high")):
            if not getattr(self, low) < getattr(self, high):
                raise UsageError(
                    f"fitter.{low}={getattr(self, low):g} must lie below fitter.{high}={getattr(self, high):g}"
                )


@dataclass
class DeviceConfig(Checked):
    """Where batched stages compute."""

    name: str = one_of("auto", ("auto", "cpu", "cuda", "mps"))
    dtype: str = one_of("auto", ("auto", "float32", "float64"))
    batch_size: int | None = between(None, 1, 1_000_000)
    threads: int | None = between(None, 1, 1024)

    @classmethod
    def _label(cls) -> str:
        return "device."


@dataclass
class SpacecraftPotentialConfig(Checked):
    """How each sweep's spacecraft potential is found."""

    kind: str = one_of("kappa", ("constant", "kappa"))
    volts: float = between(0.0, -1000.0, 150.0)
    fallback_volts: float | None = between(None, -1000.0, 150.0)
    offset_volts: float = between(0.0, -100.0, 100.0)
    kappa_min: float = between(2.5, 1.51, 100.0)
    kappa_max: float = between(6.0, 1.51, 1000.0)
    log10_theta_min: float = between(6.0, 4.0, 9.0)
    log10_theta_max: float = between(8.0, 4.0, 9.0)
    energy_response_width: float = between(0.5, 0.0, 1.0)
    background_counts_per_s: float = between(10.0, 0.0, 1000.0)

    @classmethod
    def _label(cls) -> str:
        return "spacecraft_potential."

    def __post_init__(self) -> None:
        super().__post_init__()
        for low, high in (("kappa_min", "kappa_max"), ("log10_theta_min", "log10_theta_max")):
            if not getattr(self, low) < getattr(self, high):
                raise UsageError(
                    f"spacecraft_potential.{low}={getattr(self, low):g} must lie below "
                    f"spacecraft_potential.{high}={getattr(self, high):g}"
                )
        if self.kind == "kappa" and self.volts != 0.0:
            raise UsageError(
                f"spacecraft_potential.volts={self.volts:g} is for spacecraft_potential=constant, kappa finds its own: "
                "add spacecraft_potential=constant, or use spacecraft_potential.fallback_volts"
            )


@dataclass
class ExecutorConfig(Checked):
    """Who works on the days."""

    kind: str = one_of("local", ("local", "dask"))
    workers: int = between(1, 1, 10_000)
    address: str | None = None
    scheduler_file: str | None = None
    attempts: int = between(3, 1, 100)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.address is not None and self.scheduler_file is not None:
            raise UsageError("executor.address and executor.scheduler_file both name a scheduler: give one of them")

    @classmethod
    def _label(cls) -> str:
        return "executor."


@dataclass
class TrackingConfig(Checked):
    """Where runs are recorded."""

    kind: str = one_of("sqlite", ("sqlite", "server", "off"))
    uri: str | None = None
    experiment: str = "potrun"
    required: bool = True

    @classmethod
    def _label(cls) -> str:
        return "tracking."

    def __post_init__(self) -> None:
        super().__post_init__()
        # Here, since settings are checked before Hydra writes them into a file.
        if self.uri and re.match(r"\w+://[^/]*@", self.uri):
            raise UsageError(
                "tracking.uri holds a user's name or password, which would be written into files: leave it out of the"
                " address and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
            )


@dataclass
class SitesConfig(Checked):
    """Near which places potentials are summed up, and what counts as enough sweeps."""

    radius_km: float = between(150.0, 1.0, 5000.0)
    strong_above_v: float = between(1000.0, 1.0, 20_000.0)
    fewest: int = between(20, 2, 1_000_000)
    places: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def _label(cls) -> str:
        return "study.sites."

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, place in self.places.items():
            is_pair = isinstance(place, list | tuple) and len(place) == 2
            if not is_pair or not all(isinstance(x, int | float) for x in place) or not _on_the_moon(*place):
                raise UsageError(
                    f"study.sites.places.{name}={place} is no place: give [latitude, east longitude] in degrees, "
                    "such as [26.1, 3.6]"
                )


def _on_the_moon(latitude_deg: float, longitude_deg: float) -> bool:
    return abs(latitude_deg) <= 90 and abs(longitude_deg) <= 360


@dataclass
class BeamConfig(Checked):
    """From where on a peak in the flux from the surface counts as a beam."""

    pitch_from_deg: float = between(150.0, 90.0, 179.0)
    angle_deg: float = between(10.0, 1.0, 90.0)
    least_excess: float = between(0.15, 0.0, 100.0)
    least_sigma: float = between(3.0, 0.0, 100.0)
    least_ratio_to_next: float = between(1.05, 1.0, 100.0)

    @classmethod
    def _label(cls) -> str:
        return "study.beam."


@dataclass
class HarmonicsConfig(Checked):
    """What a global field is fitted with."""

    degree: int = between(4, 1, 20)
    window_days: float = between(27.3, 0.5, 600.0)
    ridge: float = between(1.0, 0.0, 1e9)
    frame: str = one_of("moon", ("moon", "sun"))
    light: str = one_of("all", ("all", "sun", "shadow"))
    folds: int = between(5, 2, 100)
    fewest: int = between(100, 10, 1_000_000)
    injected_v: float = between(100.0, 0.0, 10_000.0)

    @classmethod
    def _label(cls) -> str:
        return "study.harmonics."


@dataclass
class StudyConfig(Checked):
    """What the studies need to be told; each names its own in conf/config.yaml."""

    sites: SitesConfig = field(default_factory=SitesConfig)
    beam: BeamConfig = field(default_factory=BeamConfig)
    harmonics: HarmonicsConfig = field(default_factory=HarmonicsConfig)
    sweep: str | None = None
    level2: str | None = None
    field_offset_nt: float = between(0.5, 0.01, 10.0)
    response_sweeps: int = between(200, 8, 100_000)
    throughput_sweeps: int = between(2048, 1, 1_000_000)
    throughput_seconds: float = between(10.0, 0.1, 600.0)

    @classmethod
    def _label(cls) -> str:
        return "study."


@dataclass
class RegionConfig(Checked):
    """How the regions of the Earth's surroundings are told apart."""

    aberration_deg: float = between(4.0, 0.0, 15.0)
    tail_radius_re: float = between(25.0, 1.0, 60.0)
    shock_radius_re: float = between(45.0, 1.0, 100.0)
    wind_below_ev: float = between(15.0, 0.0, 1000.0)
    lobe_above_ev: float = between(80.0, 0.0, 1000.0)
    sheet_above_ev: float = between(150.0, 0.0, 10_000.0)
    sheath_above_m3: float = between(1e6, 0.0, 1e9)

    @classmethod
    def _label(cls) -> str:
        return "region."


@dataclass
class QualityConfig(Checked):
    """From where on something is wrong with a sweep."""

    min_cells: int = between(50, 4, 1320)
    sun_masked_max: float = between(0.2, 0.0, 1.0)
    attitude_age_max_days: float = between(7.0, 0.0, 1000.0)
    dip_min_deg: float = between(10.0, 0.0, 90.0)
    response_chi2_max: float = between(10.0, 0.0, 1e9)
    penetrating_counts_per_s: float = between(100.0, 0.0, 1e9)
    penetrating_share: float = between(0.5, 0.0, 1.0)

    @classmethod
    def _label(cls) -> str:
        return "quality_limits."


@dataclass
class RunConfig(Checked):
    """One run: everything that `python -m potrun` can be told."""

    year: int | None = between(None, 1998, 1999)
    month: int | None = between(None, 1, 12)
    day: int | None = between(None, 1, 31)
    fast: bool = True
    overwrite: bool = False
    verbose: bool = False
    parallel: bool = False
    output_dir: str | None = None
    display: bool = False
    day_files: bool = False
    export: list[str] = field(default_factory=list)
    pictures: Any = "all"
    report: bool = True
    report_sweeps: int = between(6, 0, 1000)
    quality: str = one_of("good", ("good", "usable", "all"))
    quality_limits: QualityConfig = field(default_factory=QualityConfig)
    region: RegionConfig = field(default_factory=RegionConfig)
    studies: list[str] = field(default_factory=list)
    study: StudyConfig = field(default_factory=StudyConfig)
    archive: ArchiveConfig = field(default_factory=ArchiveConfig)
    fitter: FitterConfig = field(default_factory=FitterConfig)
    device: DeviceConfig = field(default_factory=DeviceConfig)
    spacecraft_potential: SpacecraftPotentialConfig = field(default_factory=SpacecraftPotentialConfig)
    executor: ExecutorConfig = field(default_factory=ExecutorConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.day is not None and self.month is None:
            raise UsageError(f"day={self.day} was given without a month: add month=1..12")
        strange = [name for name in self.export if name not in EXPORTS]
        if strange:
            raise UsageError(f"export={strange[0]!r} is not allowed: choose from {', '.join(EXPORTS)}")
        self.pictures = pictures_wanted(self.pictures)
        unknown = [name for name in self.studies if name not in STUDIES]
        if unknown:
            raise UsageError(f"studies={unknown[0]!r} is not allowed: choose from {', '.join(STUDIES)}")
