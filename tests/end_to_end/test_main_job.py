"""The main job by its command, against the simulated truth."""

import json
from pathlib import Path

import numpy as np
import pytest

from potrun import load_results


@pytest.fixture(scope="module")
def finished(archive_root, tmp_path_factory):
    """One tracked run over three days."""
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("run")
    words = ["fitter=halekas", "archive=pds", f"archive.root={archive_root}", "device=cpu"]
    done = subprocess.run(
        [sys.executable, "-m", "potrun", *words], capture_output=True, text=True, cwd=folder, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    (npz,) = folder.glob("outputs/*/potential_batch_all.npz")
    return folder, npz, done


@pytest.fixture(scope="module")
def truth(archive_root):
    """Truth of all days, joined."""
    days = [np.load(path) for path in sorted((archive_root / "truth").glob("*.npz"))]
    names = [name for name in days[0].files if name.startswith(("row_", "sweep_"))]
    return {name: np.concatenate([day[name] for day in days]) for name in names}


def test_geometry_agrees_with_the_truth(finished, truth):
    result = load_results(finished[1])
    order = {utc: number for number, utc in enumerate(truth["row_utc"].tolist())}
    index = np.array([order[utc] for utc in result.rows_utc.tolist()])
    known = np.isfinite(result.rows_spacecraft_latitude)
    assert known.all()
    np.testing.assert_array_equal(result.rows_projection_polarity, truth["row_polarity"][index])
    np.testing.assert_array_equal(result.rows_spacecraft_in_sun, truth["row_sc_sun"][index])
    np.testing.assert_allclose(result.rows_spacecraft_latitude, truth["row_sc_lat"][index], atol=0.01)
    foot = truth["row_polarity"][index] != 0
    np.testing.assert_array_equal(result.rows_projection_in_sun[foot], truth["row_foot_sun"][index][foot])
    np.testing.assert_allclose(result.rows_projection_latitude[foot], truth["row_foot_lat"][index][foot], atol=0.01)
    east = (result.rows_projection_longitude - truth["row_foot_lon"][index])[foot]
    assert np.abs((east + 180) % 360 - 180).max() < 0.01


def test_the_potential_is_found_where_it_can_be(finished, truth):
    result = load_results(finished[1])
    order = {utc: number for number, utc in enumerate(truth["sweep_utc"].tolist())}
    index = np.array([order[utc] for utc in result.spec_utc_start.tolist()])
    u = truth["sweep_U"][index]
    clear = result.spec_has_fit & (u < -40) & (u > -1500) & ~result.spec_projection_in_sun
    assert clear.sum() >= 8
    error = np.abs(result.spec_u_surface - u)[clear] / np.abs(u[clear])
    assert np.median(error) < 0.15


def test_nothing_is_lost_or_hidden(finished, truth):
    result = load_results(finished[1])
    assert len(result.spec_sweep_id) == len(truth["sweep_utc"])
    assert len(np.unique(result.spec_sweep_id)) == len(result.spec_sweep_id)
    assert set(result.provenance["settings"]) >= {"fitter.method", "fast"}
    assert len([item for item in result.provenance["inputs"] if item["name"].endswith(".TAB")]) == 3
    assert result.origin == "simulated"
    with np.load(finished[1], allow_pickle=False) as npz:
        assert str(npz["origin"]) == "simulated"
        json.loads(str(npz["provenance"]))
    assert "SIMULATED" in finished[2].stderr


def test_the_run_is_tracked_with_its_choices_numbers_and_pictures(finished):
    import mlflow

    folder, npz, _ = finished
    client = mlflow.MlflowClient(f"sqlite:///{folder}/outputs/mlflow.db")
    (experiment,) = [e for e in client.search_experiments() if e.name == "potrun"]
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "halekas all pds"
    note = run.data.tags["mlflow.note.content"]
    assert f"python -m potrun.rerun {run.info.run_id}" in note
    assert "SIMULATED" in note
    assert "| fitted | " in note
    assert "get-artifact?path=pictures%2Fmap.png" in note
    assert run.data.tags["device"].startswith("CPU, compiled search")
    assert "fitter.likelihood.scatter" not in run.data.params
    assert run.data.params["fitter.method"] == "halekas"
    assert run.data.tags["origin"] == "simulated"
    for name in ("sweeps", "rows", "fitted", "fit_fraction", "chi2/median", "seconds/fit", "sweeps_per_second"):
        assert np.isfinite(run.data.metrics[name])
    artifacts = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert {npz.name, "config.yaml", "potrun.log", "pictures", "report.html"} <= artifacts
    pictures = {Path(item.path).name for item in client.list_artifacts(run.info.run_id, "pictures")}
    assert {"map.png", "chi2.png", "examples.png"} <= pictures


def test_the_same_command_finds_its_result(finished, command, archive_root):
    import subprocess
    import sys

    folder, npz, _ = finished
    before = npz.read_bytes()
    words = ["fitter=halekas", "archive=pds", f"archive.root={archive_root}", "device=cpu"]
    again = subprocess.run(
        [sys.executable, "-m", "potrun", *words], capture_output=True, text=True, cwd=folder, timeout=60, check=False
    )
    assert again.returncode == 0
    assert "already" in again.stderr
    assert npz.read_bytes() == before


def test_no_day_exits_with_3_and_leaves_nothing(command, tmp_path):
    done = command("year=1998", "month=2")
    assert done.returncode == 3
    assert "1998-12-31..1999-01-01, 1999-04-29" in done.stderr
    assert not list(tmp_path.rglob("*.npz"))
    assert not (tmp_path / "outputs" / "mlflow.db").exists()


def test_another_question_never_takes_a_result_s_place(command, tmp_path):
    shared = f"output_dir={tmp_path / 'shared'}"
    first = command("year=1998", shared, "tracking=off")
    assert first.returncode == 0, first.stderr
    npz = tmp_path / "shared" / "potential_batch_1998.npz"
    before = npz.read_bytes()
    second = command("year=1998", shared, "tracking=off", "fitter.background=0.07")
    assert second.returncode == 1
    assert "fitter.background was 0.05, is 0.07" in second.stderr
    assert npz.read_bytes() == before
    third = command("year=1998", shared, "tracking=off", "fitter.background=0.07", "overwrite=true")
    assert third.returncode == 0, third.stderr
    assert npz.read_bytes() != before


@pytest.mark.parametrize("workers", ["executor.workers=2", "executor=dask"])
def test_any_executor_gives_the_same_bytes(finished, command, tmp_path, workers):
    other = command("fitter=halekas", "device=cpu", "tracking=off", f"output_dir={tmp_path}", workers)
    assert other.returncode == 0, other.stderr
    assert (tmp_path / "potential_batch_all.npz").read_bytes() == finished[1].read_bytes()
