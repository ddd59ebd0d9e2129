"""SPICE kernels of the simulated archive: text LSK and PCK, binary SPK files of the spacecraft and the bodies."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import spiceypy
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from potrun.simulate import clock, ephemeris
from potrun.simulate.orbit import Orbits, lp_state

FloatArray = NDArray[np.float64]

LP, SUN, BARYCENTRE, EARTH_MOON, EARTH, MOON = -25, 10, 0, 3, 399, 301
LP_STEP_S = 120.0
DEGREE = 11
BODY_RECORD_S, BODY_DEGREE = 86400.0, 12
LP_MARGIN_S, BODY_MARGIN_S = 6 * 3600.0, 86400.0
LP_FILE_STARTS = (dt.date(1998, 1, 11), dt.date(1998, 6, 1), dt.date(1998, 11, 1), dt.date(1999, 4, 1))
LP_FILE_ENDS = (dt.date(1998, 5, 31), dt.date(1998, 10, 31), dt.date(1999, 3, 31), dt.date(1999, 7, 30))
"""Spans of the mission's four trajectory files, which the simulated ones copy in their names."""

_MARK = "Simulated for potrun: no measurement, no mission product.\n"


@dataclass(frozen=True)
class Span:
    """Consecutive days that one SPK segment covers."""

    first: dt.date
    last: dt.date


def write_kernels(folder: Path, days: Sequence[dt.date], orbits: Orbits) -> None:
    """Write every kernel that the days need.

    Parameters
    ----------
    folder : pathlib.Path
        Existing folder to write to.
    days : sequence of datetime.date
        Days to cover.
    orbits : Orbits
        Where the spacecraft flies.
    """
    (folder / "sim_lsk.tls").write_text(leap_second_kernel(), encoding="ascii", newline="\n")
    (folder / "sim_pck.tpc").write_text(planetary_constants_kernel(), encoding="ascii", newline="\n")
    _write_bodies(folder / "sim_planets.bsp", consecutive(days))
    for start, end in zip(LP_FILE_STARTS, LP_FILE_ENDS, strict=True):
        inside = [day for day in days if start <= day <= end]
        if inside:
            _write_lp(folder / f"lp_sim_{start:%y%m%d}-{end:%y%m%d}.bsp", consecutive(inside), Span(start, end), orbits)


def consecutive(days: Sequence[dt.date]) -> list[Span]:
    """Group days into unbroken spans.

    Parameters
    ----------
    days : sequence of datetime.date
        Days in any order.

    Returns
    -------
    list of Span
    """
    spans: list[Span] = []
    for day in sorted(days):
        if spans and day - spans[-1].last <= dt.timedelta(days=1):
            spans[-1] = Span(spans[-1].first, day)
        else:
            spans.append(Span(day, day))
    return spans


def leap_second_kernel() -> str:
    """Write the text of the leap-seconds kernel.

    Returns
    -------
    str
    """
    steps = ",\n".join(
        f"  {lead}, @{year}-{'JAN' if month == 1 else 'JUL'}-1" for lead, year, month in clock.LEAP_SECONDS
    )
    return (
        f"KPL/LSK\n\n{_MARK}Leap seconds up to the end of the mission; annual term of TDB.\n\n\\begindata\n\n"
        f"DELTET/DELTA_T_A = {clock.TT_MINUS_TAI_S}\nDELTET/K = {clock.TDB_AMPLITUDE_S!r}\n"
        f"DELTET/EB = {clock.EARTH_ECCENTRICITY!r}\n"
        f"DELTET/M = ( {clock.MEAN_ANOMALY[0]!r} {clock.MEAN_ANOMALY[1]!r} )\n"
        f"DELTET/DELTA_AT = (\n{steps} )\n\n\\begintext\n"
    )


def planetary_constants_kernel() -> str:
    """Write the text of the constants kernel: the Moon's rotation, and radii.

    Returns
    -------
    str
    """
    angles = [value for a, b in ephemeris.NUTATION_ANGLES_DEG for value in (a, b * 36525.0)]
    radius = ephemeris.MOON_RADIUS_KM
    lines = [
        _vector("BODY3_NUT_PREC_ANGLES", angles),
        _vector("BODY301_POLE_RA", (*ephemeris.POLE_RA_DEG, 0.0)),
        _vector("BODY301_POLE_DEC", (*ephemeris.POLE_DEC_DEG, 0.0)),
        _vector("BODY301_PM", ephemeris.PRIME_MERIDIAN_DEG),
        _vector("BODY301_NUT_PREC_RA", ephemeris.NUTATION_RA_DEG),
        _vector("BODY301_NUT_PREC_DEC", ephemeris.NUTATION_DEC_DEG),
        _vector("BODY301_NUT_PREC_PM", ephemeris.NUTATION_PM_DEG),
        _vector("BODY301_LONG_AXIS", (0.0,)),
        _vector("BODY301_RADII", (radius, radius, radius)),
        _vector("BODY399_RADII", (6378.1366, 6378.1366, 6356.7519)),
        _vector("BODY10_RADII", (695700.0, 695700.0, 695700.0)),
    ]
    return f"KPL/PCK\n\n{_MARK}Rotation of the Moon after the IAU working group, 2015.\n\n\\begindata\n\n" + (
        "\n".join(lines) + "\n\n\\begintext\n"
    )


