"""What a simulation draws from: ranges and fractions, checked when built."""

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from potrun.core.errors import UsageError
from potrun.simulate.departures import Departures

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """A closed range; with scale "log" values are uniform in the logarithm of their size (both ends of one sign)."""

    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"

    def __post_init__(self) -> None:
        if not np.isfinite([self.low, self.high]).all():
            raise UsageError(f"Range({self.low:g}, {self.high:g}) is not finite: give two finite numbers")
        if not self.low <= self.high:
            raise UsageError(f"Range({self.low:g}, {self.high:g}) is empty: give the smaller number first")
        if self.scale not in ("linear", "log"):
            raise UsageError(f"Range scale {self.scale!r} is not allowed: choose one of linear, log")
        if self.scale == "log" and self.low * self.high <= 0:
            raise UsageError(
                f"Range({self.low:g}, {self.high:g}, 'log') must not touch or cross zero: use scale linear"
            )

    def __str__(self) -> str:
        return f"[{self.low:g},{self.high:g}{',log' if self.scale == 'log' else ''}]"

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw independent values.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        size : int
            How many.

        Returns
        -------
        (size,) float64
        """
        u = rng.random(size)
        if self.scale == "linear":
            return np.asarray(self.low + (self.high - self.low) * u)
        sign = np.sign(self.low)
        start, end = np.log(abs(self.low)), np.log(abs(self.high))
        return np.asarray(sign * np.exp(start + (end - start) * u))


NO_DEPARTURES = Departures()


@dataclass(frozen=True)
class Instrument:
    """Which instrument meets the electrons, and what departs from what a fit assumes."""

    name: str = "ideal"
    departures: Departures = NO_DEPARTURES


@dataclass(frozen=True)
class SimulationSettings:
    """Everything a simulation depends on besides the days, their number of sweeps and the seed.

    With scenario "moon" surface potential and plasma follow where the Moon is (tail, sheath, solar wind) and whether
    spacecraft and footpoint are sunlit. With scenario "ranges" they are drawn from the ranges below, independent of
    place, as a closure study wants it. `usc` "balanced" solves the current balance for the spacecraft potential (where
    it has no root, and always with "drawn", it comes from `usc_sunlit_v` or `usc_shadow_v`).

    Units: potentials V, densities m-3, temperatures eV; `b_ratio` is B at the spacecraft over B at the surface;
    `background_fraction` is the flux left inside the loss cone over the incident one; `background_counts_per_s` is the
    dark rate of the whole instrument; `flagged_fraction` of the cells carries a missing-value flag. `sunlit_fraction`
    applies only to sweeps made in memory, where no orbit decides. `grid` "auto" follows the date.

    With instrument "ideal" a cell sees the direction of its centre and counts are Poisson numbers. "flown" is the
    instrument of the mission: cells of 22.5 deg, channels that average the product of spectrum and cone, counts cut to
    8 bits, dead time; and the archive then has the form of the public one: rows one spin (5 s) apart, sweeps across
    midnight, the mission's orbits and spin axis. `sunlight` shines into the cells that see the Sun, `earth_shadow`
    darkens the Moon behind the Earth, `particle_event` adds the energetic particles of 1998-04-20, and `departures`
    tells what else differs from what a fit assumes; these four go with "flown" alone.
    """

    scenario: Literal["moon", "ranges"] = "moon"
    u_surface_v: Range = Range(-1000.0, -20.0, "log")
    b_ratio: Range = Range(0.4, 0.98)
    beam_amplitude: Range = Range(0.3, 3.0)
    beam_fraction: float = 0.4
    density_m3: Range = Range(1e5, 1e7, "log")
    temperature_ev: Range = Range(5.0, 300.0, "log")
    kappa: Range = Range(2.6, 6.0)
    usc: Literal["balanced", "drawn"] = "balanced"
    usc_sunlit_v: Range = Range(3.0, 30.0)
    usc_shadow_v: Range = Range(-100.0, -5.0, "log")
    sunlit_fraction: float = 0.5
    disconnected_fraction: float = 0.12
    grazing_fraction: float = 0.02
    background_fraction: float = 0.05
    background_counts_per_s: float = 10.0
    counting_noise: bool = True
    energy_response: bool = True
    flagged_fraction: float = 2e-4
    grid: Literal["auto", "40ev", "7ev"] = "auto"
    instrument: Literal["ideal", "flown"] = "ideal"
    sunlight: bool = True
    earth_shadow: bool = True
    particle_event: bool = True
    departures: Departures = NO_DEPARTURES

    def __post_init__(self) -> None:
        allowed = {
            "scenario": ("moon", "ranges"),
            "usc": ("balanced", "drawn"),
            "grid": ("auto", "40ev", "7ev"),
            "instrument": ("ideal", "flown"),
        }
        for name, choices in allowed.items():
            if getattr(self, name) not in choices:
                raise UsageError(f"{name}={getattr(self, name)!r} is not allowed: choose one of {', '.join(choices)}")
        if self.instrument == "ideal" and self.departures.named():
            raise UsageError("departures are those of the flown instrument: add instrument=flown")
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name.endswith("_fraction") and not 0 <= value <= 1:
                raise UsageError(f"{item.name}={value} is out of range: allowed 0 to 1")
        if not 0 <= self.background_counts_per_s <= 1e6:
            raise UsageError(
                f"background_counts_per_s={self.background_counts_per_s} is out of range: allowed 0 to 1e6"
            )
        for name, floor in (("density_m3", 0.0), ("temperature_ev", 0.0), ("kappa", 1.5), ("b_ratio", 0.0)):
            if not getattr(self, name).low > floor:
                raise UsageError(f"{name} starts at {getattr(self, name).low:g}: it must lie above {floor:g}")
        if self.disconnected_fraction + self.grazing_fraction > 1:
            raise UsageError("disconnected_fraction and grazing_fraction add up to more than 1: lower one of them")
