"""potrun in a notebook gives what the command line gives, in memory."""

import datetime as dt

import numpy as np
import pytest

import potrun
from potrun.core.composition import settings_from
from potrun.core.errors import NoDataError, UsageError
from potrun.runs.pipeline import run_experiment
from potrun.simulate.archive import simulate_archive


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    days = [dt.date(1998, 12, 31), dt.date(1999, 1, 1)]
    return simulate_archive(tmp_path_factory.mktemp("archive") / "two", days, sweeps=6, seed=3)


def words(root):
    return ["archive=pds", f"archive.root={root}", "device=cpu", "fitter=lillis"]


def test_run_gives_the_bytes_of_the_command_line(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = potrun.run(*words(root))
    outcome = run_experiment(settings_from([*words(root), "tracking=off"]), tmp_path / "run")
    saved = result.save(tmp_path / "mine.npz")
    assert saved.read_bytes() == outcome.npz.read_bytes()
    assert len(result.to_dataframe("sweeps")) == 12


def test_a_day_by_its_path_and_nothing_written(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (path,) = root.rglob("3D990101.TAB")
    with np.errstate(all="raise"):  # as a notebook may have asked
        result = potrun.process_day(path, "fitter=lillis", "device=cpu")
    assert np.unique(result.spec_utc_start.astype("<U10")).tolist() == ["1999-01-01"]
    assert result.origin == "simulated"
    assert list(tmp_path.iterdir()) == []
    assert result.plot("chi2").axes


def test_a_simulated_archive_and_each_day_are_told_of(root, caplog, monkeypatch):
    told = []
    monkeypatch.setattr("potrun.core.progress.Display.show", lambda _self, step: told.append(step))
    potrun.run(*words(root))
    assert any("SIMULATED" in record.message for record in caplog.records)
    fits = [step for step in told if step.stage == "fit"]
    assert {step.about for step in fits} == {"1998-12-31", "1999-01-01"}
    assert fits[-1].done == fits[-1].total == 6


def test_mistakes_are_told(root, tmp_path):
    with pytest.raises(UsageError, match="did you mean lillis"):
        potrun.run("fitter=lilis")
    with pytest.raises(NoDataError, match="no day matches"):
        potrun.run(*words(root), "month=7")
    with pytest.raises(NoDataError, match="no day's table"):
        potrun.process_day(tmp_path / "x.TAB")
    with pytest.raises(AttributeError, match="no attribute"):
        _ = potrun.nothing
