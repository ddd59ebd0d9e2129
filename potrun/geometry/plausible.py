"""What is known of leap seconds, the Moon's rotation, orbit, spin axis and cells, held against what files say.

A kernel that was cut short, patched or overwritten can still be read; its numbers then move footpoints by degrees. Each
function returns what is wrong, found and expected, or nothing.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import FloatArray
from potrun.geometry.text_kernel import Variables

RADIUS_KM = (1740.0, 1950.0)
"""Distances of Lunar Prospector from the Moon's centre, in its orbits of 15 to 120 km and with room for more."""

MOST_KM_PER_S = 2.0
"""The fastest orbit around the Moon takes 1.7 km/s."""

SUN_KM = (1.46e8, 1.53e8)
"""Distances of the Sun from the Moon."""

LEAST_LATITUDE_DEG = 80.0
"""The spin axis stood within 4 deg of a pole of the ecliptic throughout the mission, with room for more.
[Lunar Prospector mission status reports, January 1998 to July 1999]"""

LEAP_SECONDS = (("1997-07-01", 31.0), ("1998-12-31", 31.0), ("1999-01-01", 32.0), ("1999-12-31", 32.0))
"""TAI - UTC (s) on days before, during and after the mission [IERS Bulletin C]."""

_CONSTANTS: Mapping[str, tuple[tuple[float, float], ...]] = {
    "DELTET/DELTA_T_A": ((32.184, 0.0005),),
    "DELTET/K": ((1.657e-3, 2e-5),),
    "DELTET/EB": ((1.671e-2, 2e-4),),
    "DELTET/M": ((6.239996, 0.01), (1.99096871e-7, 1e-10)),
}
"""Constants of TDB - UTC, and how far they may be off."""

_ORIENTATION: Mapping[str, tuple[tuple[float, float], ...]] = {
    "BODY301_POLE_RA": ((269.9949, 0.1), (0.0031, 0.01)),
    "BODY301_POLE_DEC": ((66.5392, 0.1), (0.0130, 0.01)),
    "BODY301_PM": ((38.3213, 0.1), (13.17635815, 1e-5)),
    "BODY301_NUT_PREC_RA": ((-3.8787, 0.05), (-0.1204, 0.05)),
    "BODY301_NUT_PREC_DEC": ((1.5419, 0.05), (0.0239, 0.05)),
    "BODY301_NUT_PREC_PM": ((3.5610, 0.05), (0.1208, 0.05)),
    "BODY3_NUT_PREC_ANGLES": ((125.045, 0.1), (-1935.5364525, 0.1)),
    "BODY10_RADII": ((696000.0, 1000.0),),
    "BODY399_RADII": ((6378.14, 0.1), (6378.14, 0.1), (6356.75, 0.1)),
}
"""First numbers of the Moon's rotation, and radii of Sun and Earth (km), each with a tolerance: reports of other years
differ by less [Archinal et al. 2018, doi:10.1007/s10569-017-9805-5]."""

_MOON_TERMS = {"BODY301_NUT_PREC_RA": 13, "BODY301_NUT_PREC_DEC": 13, "BODY301_NUT_PREC_PM": 13}
_MOON_TERMS |= {"BODY3_NUT_PREC_ANGLES": 26}
_J2000_DAY = np.datetime64("2000-01-01T12:00:00")


def leap_second_trouble(variables: Variables) -> str:
    """Say what is wrong with a leap-second kernel: a constant, or TAI - UTC in the mission's years."""
    trouble = _differing(variables, _CONSTANTS)
    table = variables.get("DELTET/DELTA_AT", [])
    if trouble or not table or len(table) % 2 or isinstance(table[0], str):
        return trouble or f"DELTET/DELTA_AT has {len(table)} values, pairs of TAI - UTC and a date expected"
    leap, start = np.array(table, dtype=np.float64).reshape(-1, 2).T
    if (np.diff(start) <= 0).any():
        return "the dates of DELTET/DELTA_AT are out of order"
    for day, expected in LEAP_SECONDS:
        formal = (np.datetime64(day) - _J2000_DAY) / np.timedelta64(1, "s")
        entry = int(np.searchsorted(start, formal + 1, side="right")) - 1
        if entry < 0 or leap[entry] != expected:
            found = f"{leap[entry]:g} s" if entry >= 0 else "nothing"
            return f"TAI - UTC on {day} is {found}, expected {expected:g} s"
    return ""


def orientation_trouble(variables: Variables) -> str:
    """Say what is wrong with the Moon's rotation in a kernel of planetary constants."""
    trouble = _differing(variables, _ORIENTATION)
    if trouble:
        return trouble
    for name, terms in _MOON_TERMS.items():
        if len(variables[name]) < terms:
            return f"{name} has {len(variables[name])} values, at least {terms} expected"
    return ""


