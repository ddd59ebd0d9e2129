"""The settings of the simulator's command: words ``key=value`` into a checked request."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from potrun.core.commandline import Option, Reader, parse, usage
from potrun.core.errors import UsageError
from potrun.simulate.departures import MODERATE, Departures
from potrun.simulate.settings import Range, SimulationSettings


@dataclass(frozen=True)
class Request:
    """What the command line asks for."""

    root: str
    days: tuple[dt.date, ...]
    sweeps: int
    seed: int
    workers: int
    truth: bool
    settings: SimulationSettings


def read_request(arguments: list[str]) -> Request:
    """Read the command line.

    Parameters
    ----------
    arguments : list of str
        Words of the form ``key=value``.

    Returns
    -------
    Request

    Raises
    ------
    UsageError
        Naming the word that is wrong and what is allowed.
    """
    rest, values = parse(arguments, OPTIONS)
    if rest:
        raise UsageError(f"{rest[0]!r} is not understood: write key=value")
    for name in ("root", "days"):
        if values[name] is None:
            raise UsageError(f"{name} is missing: write root=FOLDER days=[1998-04-15,...]")
    settings = SimulationSettings(**{name: values.pop(name) for name in _MEANINGS})
    return Request(**values, settings=settings)


def _read_range(name: str, text: str) -> Range:
    parts = _items(name, text)
    scale = parts.pop() if len(parts) == 3 else "linear"
    if len(parts) != 2:
        raise UsageError(f"{name}={text} is not a range: write [low,high] or [low,high,log]")
    try:
        return Range(float(parts[0]), float(parts[1]), scale)  # type: ignore[arg-type]
    except ValueError:
        raise UsageError(f"{name}={text} is not a range of numbers: write [low,high] or [low,high,log]") from None
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def _read_days(name: str, text: str) -> tuple[dt.date, ...]:
    days: list[dt.date] = []
    for item in _items(name, text):
        first, separator, last = item.partition("..")
        start = _read_date(name, first)
        end = _read_date(name, last) if separator else start
        if end < start:
            raise UsageError(f"{name}: the span {item} ends before it starts")
        days += [start + dt.timedelta(days=number) for number in range((end - start).days + 1)]
    return tuple(days)


def _read_date(name: str, text: str) -> dt.date:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(f"{name}: {text!r} is not a date: write it as 1998-04-15") from None


def _read_departures(name: str, text: str) -> Departures:
    return Departures.read(_items(name, text))


def _items(name: str, text: str) -> list[str]:
    if not (text.startswith("[") and text.endswith("]")):
        raise UsageError(f"{name}={text} is not a list: write it in brackets, such as {name}=[...]")
    return [item.strip().strip("'\"") for item in text[1:-1].split(",") if item.strip()]


_MEANINGS = {
    "scenario": "moon: potential and plasma follow the place; ranges: they are drawn from the ranges below",
    "u_surface_v": "surface potential (V)",
    "b_ratio": "B at the spacecraft over B at the surface",
    "beam_amplitude": "height of the beam of secondary electrons, where there is one",
    "beam_fraction": "part of the sweeps with a beam",
    "density_m3": "electron density (m-3)",
    "temperature_ev": "electron temperature (eV)",
    "kappa": "index of the kappa distribution",
    "usc": "spacecraft potential: balanced by its currents, or drawn from the next two",
    "usc_sunlit_v": "in sunlight (V)",
    "usc_shadow_v": "in shadow (V)",
    "disconnected_fraction": "part of the sweeps whose field line misses the Moon",
    "grazing_fraction": "part of the sweeps whose field line grazes it",
    "background_fraction": "flux inside the loss cone over the incident flux",
    "background_counts_per_s": "dark counts of the whole instrument",
    "counting_noise": "Poisson noise",
    "energy_response": "channels of finite width (ideal; flown has them always)",
    "flagged_fraction": "part of the cells with a missing-value flag",
    "grid": "energy channels: auto (by the date), 40ev or 7ev",
    "instrument": "flown: instrument and archive of the mission; ideal: each cell sees its centre",
    "sunlight": "sunlight in the cells that see the Sun (flown)",
    "earth_shadow": "the Earth before the Sun (flown)",
    "particle_event": "the energetic particles of 1998-04-20 (flown)",
    "departures": f"what no fit knows of (flown): all, or some of {', '.join(MODERATE)}",
}
_READERS: dict[type, type | Reader] = {Range: _read_range, Departures: _read_departures}
_DEFAULTS = SimulationSettings(instrument="flown")


def _option(name: str) -> Option:
    default: Any = getattr(_DEFAULTS, name)
    return Option(name, _READERS.get(type(default), type(default)), _MEANINGS[name], default)


OPTIONS = (
    Option("root", str, "new or empty folder"),
    Option("days", _read_days, "[1998-04-15,1998-04-16], spans as 1998-04-15..1998-05-14; the mission's days"),
    Option("sweeps", int, "sweeps a day, 1 to 1080", 120),
    Option("seed", int, "equal seeds give equal bytes", 1998),
    Option("workers", int, "processes that share the days", 1),
    Option("truth", bool, "save the truth beside the tables", True),
    *(_option(name) for name in _MEANINGS),
)
HELP = usage(
    "python -m potrun.archive.simulate root=FOLDER days=[DAY,...] [key=value ...]",
    "Write a simulated archive: day tables, kernels, attitude, the truth. A range is [low,high], or [low,high,log]\n"
    "for values uniform in the logarithm. docs/simulator.md tells what is simulated.",
    OPTIONS,
)
