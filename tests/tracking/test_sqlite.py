"""The embedded store: what arrives, where it lies, and that processes do not hurt each other."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from potrun.core.errors import PotrunError, TrackingUnreachableError, UsageError
from potrun.core.settings import TrackingConfig
from potrun.tracking import make_tracker

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A folder that commands are started in; one store serves the module since creating one takes seconds."""
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture
def start(workspace, tmp_path, monkeypatch):
    """Start a tracker on the module's store in a run folder of the test's own."""

    def begin(params=None, tags=None, **settings):
        monkeypatch.chdir(workspace)
        tracker = make_tracker(TrackingConfig(**settings), tmp_path)
        monkeypatch.chdir(tmp_path)
        tracker.start("a name", params or {}, tags or {})
        return tracker

    return begin


@pytest.fixture
def client(workspace):
    from potrun.tracking.store import import_client

    return import_client()(tracking_uri=f"sqlite:///{workspace / 'outputs' / 'mlflow.db'}")


def test_everything_arrives(start, client, workspace, tmp_path):
    tracker = start({"fitter.method": "lillis", "long": "x" * 7000}, {"origin": "simulated"})
    assert client.get_run(tracker.run_id).info.status == "RUNNING"
    for step in range(5):
        tracker.log_metrics({"sweeps": 10 * step, "median_chi2": math.nan if step == 0 else 1.5}, step)
    tracker.log_metrics({f"many_{i}": i for i in range(2500)})
    tracker.log_dataset("demo", "d" * 64, "/some/where")
    inside = tmp_path / "pictures" / "map.png"
    inside.parent.mkdir()
    inside.write_bytes(b"picture")
    tracker.log_artifact(inside, "pictures")
    outside = workspace / "result.npz"
    outside.write_bytes(b"numbers")
    tracker.log_artifact(outside)
    outside.unlink()
    tracker.log_text("line\n", "logs/run.log")
    assert tracker.finish("FINISHED")

    run = client.get_run(tracker.run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "a name"
    assert run.data.params["fitter.method"] == "lillis"
    assert run.data.tags["origin"] == "simulated"
    assert run.data.tags["version.python"].startswith("3.")
    assert run.data.metrics["many_2499"] == 2499
    history = client.get_metric_history(tracker.run_id, "median_chi2")
    assert [(m.step, m.value) for m in history[1:]] == [(step, 1.5) for step in range(1, 5)]
    assert math.isnan(history[0].value)
    assert run.data.metrics["system/system_memory_usage_megabytes"] > 0

    artifacts = workspace / "outputs" / "mlartifacts" / "potrun" / tracker.run_id / "artifacts"
    assert (artifacts / "params" / "long.txt").read_text() == "x" * 7000
    assert "params/long.txt" in run.data.params["long"]
    assert (artifacts / "pictures" / "map.png").read_bytes() == b"picture"
    assert (artifacts / "result.npz").read_bytes() == b"numbers"
    assert (artifacts / "logs" / "run.log").read_text() == "line\n"
    (dataset,) = (item.dataset for item in run.inputs.dataset_inputs)
    assert (dataset.name, dataset.digest) == ("demo", "d" * 36)
    assert json.loads(dataset.source) == {"uri": "/some/where", "digest": "d" * 64}
    assert not list(tmp_path.glob("tracking/*/journal.jsonl"))


@pytest.mark.parametrize("status", ["FAILED", "KILLED"])
def test_a_run_ends_as_told(start, client, status):
    tracker = start()
    assert tracker.finish(status)
    assert tracker.finish("FINISHED")
    assert client.get_run(tracker.run_id).info.status == status


def test_a_run_left_open_is_closed_at_exit(workspace, client, tmp_path):
    script = (
        "from pathlib import Path; from potrun.core.settings import TrackingConfig; "
        "from potrun.tracking import make_tracker\n"
        f"t = make_tracker(TrackingConfig(), Path({str(tmp_path)!r})); t.start('left', {{}}, {{}}); print(t.run_id)\n"
        "raise SystemExit(3)"
    )
    done = _python(script, workspace)
    assert done.returncode == 3
    assert client.get_run(done.stdout.strip()).info.status == "FAILED"


def test_one_refused_record_does_not_cost_the_others(start, client, caplog):
    tracker = start({"a": 1})
    tracker.log_params({"a": 2})
    tracker.log_metrics({"kept": 1.0})
    assert tracker.finish("FINISHED")
    run = client.get_run(tracker.run_id)
    assert run.data.params["a"] == "1"
    assert run.data.metrics["kept"] == 1.0
    assert "refuses params a" in caplog.text


def test_names_are_made_legal(start, client):
    tracker = start({"a[0]=b": 1})
    tracker.log_metrics({"u (V)": 2})
    tracker.finish("FINISHED")
    run = client.get_run(tracker.run_id)
    assert run.data.params == {"a_0__b": "1"}
    assert run.data.metrics["u _V_"] == 2


def test_misuse_is_an_error(tmp_path):
    tracker = make_tracker(TrackingConfig(), tmp_path)
    with pytest.raises(PotrunError, match="call start"):
        tracker.log_metrics({"a": 1})
    assert tracker.finish("FAILED")


def test_a_store_that_cannot_be_opened(tmp_path, caplog):
    (tmp_path / "outputs").write_text("in the way")
    cfg = TrackingConfig(uri=str(tmp_path / "outputs" / "mlflow.db"))
    with pytest.raises(TrackingUnreachableError, match="cannot be opened"):
        make_tracker(cfg, tmp_path / "run").start("n", {}, {})
    assert not list((tmp_path / "run").iterdir())
    cfg.required = False
    tracker = make_tracker(cfg, tmp_path / "run")
    tracker.start("n", {"a": 1}, {})
    assert tracker.run_id is None
    assert not tracker.finish("FINISHED")
    assert "potrun.sync" in caplog.text


def test_wrong_addresses(tmp_path):
    with pytest.raises(UsageError, match="choose tracking=server"):
        make_tracker(TrackingConfig(uri="http://somewhere"), tmp_path)
    with pytest.raises(UsageError, match=r"tracking\.uri=None"):
        make_tracker(TrackingConfig(kind="server"), tmp_path)


def test_four_processes_start_on_a_cold_store(tmp_path):
    script = (
        "import sys; from pathlib import Path; from potrun.core.settings import TrackingConfig\n"
        "from potrun.tracking import make_tracker\n"
        "t = make_tracker(TrackingConfig(), Path(sys.argv[1])); t.start(sys.argv[1], {'a': 1}, {})\n"
        "for i in range(50): t.log_metrics({'m': i}, i)\n"
        "sys.exit(not t.finish('FINISHED'))"
    )
    jobs = [
        subprocess.Popen([sys.executable, "-c", script, f"run{i}"], cwd=tmp_path, env=_environment(), text=True,
                         stderr=subprocess.PIPE)
        for i in range(4)
    ]  # fmt: skip
    for job in jobs:
        said = job.communicate()[1].splitlines()
        assert all("the tracking store" in line or "sending the record" in line for line in said), said
        assert job.returncode == 0
    from potrun.tracking.store import import_client

    client = import_client()(tracking_uri=f"sqlite:///{tmp_path / 'outputs' / 'mlflow.db'}")
    (experiment,) = client.search_experiments(filter_string="name = 'potrun'")
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.run_name for run in runs} == {f"run{i}" for i in range(4)}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.metrics["m"] for run in runs} == {49}


def test_without_tracking_mlflow_is_not_imported(tmp_path):
    script = (
        "import sys; from pathlib import Path; from potrun.core.settings import TrackingConfig\n"
        "from potrun.tracking import make_tracker\n"
        "t = make_tracker(TrackingConfig(kind='off'), Path('.')); t.start('n', {'a': 1}, {}); t.log_metrics({'m': 1})\n"
        "t.set_tags({}); t.log_params({}); t.log_dataset('a', 'b', 'c'); t.log_text('a', 'b')\n"
        "t.log_artifact(Path('c'))\n"
        "assert t.finish('FINISHED') and t.run_id is None\n"
        "print([m for m in sys.modules if m.startswith(('mlflow', 'sqlalchemy', 'pandas'))], list(Path('.').iterdir()))"
    )
    assert _python(script, tmp_path).stdout == "[] []\n"


def _python(script, folder):
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )


def _environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}