def orbit_trouble(position_km: FloatArray, to_sun_km: FloatArray, et_s: FloatArray) -> tuple[int, str]:
    """Say what is wrong with positions.

    Parameters
    ----------
    position_km : (R, 3) float64, km
        Lunar Prospector from the Moon's centre in a frame that does not turn; NaN where unknown.
    to_sun_km : (R, 3) float64, km
        The Sun from Lunar Prospector.
    et_s : (R,) float64, s
        When.

    Returns
    -------
    row : int
        The first row with trouble; -1 if there is none.
    trouble : str
        What was found there, and what was expected.
    """
    radius = np.linalg.norm(position_km, axis=1)
    outside = np.flatnonzero((radius < RADIUS_KM[0]) | (radius > RADIUS_KM[1]))
    if len(outside):
        row, expected = int(outside[0]), f"{RADIUS_KM[0]:,.0f} to {RADIUS_KM[1]:,.0f} km"
        return row, f"Lunar Prospector {radius[row]:,.0f} km from the Moon's centre, expected {expected}"
    known = np.flatnonzero(np.isfinite(radius))
    apart = np.diff(et_s[known])
    moved = np.linalg.norm(np.diff(position_km[known], axis=0), axis=1)
    # Two rows of one second's text may be the same moment; the last digits of a position are worth less than 1 km.
    fast = np.flatnonzero(moved > MOST_KM_PER_S * np.abs(apart) + 1.0)
    if len(fast):
        row, speed = int(known[fast[0] + 1]), moved[fast[0]] / max(abs(apart[fast[0]]), 1e-3)
        return row, f"Lunar Prospector moving at {speed:,.3g} km/s, expected less than {MOST_KM_PER_S:g} km/s"
    distance = np.linalg.norm(to_sun_km, axis=1)
    outside = np.flatnonzero((distance < SUN_KM[0]) | (distance > SUN_KM[1]))
    if len(outside):
        row = int(outside[0])
        return row, f"the Sun {distance[row]:.3g} km from the Moon, expected {SUN_KM[0]:.3g} to {SUN_KM[1]:.3g} km"
    return -1, ""


def axis_trouble(right_ascension_deg: FloatArray, declination_deg: FloatArray) -> NDArray[np.str_]:
    """Say what is wrong with directions of the spin axis: (N,) text, empty where it stands near an ecliptic pole."""
    texts = [
        f"spin axis at right ascension {ascension:g} and declination {declination:g} deg, expected within"
        f" {90 - LEAST_LATITUDE_DEG:g} deg of an ecliptic pole"
        if abs(declination) < LEAST_LATITUDE_DEG
        else ""
        for ascension, declination in zip(right_ascension_deg.tolist(), declination_deg.tolist(), strict=True)
    ]
    return np.array(texts, dtype=np.str_)


def cells_trouble(theta_deg: FloatArray, phi_deg: FloatArray) -> str:
    """Say where inclinations do not fit azimuths: the cells of one latitude lie evenly around the spin axis.

    Parameters
    ----------
    theta_deg : (C,) float64, deg
        Inclinations, as in ``theta.tab``.
    phi_deg : (R, C) float64, deg
        Azimuths of the same cells; rows with a missing one are passed over.
    """
    whole = phi_deg[np.isfinite(phi_deg).all(axis=1)][:15]
    for latitude in np.unique(theta_deg).tolist() if len(whole) else ():
        azimuth = np.sort(whole[:, theta_deg == latitude] % 360.0, axis=1)
        step = 360.0 / azimuth.shape[1]
        apart = np.diff(azimuth, axis=1, append=azimuth[:, :1] + 360.0)
        off = float(np.median(np.abs(apart - step).max(axis=1)))
        if off > step / 2:
            return (
                f"the cells that it puts at {latitude:g} deg lie up to {step + off:.0f} deg apart in azimuth,"
                f" expected {step:g} deg: is it permuted?"
            )
    return ""


def _differing(variables: Variables, expected: Mapping[str, tuple[tuple[float, float], ...]]) -> str:
    """Name the first variable that is missing or has another value than expected."""
    for name, known in expected.items():
        values = variables.get(name)
        if values is None:
            return f"{name} is missing"
        for index, (value, tolerance) in enumerate(known):
            found = values[index] if index < len(values) else "nothing"
            if isinstance(found, str) or abs(found - value) > tolerance:
                return f"value {index + 1} of {name} is {found}, expected {value:g}"
    return ""
