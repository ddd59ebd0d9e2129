"""Where the spacecraft was and how it was turned: spin axis, positions, footpoints, eclipses."""

import datetime as dt
import re
from itertools import groupby
from pathlib import Path

import numpy as np

from potrun.core.errors import DataError, UsageError
from potrun.core.instrument import N_CELLS
from potrun.core.records import DayTable, FloatArray, Geometry, SourceFile, TextArray
from potrun.core.utc import split_utc
from potrun.geometry.attitude import spin_axis
from potrun.geometry.context import angle_deg
from potrun.geometry.ephemeris_time import utc_to_et
from potrun.geometry.frames import latitude_longitude_deg
from potrun.studies.facts.finding import Evidence, Finding, Verdict, judged

AXIS_TOLERANCE_DEG = 1.5
"""Reports give a direction to 0.1 and 1 deg and a date without hour; the axis drifts by up to a degree a day."""

AXIS_AGE_DAYS = 10.0
"""Longest time to the nearest record for which the table is still held against a report."""

PLACE_TOLERANCE_DEG = 0.02
FOOTPOINT_TOLERANCE_DEG = 1.0
ECLIPSE_TOLERANCE_MIN = 6.0
LEVEL2_MEDIAN_DEG, LEVEL2_P90_DEG = 1.0, 4.0
"""Twice what another program (espg-lunar-potential-map) found between the archive's footpoints and its own."""

REPORTS = "mission status reports of Lunar Prospector"
PEER = "computed from the same kernels by another program (espg-lunar-potential-map)"
LEVEL2 = "PDS LP-L-ER-4-ELECTRON-DATA-V1.0, 220 eV"
ECLIPSES = "lunar eclipse catalogue (Espenak, NASA)"
_LEVEL2_LINE = re.compile(r'\s*"?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d*)?Z?"?[\s,]+([-+.\d]+)[\s,]+([-+.\d]+)')


def check_place(evidence: Evidence) -> list[Finding]:
    """Hold attitude, trajectory, footpoints and shadows against what is published."""
    return [
        *_check_axis(evidence), *_check_places(evidence), _check_footpoint(evidence), *_check_level2(evidence),
        *_check_eclipses(evidence),
    ]  # fmt: skip


def _check_axis(evidence: Evidence) -> list[Finding]:
    """Compare the spin axis with the reports, at the hour of the day that fits best."""
    attitude, found = evidence.model.attitude, []
    for report in evidence.facts.spin_axis:
        fact, expected = f"spin axis on {report.date}", f"{report.latitude_deg:.1f}/{report.longitude_deg:.0f} deg"
        utc = np.array([f"{report.date}T{hour:02d}:00:00" for hour in range(24)])
        et = utc_to_et(utc, evidence.model.leap_seconds)
        axis = spin_axis(attitude, et)
        axis[np.abs(et[:, None] - attitude.et_s).min(axis=1) > AXIS_AGE_DAYS * 86400] = np.nan
        apart = angle_deg(axis, np.broadcast_to(_unit(report.latitude_deg, report.longitude_deg), axis.shape))
        if not np.isfinite(apart).any():
            found.append(Finding(fact, "no attitude record near", expected, "", Verdict.ABSENT, REPORTS))
            continue
        best = int(np.nanargmin(apart))
        latitude, longitude = latitude_longitude_deg(axis[best : best + 1])
        said = f"{latitude[0]:.1f}/{longitude[0] % 360:.0f} deg, {apart[best]:.1f} deg apart"
        verdict = judged(float(apart[best]) <= AXIS_TOLERANCE_DEG)
        found.append(Finding(fact, said, expected, f"{AXIS_TOLERANCE_DEG:g} deg apart", verdict, REPORTS))
    return found


