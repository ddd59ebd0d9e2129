"""How far footpoints, polarity and U move with the magnetometer's offset along the spin axis.

The spin turns the two components across it and so tells their offsets; that of the third stays in the data.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from potrun.archive.table import read_day
from potrun.core.records import BoolArray, DayTable, FloatArray, Geometry, IntArray
from potrun.core.table import Cell, Table
from potrun.geometry.compute import GeometryModel
from potrun.geometry.context import angle_deg
from potrun.losscone.normalise import build_sweep_batch
from potrun.plasma.constant import ConstantPotential
from potrun.results.day import SWEEPS_PER_DATE
from potrun.results.run_result import RunResult
from potrun.search import make_fitter
from potrun.studies.base import AcceptsAnyRun, StudyCase, StudyReport

SAMPLE_DAYS = 6
"""Days, spread over the run's, that are fitted again."""

STRENGTHS_NT = (0.0, 3.0, 6.0, 12.0, np.inf)
COLUMNS = (
    "offset along z (nT)", "|B| from (nT)", "|B| to (nT)", "sweeps", "footpoint moves (deg, median)", "(deg, 90 %)",
    "polarity changes", "gained or lost", "fits", "U moves (V, median)", "(V, 90 %)", "out of the 95 % interval",
)  # fmt: skip
METRICS = ("sweeps", "footpoint_deg", "footpoint_deg_p90", "turned", "cut", "fits", "u_v", "u_v_p90", "out")


@dataclass(frozen=True, eq=False)
class Moved:
    """S sweeps with and without an offset (nT); NaN where a sweep has no footpoint or no good fit with both.

    `is_turned` marks sweeps whose moonward direction changes sign, `is_cut` those connected only with or only without.
    `is_out` marks fits that leave their 95 % interval.
    """

    offset_nt: float
    strength_nt: FloatArray
    footpoint_deg: FloatArray
    is_turned: BoolArray
    is_cut: BoolArray
    u_v: FloatArray
    is_out: BoolArray


class OffsetOfTheMagnetometer(AcceptsAnyRun):
    """Fits a run's sweeps again with an offset taken off the field, one way and the other."""

    def report(self, case: StudyCase) -> StudyReport:
        """Compare the sweeps of up to six days.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport
        """
        from potrun.plots.field_offset import draw_field_offset

        size = case.cfg.study.field_offset_nt
        moved = [move(case, offset) for offset in (size, -size)]
        rows: list[list[Cell]] = []
        metrics: dict[str, float] = {}
        for found in moved:
            for low, high in pairwise(STRENGTHS_NT):
                line = _line(found, (found.strength_nt >= low) & (found.strength_nt < high))
                rows.append([found.offset_nt, low, high if np.isfinite(high) else None, *line])
            sign = "plus" if found.offset_nt > 0 else "minus"
            everywhere = _line(found, np.ones(len(found.u_v), np.bool_))
            for name, value in zip(METRICS, everywhere, strict=True):
                metrics[f"field_offset/{sign}/{name}"] = value
        table = Table(
            f"What {size:g} nT along the spin axis moves ({case.result.origin}, quality={case.cfg.quality})",
            COLUMNS,
            rows,
        )
        return StudyReport(metrics, {"field_offset": table}, {"field_offset": draw_field_offset(moved, case.result)})


def move(case: StudyCase, offset_nt: float) -> Moved:
    """Compute geometry and fits of a run's sampled days anew, with one more offset of the field along z.

    Parameters
    ----------
    case : StudyCase
        A finished run.
    offset_nt : float, nT
        Taken off B_z, beside what `archive.b_offset_nt` says.

    Returns
    -------
    Moved
    """
    b_x, b_y, b_z = case.cfg.archive.b_offset_nt
    settings = replace(case.cfg.archive, b_offset_nt=[b_x, b_y, b_z + offset_nt])
    model = GeometryModel.of(case.archive, settings)
    plain = GeometryModel.of(case.archive, case.cfg.archive)
    fitter = make_fitter(replace(case.cfg.fitter, intervals=False), case.cfg.device, case.cfg.fast)
    result = case.result.of_quality(case.cfg.quality)
    parts = []
    for n in np.unique(np.linspace(0, len(case.days) - 1, SAMPLE_DAYS).round().astype(int)):
        table = read_day(case.days[n], case.archive.cache_dir)
        geometry, before = model.compute(table), plain.compute(table)
        place = _places(result, table)
        usc, u, low, high = (
            _of_sweeps(result, name, place) for name in ("spacecraft_potential", "u_surface", "u_lo95", "u_hi95")
        )
        potential = replace(ConstantPotential(0.0).estimate(table, geometry), volts=usc)
        found = fitter.fit(build_sweep_batch(table, geometry, potential, case.cfg.fitter)).u_surface_v
        middle = table.sweep_start + table.sweep_rows // 2
        strength = np.linalg.norm(table.b_scd_nt[middle], axis=1)
        parts.append((strength, *_moved_feet(geometry, before, middle), found - u, (found < low) | (found > high)))
    return Moved(offset_nt, *(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _moved_feet(geometry: Geometry, before: Geometry, row: IntArray) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Return how far footpoints lie apart (deg), which polarities turn, and which sweeps gain or lose a footpoint."""
    point, point_before = (
        _point(item.footpoint_latitude_deg[row], item.footpoint_longitude_deg[row]) for item in (geometry, before)
    )
    polarity, polarity_before = geometry.polarity[row], before.polarity[row]
    return (
        angle_deg(point, point_before),
        np.asarray(polarity * polarity_before == -1),
        np.asarray((polarity == 0) != (polarity_before == 0)),
    )


def _of_sweeps(result: RunResult, name: str, place: IntArray) -> FloatArray:
    """Values of a column of sweeps at places in a result, NaN at -1."""
    values = result[f"spec_{name}"]
    out = np.full(len(place), np.nan)
    out[place >= 0] = values[place[place >= 0]]
    return out


def _places(result: RunResult, table: DayTable) -> IntArray:
    """Place in a result of each sweep of a table, -1 where it has none (of the asked quality)."""
    wanted = int(f"{table.date:%Y%m%d}") * SWEEPS_PER_DATE + 1 + np.arange(table.n_sweeps)
    order = np.argsort(result["spec_sweep_id"], kind="stable")
    ids = result["spec_sweep_id"][order]
    if not len(ids):
        return np.full(table.n_sweeps, -1)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, order[at], -1)


def _point(latitude_deg: FloatArray, longitude_deg: FloatArray) -> FloatArray:
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    return np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=-1
    )


def _line(found: Moved, chosen: BoolArray) -> list[float]:
    """Sum some sweeps up."""
    apart = found.footpoint_deg[chosen & np.isfinite(found.footpoint_deg)]
    fitted = chosen & np.isfinite(found.u_v)
    u = np.abs(found.u_v[fitted])
    number = int(chosen.sum())

    def of(values: FloatArray, percent: float) -> float:
        return float(np.percentile(values, percent)) if len(values) else np.nan

    def share(marked: BoolArray, among: BoolArray) -> float:
        return float(marked[among].mean()) if among.any() else np.nan

    return [
        number, of(apart, 50), of(apart, 90), share(found.is_turned, chosen), share(found.is_cut, chosen), len(u),
        of(u, 50), of(u, 90), share(found.is_out, fitted),
    ]  # fmt: skip
