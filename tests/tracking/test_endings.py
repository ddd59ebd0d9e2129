"""However a run ends, its record says so; signals are sent in end_to_end/test_faults.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("endings")


def begin(workspace, *arguments):
    """Start a command of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "potrun", *arguments],
        cwd=workspace, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def newest(workspace):
    """Return the client and the newest run of the workspace's store, None while there is none."""
    from potrun.tracking.store import import_client

    if not (workspace / "outputs" / "mlflow.db").exists():
        return None, None
    client = import_client()(tracking_uri=f"sqlite:///{workspace / 'outputs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("potrun")
    runs = client.search_runs([experiment.experiment_id]) if experiment else []
    return client, runs[0] if runs else None


def test_an_exception_ends_it_as_failed(workspace, tmp_path):
    """The archive's only table is damaged."""
    build = [sys.executable, "-m", "potrun.archive.simulate", f"root={tmp_path}", "days=[1998-04-15]", "sweeps=2"]
    subprocess.run(build, cwd=workspace, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    (table,) = tmp_path.rglob("3D980415.TAB")
    table.write_bytes(b"nothing of a table\r\n" * 100)
    job = begin(workspace, "archive=pds", f"archive.root={tmp_path}", "archive.strict=true")
    _, err = job.communicate(timeout=120)
    assert job.returncode == 1, err
    assert err.count("is readable") == 1
    client, run = newest(workspace)
    assert run.info.status == "FAILED"
    assert "3D980415.TAB" in run.data.tags["error"]
    text = Path(client.download_artifacts(run.info.run_id, "traceback.txt")).read_text()
    assert text.startswith("Traceback")


def test_no_data_leaves_no_run(tmp_path):
    job = begin(tmp_path, "year=1999", "month=7", "archive.sweeps_per_day=6")
    _, err = job.communicate(timeout=120)
    assert job.returncode == 3
    assert "1998-04-15" in err
    assert not (tmp_path / "outputs" / "mlflow.db").exists()
