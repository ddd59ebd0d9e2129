"""What verbose=true says of a day is what the day's records hold."""

import re

import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.core.composition import settings_from
from potrun.runs.account import fitted_lines, prepared_lines
from potrun.runs.day import DayStages, Stopwatch


@pytest.fixture(scope="module")
def worked(sample_dir):
    archive = scan_archive(sample_dir)
    stages = DayStages(settings_from(["fitter=lillis", "device=cpu", "spacecraft_potential=constant"]), archive)
    day = stages.prepare(stages.read(archive.days[0]), Stopwatch())
    return stages, day, stages.fit(day)


def test_each_stage_is_told_with_its_numbers(worked):
    _, day, _ = worked
    read, grids, geometry, potential, cells = prepared_lines(day)
    assert f"{day.table.n_rows} rows in {day.table.n_sweeps} sweeps" in read
    assert sum(int(count) for count in re.findall(r"in (\d+) sweeps", grids)) == day.table.n_sweeps
    assert f"{int(day.geometry.is_known.sum())} of {day.table.n_rows} rows known" in geometry
    assert potential.startswith(f"spacecraft potential: {day.table.n_sweeps} constant")
    assert f"{int(day.batch.mask.sum())} enter the fit" in cells


def test_the_fit_is_told_with_its_proofs(worked):
    _, day, result = worked
    (line,) = fitted_lines(day, result)
    has_fit = result.columns["spec_has_fit"]
    assert line.startswith(f"fit: {has_fit.sum()} of {len(has_fit)} sweeps, ")
    assert f"{int(np.sum(result.columns['spec_fit_certified'][has_fit]))} proven" in line


def test_the_pace_of_the_fit_is_told(worked):
    assert re.fullmatch(r"chunks of \d+ sweeps on \d+ threads", worked[0].pace)
