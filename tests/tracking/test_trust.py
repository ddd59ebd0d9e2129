"""A store that cannot be used, and a journal from elsewhere, are one line each."""

import contextlib
import http.server
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potrun.core.errors import DataError, TrackingUnreachableError, UsageError
from potrun.core.settings import TrackingConfig
from potrun.tracking import close_left_open, make_tracker
from potrun.tracking.answering import require_answer
from potrun.tracking.journal import Journal
from potrun.tracking.resend import resend
from potrun.tracking.schema import RECORDS, trouble_with_note, trouble_with_record
from potrun.tracking.sender import Sender
from potrun.tracking.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["text.db", "folder", "a?b.db", "a%20b.db"])
def test_what_is_no_database_is_one_line(name, tmp_path):
    (tmp_path / "text.db").write_text("no database at all\n" * 100)
    (tmp_path / "folder").mkdir()
    with pytest.raises(TrackingUnreachableError) as caught:
        Store.embedded(str(tmp_path / name), "potrun").open()
    assert "\n" not in str(caught.value)


def test_a_locked_database_is_one_line(tmp_path):
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as holder:
        holder.execute("create table held (x)")
        holder.commit()
        holder.execute("begin exclusive")
        with pytest.raises(TrackingUnreachableError, match="cannot be used"):
            Store.embedded(str(path), "potrun").open()
        holder.rollback()


KILLED_AT_A_TABLE = """
import os, signal, sys
from sqlalchemy import Engine, event
from potrun.core.settings import TrackingConfig
from potrun.tracking.store import Store, import_client
made = []
@event.listens_for(Engine, "before_cursor_execute")
def count(connection, cursor, statement, *rest):
    made.append("CREATE TABLE" in statement)
    if sum(made) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "ours":
    Store.from_config(TrackingConfig(uri="store.db")).open()
else:
    import_client()(tracking_uri="sqlite:///store.db").search_experiments()
"""


def killed_while_the_tables_are_made(folder, way, at_table):
    program = [sys.executable, "-c", KILLED_AT_A_TABLE, way, str(at_table)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    assert subprocess.run(program, cwd=folder, env=environment, capture_output=True, check=False).returncode == -9


def test_a_store_whose_making_was_killed_is_made_anew(tmp_path, monkeypatch):
    killed_while_the_tables_are_made(tmp_path, "ours", 30)
    monkeypatch.chdir(tmp_path)
    assert not Path("store.db").exists()
    client, experiment = Store.from_config(TrackingConfig(uri="store.db")).open()
    assert client.get_experiment(experiment).name == "potrun"
    assert not list(tmp_path.glob(".store.db*"))


def test_a_store_that_mlflow_left_half_made_is_one_line(tmp_path, monkeypatch):
    killed_while_the_tables_are_made(tmp_path, "mlflow", 30)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrackingUnreachableError, match="holds only a part of its tables, .*: delete that file"):
        Store.from_config(TrackingConfig(uri="store.db")).open()


def test_a_password_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(UsageError) as caught:
        TrackingConfig(kind="server", uri="http://me:secret@host:5000")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["link", "dots", "absolute"])
def test_only_files_of_the_run_are_sent(kind, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("key")
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    (run_dir / "link").symlink_to(secret)
    path = {"link": "link", "dots": "../secret", "absolute": str(secret)}[kind]
    sender = Sender(Store("http://nowhere", "potrun"), Journal.create(run_dir))
    with pytest.raises(FileNotFoundError, match="outside the run's folder"):
        sender._send_artifact({"path": path, "folder": None})


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "3",
        "[" * 100_000,
        '{"kind": "shell"}',
        '{"kind": "finish", "status": "GREAT", "time_ms": 1}',
        '{"kind": "artifact", "path": "../secret", "folder": null}',
        '{"kind": "artifact", "path": "map.png", "folder": "/etc"}',
        '{"kind": "metrics", "values": {"a": "1"}, "step": 0, "time_ms": 1}',
        '{"kind": "metrics", "values": {"a": 1}, "step": 0, "time_ms": 1, "more": 1}',
        '{"kind": "tags", "values": {"a": {}}}',
        '{"kind": "tags", "values": {"a": "' + "x" * 5_000_000 + '"}}',
    ],
)
def test_a_damaged_journal_is_one_line(line, tmp_path):
    journal = Journal.create(tmp_path)
    (journal.folder / "journal.jsonl").write_text(f"{line}\n")
    with pytest.raises(DataError, match=r"journal\.jsonl:1 is damaged") as caught:
        journal.records()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "note", ['{"run_id": "../x"}', '{"sent": -1}', '{"sent": 1, "run_id": 2}', "[]", '{"strange": 1}']
)
def test_a_damaged_note_is_one_line(note, tmp_path):
    journal = Journal.create(tmp_path)
    (journal.folder / "sent.jsonl").write_text(f"{note}\n")
    with pytest.raises(DataError, match=r"sent\.jsonl:1 is damaged"):
        Journal(journal.folder)


