"""When something goes wrong: a clear line, the right exit code, nothing lost, nothing wrong left."""

import datetime as dt
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import psutil
import pytest

from potrun import load_results
from potrun.archive.simulate.archive import simulate_archive

SLOW = ["fast=false", "fitter.differential_evolution.generations=8"]
"""Sweep by sweep, so that there is time to interfere."""
NAME = "potential_batch_all.npz"


@pytest.fixture(scope="module")
def archive_root(tmp_path_factory):
    """Three days of a few sweeps."""
    days = [dt.date(1998, 12, 31), dt.date(1999, 1, 1), dt.date(1999, 4, 29)]
    return simulate_archive(tmp_path_factory.mktemp("archive") / "demo", days, sweeps=8, seed=7)


@pytest.fixture
def own_archive(archive_root, tmp_path):
    """A copy of the archive that a test may damage."""
    return Path(shutil.copytree(archive_root, tmp_path / "archive"))


def start(folder: Path, root: Path, *arguments: str, **kwargs: object) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "potrun", "archive=pds", f"archive.root={root}", *arguments]
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=folder, **kwargs)


def finish(process: subprocess.Popen[str], code: int) -> str:
    _, text = process.communicate(timeout=240)
    assert process.returncode == code, text
    assert "Traceback" not in text
    return text


def wait_for(what, timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("outputs/*/shards/*.npz"))


@pytest.fixture(scope="module")
def undisturbed(archive_root, tmp_path_factory):
    """The bytes that every disturbed run must end with."""
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(start(folder, archive_root, "tracking=off", *SLOW), 0)
    (npz,) = folder.glob(f"outputs/*/{NAME}")
    return npz.read_bytes()


def test_killed_midway_the_same_command_continues_to_the_same_bytes(archive_root, tmp_path, undisturbed):
    first = start(tmp_path, archive_root, "tracking=off", *SLOW)
    wait_for(lambda: shards(tmp_path))
    first.kill()
    first.communicate()
    (kept,) = shards(tmp_path)
    written = kept.stat().st_mtime_ns
    second = start(tmp_path, archive_root, "tracking=off", *SLOW)
    wait_for(lambda: len(shards(tmp_path)) > 1)
    assert kept.stat().st_mtime_ns == written
    finish(second, 0)
    (npz,) = tmp_path.glob(f"outputs/*/{NAME}")
    assert npz.read_bytes() == undisturbed


def test_a_corrupt_shard_is_redone(archive_root, tmp_path, undisturbed):
    first = start(tmp_path, archive_root, "tracking=off", *SLOW)
    wait_for(lambda: shards(tmp_path))
    first.kill()
    first.communicate()
    (kept,) = shards(tmp_path)
    damaged = bytearray(kept.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    kept.write_bytes(damaged)
    finish(start(tmp_path, archive_root, "tracking=off", *SLOW), 0)
    (npz,) = tmp_path.glob(f"outputs/*/{NAME}")
    assert npz.read_bytes() == undisturbed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_in_time_and_marks_it_killed(archive_root, tmp_path, number):
    process = start(tmp_path, archive_root, *SLOW)
    wait_for(lambda: shards(tmp_path))
    process.send_signal(number)
    asked = time.monotonic()
    text = finish(process, 128 + number)
    assert time.monotonic() - asked < 5
    assert signal.Signals(number).name in text
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/outputs/mlflow.db")
    (run,) = client.search_runs([e.experiment_id for e in client.search_experiments() if e.name == "potrun"])
    assert run.info.status == "KILLED"
    assert shards(tmp_path)
    assert not list(tmp_path.glob(f"outputs/*/{NAME}"))


def test_two_processes_on_one_run_give_one_result(archive_root, tmp_path, undisturbed):
    pair = [start(tmp_path, archive_root, "tracking=off", *SLOW) for _ in range(2)]
    texts = [finish(process, 0) for process in pair]
    assert sum("another process" in text for text in texts) == 1
    assert sum("already" in text for text in texts) == 1
    (npz,) = tmp_path.glob(f"outputs/*/{NAME}")
    assert npz.read_bytes() == undisturbed


def test_a_full_disk_ends_the_run_with_one_line_and_no_result(archive_root, tmp_path):
    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))

    text = finish(start(tmp_path, archive_root, "tracking=off", preexec_fn=small_files), 1)
    assert "cannot write" in text
    assert not list(tmp_path.rglob("*.npz"))
    assert not list(tmp_path.rglob("*.part"))


