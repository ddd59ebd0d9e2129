"""Ways in which a real sweep departs from what a fit assumes, each with its size; zero is no departure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Self

from potrun.core.errors import UsageError


@dataclass(frozen=True)
class Departures:
    """Sizes of the departures of simulated sweeps.

    Parameters
    ----------
    b_direction_deg : float, deg
        Angle between the field that guides the electrons and the field that the table states.
    b_turning_deg : float, deg
        Turn of the field during a sweep, which the table does not follow.
    r_drift : float
        Relative change of B_spacecraft / B_surface from the middle of a sweep to its ends.
    density_drift : float
        The same for the incident flux.
    background_slope : float
        How far the flux inside the loss cone falls with energy: at 0.7 from twice its size in the lowest channel to
        0.6 of it in the highest (a background of 5 % from 10 to 3 %).
    anisotropy : float
        Flux along the field over the flux across it, less one.
    dead_time_us : float, microseconds
        Dead time that the archive's correction left in.
    beam_width : float
        Relative excess of the beam's width in energy and angle over 15 eV and 7.5 deg.
    barrier_v : float, V
        Potential barrier above the surface that reflects electrons which would have reached it.
    gains : float
        Relative spread of the sensitivities of the eight rows of cells.
    """

    b_direction_deg: float = 0.0
    b_turning_deg: float = 0.0
    r_drift: float = 0.0
    density_drift: float = 0.0
    background_slope: float = 0.0
    anisotropy: float = 0.0
    dead_time_us: float = 0.0
    beam_width: float = 0.0
    barrier_v: float = 0.0
    gains: float = 0.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            low, high = (-500.0, 500.0) if item.name == "barrier_v" else (0.0, LARGEST.get(item.name, 1.0))
            if not low <= value <= high:
                raise UsageError(f"departure {item.name}={value:g} is out of range: allowed {low:g} to {high:g}")

    @classmethod
    def only(cls, *names: str) -> Self:
        """Return the named departures at their moderate sizes, all others absent.

        Raises
        ------
        UsageError
            If a name is unknown.
        """
        unknown = [name for name in names if name not in MODERATE]
        if unknown:
            raise UsageError(f"departure {unknown[0]!r} is unknown: choose from {', '.join(MODERATE)}")
        return cls(**{name: MODERATE[name] for name in names})

    @classmethod
    def read(cls, words: Sequence[str]) -> Self:
        """Read a list of departures.

        Parameters
        ----------
        words : sequence of str
            Names, for the moderate size, or ``name:size``; ``all`` stands for all of them at their moderate sizes, and
            a size after it changes one.

        Returns
        -------
        Departures

        Raises
        ------
        UsageError
            If a name is unknown, or a size is not a number or out of range.
        """
        sizes: dict[str, float] = {}
        for word in words:
            name, separator, size = word.partition(":")
            if word == "all":
                sizes |= MODERATE
                continue
            sizes |= cls.only(name).named()
            if separator:
                try:
                    sizes[name] = float(size)
                except ValueError:
                    raise UsageError(f"departure {word!r} is not understood: write name or name:number") from None
        return cls(**sizes)

    @classmethod
    def moderate(cls) -> Self:
        """Return all departures at once, at their moderate sizes."""
        return cls(**MODERATE)

    def __str__(self) -> str:
        return f"[{','.join(f'{name}:{size:g}' for name, size in self.named().items())}]"

    def named(self) -> dict[str, float]:
        """Return the departures that are present."""
        return {name: size for name, size in asdict(self).items() if size}


LARGEST = {
    "b_direction_deg": 90.0,
    "b_turning_deg": 180.0,
    "dead_time_us": 10.0,
    "anisotropy": 10.0,
    "beam_width": 10.0,
}

MODERATE = {
    "b_direction_deg": 4.0,
    "b_turning_deg": 5.0,
    "r_drift": 0.1,
    "density_drift": 0.2,
    "background_slope": 0.7,
    "anisotropy": 1.0,
    "dead_time_us": 0.1,
    "beam_width": 0.3,
    "barrier_v": 20.0,
    "gains": 0.1,
}
"""Sizes that a sweep of the mission may well have had."""
