"""The command line of the simulator: words ``key=value`` into a checked request."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from potrun.core.errors import UsageError, did_you_mean
from potrun.simulate.departures import MODERATE, Departures
from potrun.simulate.settings import Range, SimulationSettings

HELP = """\
python -m potrun.archive.simulate root=FOLDER days=[DAY,...] [key=value ...]

Writes a simulated archive (day tables, kernels, attitude) with the truth beside it.

  root       new or empty folder
  days       [1998-04-15,1998-04-16], spans as 1998-04-15..1998-05-14; within 1998-01-16..1999-07-29
  sweeps     sweeps a day, 1 to 1080 (default 120)
  seed       equal seeds give equal bytes (default 1998)
  workers    processes that share the days (default 1)
  truth      save the truth (default true)

What is drawn; a range is [low,high], or [low,high,log] for values uniform in the logarithm:

"""
_REQUIRED = ("root", "days")


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


def parse(arguments: list[str]) -> Request:
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
    readers = _readers()
    values: dict[str, Any] = {"sweeps": 120, "seed": 1998, "workers": 1, "truth": True}
    given: set[str] = set()
    for word in arguments:
        key, separator, text = word.partition("=")
        if not separator:
            raise UsageError(f"{word!r} is not understood: write key=value")
        if key not in readers:
            hint = did_you_mean(key, readers, f": choose from {', '.join(readers)}")
            raise UsageError(f"unknown key {key!r}{hint}")
        if key in given:
            raise UsageError(f"{key} is given twice: give it once")
        given.add(key)
        values[key] = readers[key](key, text.strip())
    missing = [key for key in _REQUIRED if key not in given]
    if missing:
        raise UsageError(f"{missing[0]} is missing: write root=FOLDER days=[1998-04-15,...]")
    settings = SimulationSettings(**{key: values.pop(key) for key in list(values) if key in _SETTINGS})
    return Request(**values, settings=settings)


def _read_text(key: str, text: str) -> str:
    if not text:
        raise UsageError(f"{key}= is empty: give a value")
    return text


def _read_int(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{key}={text} is not a whole number") from None


def _read_float(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{key}={text} is not a number") from None


def _read_bool(key: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UsageError(f"{key}={text} is not allowed: choose true or false")
    return text.lower() == "true"


def _read_range(key: str, text: str) -> Range:
    parts = _items(key, text)
    scale = parts.pop() if len(parts) == 3 else "linear"
    if len(parts) != 2:
        raise UsageError(f"{key}={text} is not a range: write [low,high] or [low,high,log]")
    low, high = (_read_float(key, part) for part in parts)
    try:
        return Range(low, high, scale)  # type: ignore[arg-type]
    except UsageError as error:
        raise UsageError(f"{key}: {error}") from None


def _read_days(key: str, text: str) -> tuple[dt.date, ...]:
    days: list[dt.date] = []
    for item in _items(key, text):
        first, separator, last = item.partition("..")
        start = _read_date(key, first)
        end = _read_date(key, last) if separator else start
        if end < start:
            raise UsageError(f"{key}: the span {item} ends before it starts")
        days += [start + dt.timedelta(days=number) for number in range((end - start).days + 1)]
    return tuple(days)


def _read_date(key: str, text: str) -> dt.date:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(f"{key}: {text!r} is not a date: write it as 1998-04-15") from None


def _read_departures(key: str, text: str) -> Departures:
    return Departures.read(_items(key, text))


def _items(key: str, text: str) -> list[str]:
    if not (text.startswith("[") and text.endswith("]")):
        raise UsageError(f"{key}={text} is not a list: write it in brackets, such as {key}=[...]")
    return [item.strip().strip("'\"") for item in text[1:-1].split(",") if item.strip()]


_BY_KIND: dict[type, Callable[[str, str], Any]] = {
    bool: _read_bool, float: _read_float, Range: _read_range, str: _read_text, Departures: _read_departures,
}  # fmt: skip
_DEFAULTS = SimulationSettings()
_SETTINGS = {item.name: getattr(_DEFAULTS, item.name) for item in fields(SimulationSettings)}
_SETTINGS = {name: default for name, default in _SETTINGS.items() if type(default) in _BY_KIND}


def _readers() -> dict[str, Callable[[str, str], Any]]:
    own: dict[str, Callable[[str, str], Any]] = {
        "root": _read_text, "days": _read_days, "sweeps": _read_int, "seed": _read_int, "workers": _read_int,
        "truth": _read_bool,
    }  # fmt: skip
    return own | {name: _BY_KIND[type(default)] for name, default in _SETTINGS.items()}


def _shown(default: Any) -> str:
    if isinstance(default, Range):
        return f"[{default.low:g},{default.high:g}{',log' if default.scale == 'log' else ''}]"
    if isinstance(default, Departures):
        return f"[]; with instrument=flown some of {', '.join(MODERATE)}, or all"
    return str(default).lower() if isinstance(default, bool) else str(default)


HELP += "".join(f"  {name:<24} {_shown(default)}\n" for name, default in _SETTINGS.items())