def _check_places(evidence: Evidence) -> list[Finding]:
    """Compare positions of the spacecraft, day by day."""
    found = []
    for date, places in groupby(evidence.facts.places, lambda place: place.utc[:10]):
        several = list(places)
        geometry = _geometry_at(evidence, [place.utc for place in several], np.ones((len(several), 3)))
        fact, expected = f"position of the spacecraft on {date}", f"{len(several)} positions"
        if not geometry.is_known.any():
            found.append(Finding(fact, "no trajectory or attitude", expected, "", Verdict.ABSENT, PEER))
            continue
        published = _unit(
            *(np.array([getattr(p, f"{name}_deg") for p in several]) for name in ("latitude", "longitude"))
        )
        own = _unit(geometry.spacecraft_latitude_deg, geometry.spacecraft_longitude_deg)
        apart = float(np.nanmax(angle_deg(own, published)))
        verdict = judged(apart <= PLACE_TOLERANCE_DEG)
        found.append(
            Finding(fact, f"{apart:.4f} deg away at most", expected, f"{PLACE_TOLERANCE_DEG:g} deg", verdict, PEER)
        )
    return found


def _check_footpoint(evidence: Evidence) -> Finding:
    """Compare the footpoint of one published field."""
    mark = evidence.facts.footpoint
    fact, expected = f"footpoint at {mark.utc}", f"{mark.latitude_deg:.2f}, {mark.longitude_deg:.2f} deg"
    geometry = _geometry_at(evidence, [mark.utc], np.array([mark.b_scd_nt]))
    latitude, longitude = geometry.footpoint_latitude_deg, geometry.footpoint_longitude_deg
    if not geometry.is_known.any():
        return Finding(fact, "no trajectory or attitude", expected, "", Verdict.ABSENT, LEVEL2)
    apart = float(angle_deg(_unit(latitude, longitude), _unit(mark.latitude_deg, mark.longitude_deg)[None])[0])
    said = f"{latitude[0]:.2f}, {longitude[0]:.2f} deg, {apart:.2f} deg apart"
    verdict = judged(apart <= FOOTPOINT_TOLERANCE_DEG)
    return Finding(fact, said, expected, f"{FOOTPOINT_TOLERANCE_DEG:g} deg", verdict, LEVEL2)


def read_level2(path: Path) -> tuple[TextArray, FloatArray, FloatArray]:
    """Read the footpoints of a table of the Level-2 product: time, longitude, latitude, and what is not needed here.

    Parameters
    ----------
    path : Path
        A file, or a folder of ``*.tab`` files.

    Returns
    -------
    utc : (N,) str
    latitude_deg, longitude_deg : (N,) float64

    Raises
    ------
    UsageError
        If nothing there holds such a line.

    References
    ----------
    PDS3 data set LP-L-ER-4-ELECTRON-DATA-V1.0, description of the columns.
    """
    files = sorted(item for item in path.rglob("*") if item.suffix.lower() == ".tab") if path.is_dir() else [path]
    try:
        lines = [line for file in files for line in file.read_text("ascii", "replace").splitlines()]
    except OSError as error:
        raise UsageError(f"study.level2={path} cannot be read ({error.strerror})") from error
    found = [match.groups() for line in lines if (match := _LEVEL2_LINE.match(line))]
    if not found:
        raise UsageError(f"study.level2={path} holds no line with a time, a longitude and a latitude")
    utc, longitude, latitude = zip(*found, strict=True)
    return np.array(utc), np.array(latitude, np.float64), np.array(longitude, np.float64)


