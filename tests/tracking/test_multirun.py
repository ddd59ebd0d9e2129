"""A multirun is one parent run with a child per job, under every launcher and however its jobs end."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests" / "support"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("multirun")


def sweep(folder, *arguments):
    """Start a multirun of stand-in jobs."""
    return subprocess.run(
        [sys.executable, SUPPORT / "multirun_app.py", "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(SUPPORT)])},
        capture_output=True,
        text=True,
        check=False,
    )


class Store:
    """The runs of a workspace's default store."""

    def __init__(self, workspace):
        from potrun.tracking.store import import_client

        self.client = import_client()(tracking_uri=f"sqlite:///{workspace / 'outputs' / 'mlflow.db'}")
        self.experiment = self.client.get_experiment_by_name("potrun").experiment_id

    def newest_parent(self):
        return self.client.search_runs([self.experiment], "tags.multirun = 'parent'")[0]

    def children(self, parent):
        runs = self.client.search_runs([self.experiment], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
        return {run.data.params["month"]: run for run in runs}

    def artifact(self, run, name):
        return Path(self.client.download_artifacts(run.info.run_id, name)).read_text()


LAUNCHERS = {
    "basic": [],
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
    "submitit": ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=5"],
}
ENDS = {
    "4": ("FINISHED", "4.0", None),
    "12": ("FINISHED", "12.0", None),
    "2": ("FAILED", "2.0", "month 2 is bad"),
    "1": ("FAILED", "", "month 1 cannot begin"),
}


@pytest.mark.parametrize(
    ("launcher", "months"), [("basic", ["4", "2", "1"]), ("joblib", ["4", "2", "1"]), ("submitit", ["4", "12"])]
)
def test_parent_and_children(launcher, months, workspace):
    """The store is cold for the first launcher; one job fails halfway, one before it could start."""
    if launcher != "basic":
        pytest.importorskip(f"hydra_plugins.hydra_{launcher}_launcher")
    done = sweep(workspace, f"month={','.join(months)}", "fitter=lillis", *LAUNCHERS[launcher])
    n_failed = sum(ENDS[month][0] == "FAILED" for month in months)
    assert done.returncode in ((1, 3) if n_failed else (0,)), done.stderr
    store = Store(workspace)
    parent = store.newest_parent()
    assert parent.info.status == ("FAILED" if n_failed else "FINISHED")
    assert ("month 2 is bad" in parent.data.tags.get("error", "")) == bool(n_failed)
    assert parent.data.params["month"] == ",".join(months)
    assert parent.data.metrics["jobs_failed"] == n_failed
    children = store.children(parent)
    for month in months:
        status, _, error = ENDS[month]
        assert children[month].info.status == status
        assert children[month].data.tags.get("error") == error
    if "1" in months:
        assert "DataError" in store.artifact(children["1"], "traceback.txt")
    rows = list(csv.DictReader(io.StringIO(store.artifact(parent, "children.csv"))))
    assert [(row["month"], row["status"], row["chi2/median"]) for row in rows] == [
        (month, *ENDS[month][:2]) for month in months
    ]
    assert {row["run_id"] for row in rows} == {run.info.run_id for run in children.values()}
    assert "live/x" not in rows[0]
    table = json.loads(store.artifact(parent, "children.json"))
    assert table["columns"] == list(rows[0])


def test_months_that_the_archive_lacks_are_no_failures(workspace):
    done = sweep(workspace, "month=4,6,7")
    assert done.returncode == 0, done.stderr
    assert "job 2 of 3: month=6" in done.stderr
    assert "1 of 3 jobs finished, 2 without data" in done.stderr
    store = Store(workspace)
    parent = store.newest_parent()
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["jobs_failed"] == 0
    assert set(store.children(parent)) == {"4"}
    rows = list(csv.DictReader(io.StringIO(store.artifact(parent, "children.csv"))))
    assert [row["status"] for row in rows] == ["FINISHED", "NO DATA", "NO DATA"]


def test_real_days_that_the_archive_lacks_are_no_failures(tmp_path):
    """The folder of a job that finds no data goes, and its log with it: what is said after that must not need it."""
    words = [
        "-m",
        "year=1998",
        "month=4",
        "day=14,15,17",
        "fitter=lillis",
        "archive.sweeps_per_day=6",
        "output_dir=days",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "potrun", *words, f"archive.root={tmp_path / 'demo'}", "pictures=false", "report=false"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1 of 3 jobs finished, 2 without data" in done.stderr
    assert "Warning" not in done.stderr
    assert [path.name for path in (tmp_path / "days").glob("*.npz")] == ["potential_batch_1998_04_15.npz"]


@pytest.mark.parametrize("tracking", ["sqlite", "off"])
def test_a_sweep_without_any_data_exits_with_3(workspace, tracking):
    done = sweep(workspace, "month=6,7", f"tracking={tracking}")
    assert done.returncode == 3
    assert "no day of month 6" in done.stderr


def test_a_single_run_is_no_sweep(tmp_path):
    done = subprocess.run(
        [sys.executable, SUPPORT / "multirun_app.py", "month=4", "tracking=off"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(SUPPORT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_job_killed_outright_does_not_stay_running(workspace):
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    done = sweep(workspace, "month=3,4", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    assert done.returncode != 0
    store = Store(workspace)
    parent = store.newest_parent()
    assert parent.info.status == "FAILED"
    assert store.children(parent)["3"].info.status == "KILLED"


def test_a_signal_ends_the_whole_multirun(workspace):
    done = sweep(workspace, "month=5,4")
    assert done.returncode == 128 + 15
    assert "SIGTERM" in done.stderr
    store = Store(workspace)
    parent = store.newest_parent()
    assert parent.info.status == "KILLED"
    assert {month: run.info.status for month, run in store.children(parent).items()} == {"5": "KILLED"}


def test_nothing_starts_if_one_point_is_wrong(tmp_path):
    done = sweep(tmp_path, "month=4,13")
    assert done.returncode == 2
    assert "month=13 is out of range" in done.stderr
    assert not (tmp_path / "outputs").exists()


def test_an_unreachable_server_stops_it_at_once(tmp_path):
    done = sweep(tmp_path, "month=4,12", "tracking=server", "tracking.uri=http://127.0.0.1:1")
    assert done.returncode == 4
    assert done.stderr.count("does not answer") == 1


def test_without_tracking_it_is_just_jobs(tmp_path):
    done = sweep(tmp_path, "month=4,12", "tracking=off")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "outputs").exists()
