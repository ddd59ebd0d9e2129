"""One process at a time, and no waiting for ever."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from filelock import FileLock

from potrun.core.errors import OutputError
from potrun.core.interrupts import RunInterruptedError, deferred_signals
from potrun.core.locks import hold, is_held

HOLD = """
import sys, time
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with hold(tmp_path / "new" / ".lock"):
            assert (tmp_path / "new").is_dir()


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / ".lock")], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    with hold(tmp_path / ".lock"):
        pass


def test_waiting_is_said_once_and_ends_with_the_holder(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    lock = FileLock(tmp_path / ".lock", thread_local=False)
    lock.acquire()
    threading.Timer(1.5, lock.release).start()
    with hold(tmp_path / ".lock"):
        assert not lock.is_locked
    assert caplog.text.count("another process works on") == 1


def test_a_signal_ends_the_waiting(tmp_path):
    with FileLock(tmp_path / ".lock"), deferred_signals():
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        # The lock is never released: without the signal this would wait for ever.
        with pytest.raises(RunInterruptedError), hold(tmp_path / ".lock"):
            pass


def test_a_folder_that_is_removed_meanwhile_is_made_again(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    holder = FileLock(folder / ".lock", thread_local=False)
    holder.acquire()

    def end() -> None:
        shutil.rmtree(folder)
        holder.release()

    threading.Timer(0.7, end).start()
    with hold(folder / ".lock"):
        assert folder.is_dir()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=f"cannot write in {tmp_path}/file/run"), hold(tmp_path / "file/run/.lock"):
        pass


def test_whether_someone_holds_it_is_seen_without_waiting(tmp_path):
    path = tmp_path / "run" / ".lock"
    assert not is_held(path)
    with hold(path):
        assert is_held(path)
    assert not is_held(path)
