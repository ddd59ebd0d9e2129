import base64
import contextlib
import datetime as dt
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest
from matplotlib.image import imread

from potrun.core.composition import settings_from
from potrun.core.errors import OutputError, PotrunError, UsageError
from potrun.runs.inputs import open_archive
from potrun.runs.painter import Painter, PaintJob
from potrun.runs.pipeline import run_experiment
from potrun.simulate.archive import simulate_archive


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of a few sweeps, with one picture of the result and one of its sweeps."""
    root = simulate_archive(tmp_path_factory.mktemp("archive") / "demo", [dt.date(1998, 4, 15)], sweeps=8, seed=3)
    words = ["archive=pds", f"archive.root={root}", "tracking=off", "spacecraft_potential=constant", "fitter=lillis"]
    cfg = settings_from([*words, "pictures=[examples,chi2]", "fitter.min_cells=4"])
    return cfg, run_experiment(cfg, tmp_path_factory.mktemp("run") / "here").npz


def job(finished, folder):
    cfg, npz = finished
    return PaintJob(npz, folder, folder / "report.html", cfg, open_archive(cfg.archive))


def test_a_run_has_the_pictures_that_were_asked_for_and_no_other(finished):
    folder = finished[1].with_name(f"{finished[1].stem}_pictures")
    assert sorted(path.name for path in folder.iterdir()) == ["chi2.png", "examples.png"]
    assert imread(folder / "examples.png").shape[1] > 1000


@pytest.mark.parametrize("cores", [1, 2])
def test_every_picture_is_drawn_once_and_stands_in_the_page(finished, tmp_path, monkeypatch, cores):
    monkeypatch.setattr("potrun.runs.painter.available_cores", lambda: cores)
    cfg = replace(finished[0], pictures=["time", "chi2"], report=True, report_sweeps=1)
    seen = []
    with Painter(cfg) as painter:
        painter.start(replace(job(finished, tmp_path), cfg=cfg))
        paths = painter.finish(lambda: seen.append(1))
    assert [path.name for path in paths] == ["time.png", "chi2.png", "report.html"]
    assert len(seen) == 3
    text = paths[-1].read_text()
    assert "@@picture" not in text
    for path in paths[:2]:
        assert text.count(base64.b64encode(path.read_bytes()).decode()) == 1


def test_what_stops_the_drawing_is_told(finished, tmp_path):
    (tmp_path / "file").touch()
    with Painter(finished[0]) as painter:
        painter.start(job(finished, tmp_path / "file" / "below"))
        with pytest.raises(OutputError, match="below"):
            painter.finish()


def test_a_painter_that_dies_costs_one_line_and_not_the_result(finished, tmp_path):
    with Painter(finished[0]) as painter:
        for process in painter._processes:
            process.kill()
            process.wait()
        painter.start(job(finished, tmp_path))
        with pytest.raises(PotrunError, match=r"ended with code -9.*The result is complete.*pictures=false"):
            painter.finish()


def test_a_painter_ends_with_its_run():
    code = "import os; from potrun.runs.painter import _process; print(_process().pid, flush=True); os._exit(1)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60).stdout
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.wait_procs([psutil.Process(int(said))], timeout=60)
    assert not psutil.pid_exists(int(said))


def test_which_pictures():
    assert settings_from(["pictures=false"]).pictures == []
    assert settings_from(["pictures=time"]).pictures == ["time"]
    assert settings_from(["pictures=[chi2,map]"]).pictures == ["map", "chi2"]
    assert settings_from([]).pictures == settings_from(["pictures=true"]).pictures
    with pytest.raises(UsageError, match=r"pictures='mapp' is not allowed: all, false, or some of map, binned"):
        settings_from(["pictures=[mapp]"])