def _vector(name: str, values: Sequence[float]) -> str:
    return f"{name} = (\n" + "\n".join(f"  {float(value)!r}" for value in values) + " )"


def _write_bodies(path: Path, spans: Sequence[Span]) -> None:
    parts = ((SUN, BARYCENTRE), (EARTH_MOON, BARYCENTRE), (EARTH, EARTH_MOON), (MOON, EARTH_MOON))
    with _spk(path) as handle:
        for span in spans:
            start, stop = _limits(span, BODY_MARGIN_S)
            first = float(np.floor(start / BODY_RECORD_S)) * BODY_RECORD_S
            n_records = int(np.ceil((stop - first) / BODY_RECORD_S))
            for (body, centre), series in zip(parts, _body_series(first, n_records), strict=True):
                _write_series(handle, body, centre, start, stop, series, first)


def _body_series(first: float, n_records: int) -> list[FloatArray]:
    """Chebyshev series (N, 3, degree + 1) of the positions of each part of the chain, one record a day."""
    place = chebyshev.chebpts1(BODY_DEGREE + 1)
    middles = first + (np.arange(n_records) + 0.5) * BODY_RECORD_S
    out: list[FloatArray] = []
    for states in ephemeris.chain((place[:, None] * (BODY_RECORD_S / 2) + middles).reshape(-1)):
        series = chebyshev.chebfit(place, states[:, :3].reshape(len(place), -1), BODY_DEGREE)
        out.append(np.moveaxis(np.asarray(series, dtype=np.float64).reshape(-1, n_records, 3), 0, 2))
    return out


def _write_lp(path: Path, spans: Sequence[Span], file: Span, orbits: Orbits) -> None:
    """Write the spacecraft's segments; none reaches over an end of its file or from one orbit into the next."""
    file_start, file_stop = _limits(file, 0.0)
    ends = [orbit.start_et_s for orbit in orbits[1:]] + [np.inf]
    with _spk(path) as handle:
        for span in spans:
            first, last = _limits(span, LP_MARGIN_S)
            for orbit, end in zip(orbits, ends, strict=True):
                start, stop = max(first, file_start, orbit.start_et_s), min(last, file_stop, end)
                if start < stop:
                    nodes = _nodes(start, stop, LP_STEP_S)
                    _write_segment(handle, LP, MOON, start, stop, nodes, lp_state(nodes, orbit), LP_STEP_S)


def _limits(span: Span, margin_s: float) -> tuple[float, float]:
    after = span.last + dt.timedelta(days=1)
    return (
        float(clock.et_s(span.first, np.array(0.0))) - margin_s,
        float(clock.et_s(after, np.array(0.0))) + margin_s,
    )


def _nodes(start: float, stop: float, step: float) -> FloatArray:
    """Lay nodes on multiples of the step, with enough beyond both ends that no window is one-sided."""
    beyond = DEGREE // 2 + 1
    first, last = int(np.floor(start / step)) - beyond, int(np.ceil(stop / step)) + beyond
    return np.arange(first, last + 1, dtype=np.float64) * step


def _write_segment(
    handle: int, body: int, centre: int, start: float, stop: float, nodes: FloatArray, states: FloatArray, step: float
) -> None:
    """Write one Hermite segment (SPK type 12: states at equal steps)."""
    spiceypy.spkw12(
        handle, body, centre, "J2000", start, stop, f"simulated {body}", DEGREE, len(nodes),
        np.ascontiguousarray(states), float(nodes[0]), step,
    )  # fmt: skip


def _write_series(
    handle: int, body: int, centre: int, start: float, stop: float, series: FloatArray, first_record: float
) -> None:
    """Write one segment of Chebyshev series (N, 3, degree + 1), SPK type 2, as planetary ephemerides come."""
    spiceypy.spkw02(
        handle, body, centre, "J2000", start, stop, f"simulated {body}", BODY_RECORD_S, len(series), BODY_DEGREE,
        np.ascontiguousarray(series).reshape(-1), first_record,
    )  # fmt: skip


@contextmanager
def _spk(path: Path) -> Iterator[int]:
    """Open a new SPK file for writing and close it, whatever happens."""
    handle = int(spiceypy.spkopn(str(path), "potrun simulated", 0))
    try:
        yield handle
    finally:
        spiceypy.spkcls(handle)
