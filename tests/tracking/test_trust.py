"""A store that cannot be used, and a journal from elsewhere, are one line each."""

import sqlite3

import pytest

from potrun.core.errors import DataError, TrackingUnreachableError, UsageError
from potrun.core.settings import TrackingConfig
from potrun.tracking.journal import Journal
from potrun.tracking.sender import Sender
from potrun.tracking.store import Store


@pytest.mark.parametrize("name", ["text.db", "folder", "a?b.db"])
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


def test_a_password_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(UsageError) as caught:
        Store.from_config(TrackingConfig(kind="server", uri="http://me:secret@host:5000"))
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


@pytest.mark.parametrize("line", ["{", "3"])
def test_a_damaged_journal_is_one_line(line, tmp_path):
    journal = Journal.create(tmp_path)
    (journal.folder / "journal.jsonl").write_text(f"{line}\n")
    with pytest.raises(DataError, match=r"journal\.jsonl"):
        journal.records()
