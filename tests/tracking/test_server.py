"""A real MLflow server: there from the start, lost midway, absent, silent."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from potrun.cli.sync import HELP, command
from potrun.core.commandline import run_command
from potrun.core.errors import NoDataError, TrackingUnreachableError, UsageError
from potrun.core.settings import TrackingConfig
from potrun.tracking import make_tracker
from potrun.tracking import resend as resend_module
from potrun.tracking.lookup import find_result
from potrun.tracking.resend import resend
from potrun.tracking.sender import Sender
from tests.support.tracking_server import TrackingServer

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    server = TrackingServer(folder, folder / "server.db")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def hanging():
    """A port that takes connections and never says anything."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_lost_midway_nothing_is_lost_and_nothing_comes_twice(server, tmp_path, monkeypatch, caplog, capsys):
    server.start()
    run_dir = tmp_path / "before the move"
    tracker = make_tracker(TrackingConfig(kind="server", uri=server.uri), run_dir)
    tracker.start("lost midway", {"fast": True}, {"origin": "simulated"})
    for step in range(100):
        tracker.log_metrics({"live/sweeps_done": step}, step)
    tracker.log_text("early", "early.txt")
    _wait_for(lambda: server.client().get_run(tracker.run_id).data.metrics.get("live/sweeps_done") == 99)

    server.kill()
    for step in range(100, 3000):
        tracker.log_metrics({"live/sweeps_done": step}, step)
    result = run_dir / "potential_batch_1998.npz"
    result.write_bytes(b"numbers" * 100_000)
    tracker.log_artifact(result)
    tracker.log_params({"late": 1})
    tracker.log_dataset("late", "d", "s")
    tracker.log_text("late", "folder/late.txt")
    assert not tracker.finish("FINISHED")
    assert f"potrun.sync {run_dir} uri={server.uri}" in caplog.text
    with pytest.raises(TrackingUnreachableError, match="does not answer"):
        resend(run_dir, server.uri)
    with pytest.raises(UsageError, match=f"uri={server.uri}"):
        resend(run_dir)

    moved = run_dir.rename(tmp_path / "after the move")
    server.start()
    assert server.client().get_run(tracker.run_id).info.status == "RUNNING"
    with monkeypatch.context() as patch:
        patch.setattr(Sender, "_send_artifact", _lose_the_connection)
        with pytest.raises(TrackingUnreachableError, match="the same command continues"):
            resend(moved, server.uri)
    assert server.client().get_run(tracker.run_id).info.status == "RUNNING"
    assert _command([str(moved), f"uri={server.uri}"]) == 0
    assert "records sent" in capsys.readouterr().out
    assert _command([str(moved), f"uri={server.uri}"]) == 0
    assert "nothing to do" in capsys.readouterr().out

    client = server.client()
    run = client.get_run(tracker.run_id)
    assert run.info.status == "FINISHED"
    history = client.get_metric_history(tracker.run_id, "live/sweeps_done")
    assert [m.step for m in sorted(history, key=lambda m: m.step)] == list(range(3000))
    assert run.data.params == {"fast": "True", "late": "1"}
    assert [item.dataset.name for item in run.inputs.dataset_inputs] == ["late"]
    assert find_result(tracker.run_id, server.uri).read_bytes() == b"numbers" * 100_000
    fetched = Path(client.download_artifacts(tracker.run_id, "", str(tmp_path)))
    assert (fetched / result.name).read_bytes() == b"numbers" * 100_000
    assert (fetched / "early.txt").read_text() == "early"
    assert (fetched / "folder" / "late.txt").read_text() == "late"
    assert list((server.folder / "artifacts").rglob(result.name)), "artifacts went round the server"


def test_a_run_created_without_an_answer_is_not_created_twice(server, tmp_path, monkeypatch):
    server.start()
    tracker = make_tracker(TrackingConfig(kind="server", uri=server.uri, required=False), tmp_path)
    real = resend_module.Journal.created
    with monkeypatch.context() as patch:
        patch.setattr("potrun.tracking.journal.Journal.created", _lose_the_connection)
        tracker.start("once", {}, {})
        assert tracker.run_id is None
        patch.setattr("potrun.tracking.journal.Journal.created", real)
        assert tracker.finish("FINISHED")
    client = server.client()
    (run,) = client.search_runs([client.get_experiment_by_name("potrun").experiment_id], "run_name = 'once'")
    assert (run.info.run_id, run.info.status) == (tracker.run_id, "FINISHED")


def test_absent_at_the_start_and_killed_outright(server, tmp_path):
    """The run goes on without a server, is killed by the kernel, and is sent later as what it was."""
    script = (
        "import os; from pathlib import Path; from potrun.core.settings import TrackingConfig\n"
        "from potrun.tracking import make_tracker\n"
        f"cfg = TrackingConfig(kind='server', uri='http://127.0.0.1:1', required=False, experiment='other')\n"
        f"t = make_tracker(cfg, Path({str(tmp_path)!r})); t.start('killed', {{'a': 1}}, {{}})\n"
        "t.log_metrics({'m': 1}, 1); assert t.run_id is None; os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -9
    with next(tmp_path.glob("tracking/*/journal.jsonl")).open("a") as file:
        file.write('{"kind": "metr')
    server.start()
    resend(tmp_path, server.uri)
    client = server.client()
    (run,) = client.search_runs([client.get_experiment_by_name("other").experiment_id])
    assert (run.info.run_name, run.info.status) == ("killed", "KILLED")
    assert run.data.params == {"a": "1"}
    assert run.data.metrics["m"] == 1


def test_a_run_that_goes_on_is_not_sent_by_others(server, tmp_path, capsys):
    server.start()
    tracker = make_tracker(TrackingConfig(kind="server", uri=server.uri), tmp_path)
    tracker.start("going on", {}, {})
    assert _command([str(tmp_path)]) == 1
    assert "still going on" in capsys.readouterr().err
    assert tracker.finish("FINISHED")


def test_refused_connection(tmp_path):
    _fails_at_start("http://127.0.0.1:1", tmp_path, "does not answer")


def test_silence(hanging, tmp_path):
    _fails_at_start(hanging, tmp_path, "does not answer")


def test_a_folder_without_runs(tmp_path, capsys):
    with pytest.raises(NoDataError, match="holds no tracked run"):
        resend(tmp_path)
    assert _command([str(tmp_path)]) == 3
    assert "no tracked run" in capsys.readouterr().err


def _command(arguments):
    return run_command("potrun.sync", command, arguments, HELP)


def _fails_at_start(uri, run_dir, message):
    begun = time.monotonic()
    with pytest.raises(TrackingUnreachableError, match=message):
        make_tracker(TrackingConfig(kind="server", uri=uri), run_dir).start("n", {}, {})
    assert time.monotonic() - begun < 10.0
    assert not list(run_dir.iterdir())


def _lose_the_connection(*_):
    raise ConnectionResetError("the connection was lost")


def _wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