def _check_level2(evidence: Evidence) -> list[Finding]:
    """Compare footpoints with the Level-2 product, where the user has it, at the rows nearest in time."""
    fact, expected = "footpoints of the Level-2 product", "the product's own"
    tolerance = f"{LEVEL2_MEDIAN_DEG:g} deg median, {LEVEL2_P90_DEG:g} deg for 90 %"
    where = evidence.case.cfg.study.level2
    if where is None:
        return [Finding(fact, "study.level2 names no file", expected, tolerance, Verdict.ABSENT, LEVEL2)]
    utc, latitude, longitude = read_level2(Path(where))
    result = evidence.case.result
    mine, theirs = _seconds(result["rows_utc"]), _seconds(utc)
    order = np.argsort(mine, kind="stable")
    after = np.clip(np.searchsorted(mine[order], theirs), 1, max(len(mine) - 1, 1))
    pair = order[np.stack([after - 1, np.minimum(after, len(mine) - 1)])]
    near = pair[np.abs(mine[pair] - theirs).argmin(axis=0), np.arange(len(theirs))]
    own = _unit(result["rows_projection_latitude"][near], result["rows_projection_longitude"][near])
    apart = angle_deg(own, _unit(latitude, longitude))[np.abs(mine[near] - theirs) <= 3]
    apart = apart[np.isfinite(apart)]
    if not len(apart):
        return [Finding(fact, "no row of its times in the result", expected, tolerance, Verdict.ABSENT, LEVEL2)]
    median, p90 = (float(value) for value in np.percentile(apart, [50, 90]))
    said = f"{median:.2f} deg median, {p90:.2f} deg for 90 % of {len(apart)}"
    verdict = judged(median <= LEVEL2_MEDIAN_DEG and p90 <= LEVEL2_P90_DEG)
    return [Finding(fact, said, expected, tolerance, verdict, LEVEL2)]


def _check_eclipses(evidence: Evidence) -> list[Finding]:
    """Compare first and last contact with the Earth's penumbra, minute by minute."""
    from potrun.plots.acceptance import draw_eclipse

    found = []
    for eclipse in evidence.facts.eclipses:
        date = eclipse.begin_utc[:10]
        fact = f"the Moon in the Earth's penumbra on {date}"
        expected = f"{eclipse.begin_utc[11:16]} to {eclipse.end_utc[11:16]}"
        hour = np.arange(1440) / 60.0
        utc = np.array([f"{date}T{minute // 60:02d}:{minute % 60:02d}:00" for minute in range(1440)])
        magnitude = evidence.model.penumbral_magnitude(utc)
        if not np.isfinite(magnitude).any():
            found.append(Finding(fact, "no ephemeris of Sun and Earth", expected, "", Verdict.ABSENT, ECLIPSES))
            continue
        inside = np.flatnonzero(magnitude > 0)
        said, is_right = "no contact", False
        if len(inside):
            said = f"{utc[inside[0]][11:16]} to {utc[inside[-1]][11:16]}"
            wanted = [int(text[11:13]) * 60 + int(text[14:16]) for text in (eclipse.begin_utc, eclipse.end_utc)]
            is_right = bool(np.abs(inside[[0, -1]] - wanted).max() <= ECLIPSE_TOLERANCE_MIN)
        figure = draw_eclipse(date, hour, magnitude, eclipse, evidence.case.archive.origin)
        found.append(
            Finding(
                fact, said, expected, f"{ECLIPSE_TOLERANCE_MIN:g} min", judged(is_right), ECLIPSES, is_history=False,
                figures={f"eclipse_{date}": figure},
            )
        )  # fmt: skip
    return found


def _geometry_at(evidence: Evidence, utc: list[str], b_scd_nt: FloatArray) -> Geometry:
    """Compute the geometry of single rows at given times, each with its field."""
    rows = len(utc)
    nothing = np.zeros(rows)
    table = DayTable(
        date=dt.date.fromisoformat(utc[0][:10]),
        source=SourceFile("published rows", 0, ""),
        utc=np.array(utc),
        unix_time_s=nothing,
        energy_ev=nothing,
        spectrum_number=np.arange(rows),
        b_scd_nt=b_scd_nt,
        flux=np.zeros((rows, N_CELLS)),
        phi_deg=np.full((rows, N_CELLS), np.nan),
        sweep_start=np.arange(rows),
        sweep_rows=np.ones(rows, np.int64),
    )
    try:
        return evidence.model.compute(table)
    except DataError as error:
        raise DataError(f"positions of {utc[0][:10]}: {error}") from error


def _unit(latitude_deg: FloatArray | float, longitude_deg: FloatArray | float) -> FloatArray:
    """Return unit vectors (..., 3) of latitudes and longitudes."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    return np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=-1
    )


def _seconds(utc: TextArray) -> FloatArray:
    """Return seconds since 1970 of UTC texts."""
    day, second, _ = split_utc(utc)
    return np.asarray(day * 86400.0 + second)
