"""Archives simulated over stated ranges, to see whether what was put in comes out again."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from potrun.core.errors import UsageError, did_you_mean
from potrun.simulate import SIMULATOR_VERSION
from potrun.simulate.build import build_once
from potrun.simulate.settings import Instrument, Range, SimulationSettings

FREE = {
    item.name: item.default
    for item in fields(SimulationSettings)
    if item.name not in ("scenario", "sunlit_fraction", "instrument", "departures")
}
"""What a range may be given for, and the simulator's own choice."""


def ensure_closure_archive(
    root: Path,
    seed: int,
    sweeps_per_day: int,
    days: Sequence[str],
    ranges: Mapping[str, Any],
    instrument: Instrument | None = None,
) -> Path:
    """Return the archive of these settings, simulating it first where it is not there.

    Parameters
    ----------
    root : pathlib.Path
        Folder that holds such archives; made if need be.
    seed : int
        Seed of the simulation.
    sweeps_per_day : int
        Sweeps a day, 1 to 1080.
    days : sequence of str
        Dates such as ``1998-04-15``; they decide orbit and energy grid.
    ranges : mapping
        What truth is drawn from, see :func:`simulation_settings`.
    instrument : Instrument, optional
        The ideal one unless told otherwise.

    Returns
    -------
    pathlib.Path
        The archive's own root; it is another one whenever its bytes would be others.

    Raises
    ------
    UsageError
        If a day or a range is not allowed.
    PotrunError
        If the folder cannot be written to.
    """
    settings, dates = simulation_settings(ranges, instrument), sorted(_date(day) for day in days)
    if not dates:
        raise UsageError("archive.days=[] names no day to simulate: give at least one, such as [1998-04-15]")
    told = json.dumps([SIMULATOR_VERSION, seed, sweeps_per_day, [str(date) for date in dates], repr(settings)])
    name = f"closure-v{SIMULATOR_VERSION}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def build(folder: Path) -> None:
        from potrun.simulate.archive import simulate_archive

        simulate_archive(folder, dates, sweeps_per_day, seed, settings)

    return build_once(root / name, build)


def simulation_settings(ranges: Mapping[str, Any], instrument: Instrument | None = None) -> SimulationSettings:
    """Turn plain values of a configuration into the simulator's settings.

    Parameters
    ----------
    ranges : mapping
        From a name in :class:`potrun.simulate.settings.SimulationSettings` to its value; a range is
        ``[low, high]``, or ``[low, high, log]`` for values uniform in the logarithm.
    instrument : Instrument, optional
        The ideal one unless told otherwise.

    Returns
    -------
    SimulationSettings
        With scenario "ranges": truth does not depend on place.

    Raises
    ------
    UsageError
        Naming the value and what is allowed.
    """
    instrument = instrument or Instrument()
    values: dict[str, Any] = {"instrument": instrument.name, "departures": instrument.departures}
    for name, value in ranges.items():
        if name not in FREE:
            hint = did_you_mean(name, FREE, f": choose from {', '.join(FREE)}")
            raise UsageError(f"archive.ranges.{name} is unknown{hint}")
        values[name] = _range(name, value) if isinstance(FREE[name], Range) else _plain(name, value)
    try:
        return SimulationSettings(scenario="ranges", **values)
    except UsageError as error:
        raise UsageError(f"archive.ranges: {error}") from None


def _range(name: str, value: Any) -> Range:
    is_range = isinstance(value, list) and len(value) in (2, 3)
    if not is_range or not all(_is_number(end) for end in value[:2]):
        raise UsageError(f"archive.ranges.{name}={value} is not a range: write [low,high] or [low,high,log]")
    try:
        return Range(float(value[0]), float(value[1]), *value[2:])
    except UsageError as error:
        raise UsageError(f"archive.ranges.{name}: {error}") from None


def _plain(name: str, value: Any) -> Any:
    default = FREE[name]
    if isinstance(default, float) and _is_number(value):
        return float(value)
    if type(value) is not type(default):
        kind = {bool: "true or false", float: "a number", str: "a word"}[type(default)]
        raise UsageError(f"archive.ranges.{name}={value} is not allowed: expected {kind}")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"archive.days: {text!r} is not a date: write it as 1998-04-15") from None