PIECES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "values", "sent", "a"]), inner)
    ),
    max_leaves=6,
)
RECORD = st.fixed_dictionaries(
    {"kind": st.sampled_from([*RECORDS, "other"])},
    optional={name: PIECES for fields in RECORDS.values() for name in fields},
)


@given(record=RECORD | PIECES)
def test_any_record_is_fit_to_be_sent_or_refused(record):
    if trouble_with_record(record) == "":
        assert set(record) == {"kind", *RECORDS[record["kind"]]}
    trouble_with_note(record)


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 400))
def test_any_bytes_in_a_journal_are_records_or_one_line(folder, middle, start, stop):
    whole = b"".join(json.dumps(record).encode() + b"\n" for record in WHOLE)
    (folder.folder / "journal.jsonl").write_bytes(whole[:start] + middle + whole[stop:])
    with contextlib.suppress(DataError):
        assert all(record["kind"] in RECORDS for record in folder.records())


WHOLE = [
    {"kind": "params", "values": {"month": "4"}},
    {"kind": "metrics", "values": {"chi2/median": 1.5}, "step": 3, "time_ms": 1},
    {"kind": "artifact", "path": "map.png", "folder": "pictures"},
    {"kind": "finish", "status": "FINISHED", "time_ms": 5},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return Journal.create(tmp_path_factory.mktemp("any"))


def test_a_server_that_answers_something_else_is_one_line():
    class Answer(http.server.BaseHTTPRequestHandler):
        said: ClassVar[tuple[int, bytes]] = (500, b"")

        def do_GET(self):
            self.send_response(self.said[0])
            self.send_header("Content-Length", str(len(self.said[1])))
            self.end_headers()
            self.wfile.write(self.said[1])

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = Store(f"http://127.0.0.1:{server.server_port}", "potrun")
        for said, words in (
            ((500, b"<html>proxy</html>"), "answers with HTTP status 500"),
            ((200, b"<html>hello</html>"), "not in a valid JSON format"),
            ((200, b"{}"), "not as an MLflow server does"),
            ((401, b"who are you"), "error code 401"),
        ):
            Answer.said = said
            with pytest.raises(TrackingUnreachableError, match=words) as caught:
                store.open()
            assert "\n" not in str(caught.value)
        server.shutdown()


def test_certificates_and_names_are_those_set_for_mlflow(monkeypatch):
    asked = {}

    def get(address, **settings):
        asked.update(settings, address=address)
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr("requests.get", get)
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", "/etc/own.pem")
    monkeypatch.setenv("MLFLOW_TRACKING_CLIENT_CERT_PATH", "/etc/me.pem")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "word")
    require_answer("https://host")
    assert asked["address"] == "https://host/health"
    assert (asked["verify"], asked["cert"]) == ("/etc/own.pem", "/etc/me.pem")
    assert asked["headers"] == {"Authorization": "Bearer word"}
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_SERVER_CERT_PATH")
    require_answer("https://host")
    assert (asked["verify"], asked["auth"], asked["headers"]) == (False, ("me", "secret"), {})


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store, made once."""
    store = Store.embedded(str(tmp_path_factory.mktemp("store") / "mlflow.db"), "potrun")
    store.open()
    return store


class Killed(BaseException):
    """Stands for the end of a process."""


def killed(store, run_dir, in_last_step=False):
    """Track a run up to where its process is killed, before its last step or within it; return its id."""
    tracker = make_tracker(TrackingConfig(uri=str(store.database)), run_dir)
    tracker.start("killed", {}, {})
    tracker.log_metrics({"m": 3.0})
    tracker._sampler.stop()
    tracker._ending.set()
    tracker._thread.join()
    if in_last_step:
        tracker._ending.clear()
        tracker._send_pending = Mock(side_effect=Killed)
        with contextlib.suppress(Killed):
            tracker.finish("FINISHED")
    tracker._journal.release()
    return tracker.run_id


def test_a_run_killed_in_its_last_step_is_closed_as_what_it_was(store, tmp_path, monkeypatch):
    client, _ = store.open()
    by_the_next = [killed(store, tmp_path / "a"), killed(store, tmp_path / "b", in_last_step=True)]
    assert [client.get_run(run_id).info.status for run_id in by_the_next] == ["RUNNING", "RUNNING"]
    monkeypatch.setattr("potrun.tracking.abandoned.is_gone", lambda *_: True)
    tracker = make_tracker(TrackingConfig(uri=str(store.database)), tmp_path / "next")
    tracker.start("next", {}, {})
    tracker.finish("FINISHED")
    assert [client.get_run(run_id).info.status for run_id in by_the_next] == ["KILLED", "FINISHED"]


def test_the_same_command_and_sync_complete_the_record(store, tmp_path, caplog, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    client, _ = store.open()
    run_id = killed(store, tmp_path / "a", in_last_step=True)
    close_left_open(TrackingConfig(uri=str(tmp_path / "other.db")), tmp_path / "a")
    assert f"uri={store.uri}" in caplog.text
    assert not (tmp_path / "other.db").exists()
    close_left_open(TrackingConfig(uri=str(store.database)), tmp_path / "a")
    run = client.get_run(run_id)
    assert (run.info.status, run.data.metrics["m"]) == ("FINISHED", 3.0)

    run_id = killed(store, tmp_path / "b")
    with pytest.raises(UsageError, match=f"belong to {store.uri}, not to the default store"):
        resend(tmp_path / "b")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    resend(tmp_path / "b")
    assert client.get_run(run_id).info.status == "KILLED"


def test_a_store_of_another_mlflow_is_one_line_and_the_run_may_go_on(store, tmp_path):
    path = tmp_path / "newer.db"
    shutil.copy(store.database, path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("update alembic_version set version_num = 'ffffffffffff'")
        database.commit()
    with pytest.raises(TrackingUnreachableError, match="made by another MLflow"):
        make_tracker(TrackingConfig(uri=str(path)), tmp_path / "a").start("n", {}, {})
    tracker = make_tracker(TrackingConfig(uri=str(path), required=False), tmp_path / "b")
    tracker.start("n", {}, {})
    assert not tracker.finish("FINISHED")


def test_a_store_on_a_full_disk_is_one_line_and_the_run_may_go_on(store, tmp_path):
    path = tmp_path / "mlflow.db"
    shutil.copy(store.database, path)
    script = (
        "import resource, signal, sys; from pathlib import Path; from potrun.core.settings import TrackingConfig\n"
        "from potrun.core.errors import TrackingUnreachableError; from potrun.tracking import make_tracker\n"
        f"path = Path({str(path)!r})\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, -1))\n"
        "try: make_tracker(TrackingConfig(uri=str(path)), path.parent / 'a').start('n', {}, {})\n"
        "except TrackingUnreachableError as error: print(error)\n"
        "t = make_tracker(TrackingConfig(uri=str(path), required=False), path.parent / 'b')\n"
        "t.start('n', {}, {}); t.log_metrics({'a': 1.0}); print(t.finish('FINISHED'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    said, left = done.stdout.strip().rsplit("\n", 1)
    assert left == "False"
    assert len(said.splitlines()) == 1
    assert "disk" in said
    assert "Traceback" not in done.stderr