def test_an_output_that_cannot_be_written_is_said_at_the_start(archive_root, tmp_path):
    text = finish(start(tmp_path, archive_root, "tracking=off", "output_dir=/proc/nowhere"), 1)
    assert "/proc/nowhere" in text.splitlines()[-1]


def test_a_damaged_day_costs_that_day(own_archive, tmp_path):
    (table,) = own_archive.rglob("3D990101.TAB")
    table.write_bytes(b"\x00\xff garbage\r\n" * 50)
    text = finish(start(tmp_path, own_archive), 5)
    assert "1 of 3 days failed" in text
    assert "3D990101.TAB" in text
    (npz,) = tmp_path.glob(f"outputs/*/{NAME}")
    result = load_results(npz)
    assert list(result.provenance["failed_days"]) == ["1999-01-01"]
    assert len(result["source_name"]) == 2


def test_a_day_that_is_mended_joins_the_others(own_archive, archive_root, tmp_path, undisturbed):
    (table,) = own_archive.rglob("3D990101.TAB")
    whole = table.read_bytes()
    table.write_bytes(b"")
    finish(start(tmp_path, own_archive, "tracking=off", *SLOW), 5)
    table.write_bytes(whole)
    text = finish(start(tmp_path, own_archive, "tracking=off", "overwrite=true", *SLOW), 0)
    assert "result:" in text
    (npz,) = tmp_path.glob(f"outputs/*/{NAME}")
    assert npz.read_bytes() == undisturbed


def test_an_unreadable_kernel_is_named_before_anything_is_fitted(own_archive, tmp_path):
    kernel = sorted((own_archive / "spice_kernels").glob("lp_*.bsp"))[0]
    kernel.write_bytes(b"not a kernel")
    text = finish(start(tmp_path, own_archive, "tracking=off"), 1)
    assert kernel.name in text
    assert not list(tmp_path.rglob("*.npz"))


def test_a_file_that_vanishes_midway_costs_its_day(own_archive, tmp_path):
    process = start(tmp_path, own_archive, "tracking=off", *SLOW)
    wait_for(lambda: list(tmp_path.glob("outputs/*/potrun.log")))
    (table,) = own_archive.rglob("3D990429.TAB")
    table.unlink()
    text = finish(process, 5)
    assert "3D990429.TAB" in text


def test_a_worker_killed_costs_nothing_but_time(archive_root, tmp_path, undisturbed):
    process = start(tmp_path, archive_root, "tracking=off", "executor.workers=2", *SLOW)
    parent = psutil.Process(process.pid)

    def workers() -> list[psutil.Process]:
        return [
            p for p in parent.children(recursive=True) if "loky" in " ".join(p.cmdline()) and p.cpu_times().user > 4
        ]

    wait_for(workers)
    os.kill(workers()[0].pid, signal.SIGKILL)
    text = finish(process, 0)
    assert "worker process died" in text
    (npz,) = tmp_path.glob(f"outputs/*/{NAME}")
    assert npz.read_bytes() == undisturbed


def test_a_clock_that_jumps_back_changes_nothing(archive_root, tmp_path, undisturbed, monkeypatch):
    from potrun.composition import settings_from
    from potrun.pipeline import run_experiment

    ticks = iter(range(10**9, 0, -1))
    monkeypatch.setattr(time, "time", lambda: float(next(ticks)))
    cfg = settings_from(["archive=pds", f"archive.root={archive_root}", "tracking=off", *SLOW])
    outcome = run_experiment(cfg, tmp_path)
    assert outcome.npz.read_bytes() == undisturbed
