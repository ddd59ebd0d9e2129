import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.core.composition import settings_from
from potrun.core.provenance import Provenance
from potrun.geometry.compute import GeometryModel
from potrun.geometry.context import angle_deg
from potrun.results.run_result import RunResult
from potrun.results.sweeps import SweepLoader
from potrun.runs.day import DayStages
from potrun.simulate.archive import simulate_archive
from potrun.studies.base import StudyCase
from potrun.studies.field_offset import OffsetOfTheMagnetometer, _point, move

DAY = dt.date(1998, 4, 16)


@pytest.fixture(scope="session")
def case(tmp_path_factory):
    root = tmp_path_factory.mktemp("offset") / "data"
    simulate_archive(root, [DAY], 40, 7)
    words = ["archive=pds", f"archive.root={root}", "device=cpu", "quality=all"]
    cfg = settings_from(words)
    archive = scan_archive(root)
    stages = DayStages(cfg, archive)
    days = [stages.process(stages.read(day)) for day in archive.days]
    result = RunResult.from_days(days, Provenance.of(cfg, archive.origin, []).of_result([], [], {}))
    return StudyCase(cfg, archive, archive.days, result, SweepLoader(archive, cfg.archive, cfg.fitter, result))


def test_without_an_offset_nothing_moves(case):
    found = move(case, 0.0)
    assert np.nanmax(found.footpoint_deg) < 1e-6
    assert np.nanmax(np.abs(found.u_v)) < 1e-6
    assert not found.is_turned.any()
    assert not found.is_cut.any()
    assert np.isfinite(found.u_v).sum() == case.result["spec_has_fit"].sum()


def test_footpoints_move_as_the_turned_field_says(case):
    """The footpoint of a field that is turned by a known angle, by the law of sines in the plane of the turn."""
    offset = 0.5
    found = move(case, offset)
    plain = GeometryModel.of(case.archive, case.cfg.archive)
    table = DayStages(case.cfg, case.archive).read(case.days[0])
    geometry = plain.compute(table)
    row = table.sweep_start + table.sweep_rows // 2
    b = table.b_scd_nt[row]
    turned = angle_deg(b, b - [0.0, 0.0, offset])
    position = geometry.position_iau_moon_km[row]
    length = np.linalg.norm(_point(geometry.footpoint_latitude_deg[row], geometry.footpoint_longitude_deg[row]) * 1737.4
                            - position, axis=1)  # fmt: skip
    dip = case.result["spec_dip"]
    # A line of this length, turned about its upper end, moves its foot by at least the angle times its length.
    least = np.degrees(np.radians(turned) * length / 1737.4)
    usual = np.isfinite(found.footpoint_deg) & (turned < 5) & (dip > 40)
    assert usual.sum() > 5
    assert (found.footpoint_deg[usual] >= 0.8 * least[usual]).all()
    assert (found.footpoint_deg[usual] <= 1.5 * least[usual] / np.sin(np.radians(dip[usual] - 5))).all()


def test_the_study_sums_both_ways_up(case):
    report = OffsetOfTheMagnetometer().report(case)
    rows = report.tables["field_offset"].rows
    assert [row[0] for row in rows] == [0.5] * 4 + [-0.5] * 4
    assert sum(row[3] for row in rows[:4]) == 40
    assert report.metrics["field_offset/plus/footpoint_deg"] > 0.1
    assert "field_offset" in report.figures
    small = replace(case, cfg=replace(case.cfg, study=replace(case.cfg.study, field_offset_nt=0.05)))
    less = OffsetOfTheMagnetometer().report(small).metrics["field_offset/plus/footpoint_deg"]
    assert less == pytest.approx(report.metrics["field_offset/plus/footpoint_deg"] / 10, rel=0.3)
