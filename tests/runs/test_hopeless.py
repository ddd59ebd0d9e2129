"""Days that nothing can be made of are named before any work; the others go on."""

import datetime as dt
import logging
import shutil

import pytest

from potrun.core.errors import DataError
from potrun.core.settings import ArchiveConfig, RunConfig
from potrun.runs.hopeless import hopeless_days
from potrun.runs.plan import make_plan
from potrun.simulate.archive import simulate_archive
from tests.support.tables import table_lines, write_day

DAYS = [dt.date(1998, 8, 20), dt.date(1998, 8, 21), dt.date(1998, 8, 22)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return simulate_archive(tmp_path_factory.mktemp("made") / "archive", DAYS, 1, 0)


@pytest.fixture
def root(made, tmp_path):
    shutil.copytree(made, tmp_path / "archive")
    return tmp_path / "archive"


def plan_of(root, tmp_path, **options):
    cfg = RunConfig(year=1998, month=8, archive=ArchiveConfig(kind="pds", root=str(root), **options))
    return make_plan(cfg, tmp_path / "run")


def names(reports):
    return [report.task.day.date for report in reports]


def test_whole_days_are_not_named(root, tmp_path):
    assert hopeless_days(plan_of(root, tmp_path)) == []


@pytest.mark.parametrize("content", [b"", b"\r\n  \r\n"])
def test_an_empty_table_costs_its_day(root, tmp_path, content):
    write_day(root, content, DAYS[1])
    lost = hopeless_days(plan_of(root, tmp_path))
    assert names(lost) == [DAYS[1]]
    assert "empty file" in lost[0].failure


def test_a_day_without_trajectory_or_attitude_costs_that_day(root, tmp_path):
    far, early = dt.date(1998, 8, 29), dt.date(1998, 8, 2)
    for date in (far, early):
        write_day(root, table_lines(2, date), date)
    lost = hopeless_days(plan_of(root, tmp_path))
    assert names(lost) == [early, far]
    assert "attitude" in lost[0].failure
    assert "trajectory" in lost[1].failure


def test_strict_refuses_the_run(root, tmp_path):
    write_day(root, b"", DAYS[0])
    with pytest.raises(DataError, match=r"empty file.*archive\.strict=true"):
        hopeless_days(plan_of(root, tmp_path, strict=True))


def test_days_of_the_mission_without_a_table_are_named(root, tmp_path, caplog):
    (root / "ORIGIN").unlink()
    logger = logging.getLogger("potrun")
    logger.propagate, before = True, logger.propagate
    try:
        with caplog.at_level("WARNING", "potrun"):
            hopeless_days(plan_of(root, tmp_path))
    finally:
        logger.propagate = before
    assert "no table of 1998-08-01..1998-08-19, 1998-08-23..1998-08-31 (28 days)" in caplog.text
