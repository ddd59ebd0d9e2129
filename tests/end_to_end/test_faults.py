"""When something goes wrong: a clear line, the right exit code, nothing lost, nothing wrong left.

What only a process can suffer (signals, death) is done to a process; the rest happens to the same command in here.
"""

import contextlib
import datetime as dt
import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from potrun import load_results
from potrun.__main__ import _run
from potrun.runs.live import LiveView
from potrun.simulate.archive import simulate_archive
from tests.support.deadly_day import deadly

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
SLOW = [
    "fast=false",
    "spacecraft_potential=constant",
    "fitter.differential_evolution.samples=100",
    "fitter.differential_evolution.population=10",
    "fitter.differential_evolution.generations=3",
]
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
    """Start the command as a process of its own."""
    words = [sys.executable, "-m", "potrun", "archive=pds", f"archive.root={root}", "pictures=false", "report=false"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    # A run in this process has set it, and it asks for tracebacks.
    environment.pop("HYDRA_FULL_ERROR", None)
    return subprocess.Popen(
        [*words, *SLOW, *arguments], stderr=subprocess.PIPE, text=True, cwd=folder, env=environment, **kwargs
    )


def ends_soon(process: subprocess.Popen[str], code: int) -> str:
    """Finish within 5 s; where the machine has more to do than it can, in its share of them."""
    asked = time.monotonic()
    text = finish(process, code)
    busy = max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))
    assert time.monotonic() - asked < 5 * busy
    return text


def finish(process: subprocess.Popen[str], code: int) -> str:
    _, text = process.communicate(timeout=240)
    assert process.returncode == code, text
    assert "Traceback" not in text
    return text


@pytest.fixture
def here(tmp_path, monkeypatch, capfd):
    """Run the command in this process, without tracking; returns what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(root: Path, *arguments: str, code: int = 0) -> str:
        words = [
            "archive=pds",
            f"archive.root={root}",
            "tracking=off",
            "pictures=false",
            "report=false",
            *SLOW,
            *arguments,
        ]
        monkeypatch.setattr(sys, "argv", ["potrun", *words])
        monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
        found = _run(words)
        text = capfd.readouterr().err
        assert found == code, text
        assert "Traceback" not in text
        return text

    return run


@pytest.fixture
def after_first_day(monkeypatch):
    """Do something once, as soon as the first day has ended."""

    def arrange(what) -> None:
        pending = [what]
        day_done = LiveView.day_done

        def watched(self, report):
            day_done(self, report)
            if pending:
                pending.pop()()

        monkeypatch.setattr(LiveView, "day_done", watched)

    return arrange


def test_relative_folders_are_those_of_the_start(here, own_archive):
    """Also where Hydra changes into the run's folder."""
    here(Path(own_archive.name), "output_dir=out", "hydra.job.chdir=true", "year=1999", "month=4")
    assert (own_archive.parent / "out" / "potential_batch_1999_04.npz").exists()


def wait_for(what, timeout_s: float = 120):
    deadline = time.monotonic() + timeout_s
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("outputs/*/shards/*.npz"))


def result(folder: Path) -> Path:
    (npz,) = folder.glob(f"outputs/*/{NAME}")
    assert not list(folder.rglob("*.part"))
    return npz


def no_result(folder: Path) -> None:
    assert not list(folder.rglob(NAME))


@pytest.fixture(scope="module")
def undisturbed(archive_root, tmp_path_factory):
    """The bytes that every disturbed run must end with."""
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(start(folder, archive_root, "tracking=off"), 0)
    return result(folder).read_bytes()


# --- a process that is killed or asked to end ---


def test_killed_midway_the_same_command_continues_to_the_same_bytes(
    archive_root, tmp_path, undisturbed, here, monkeypatch
):
    process = start(tmp_path, archive_root, "tracking=off")
    wait_for(lambda: shards(tmp_path))
    process.kill()
    process.communicate()
    kept = shards(tmp_path)[0]
    before = kept.stat().st_mtime_ns
    seen = []

    def look(*_):
        seen.append(kept.stat().st_mtime_ns)

    monkeypatch.setattr("potrun.runs.pipeline.Painter.start", look)
    here(archive_root)
    assert seen == [before]
    assert result(tmp_path).read_bytes() == undisturbed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_in_time_and_marks_it_killed(archive_root, tmp_path, number, undisturbed, here):
    import mlflow

    process = start(tmp_path, archive_root)
    wait_for(lambda: shards(tmp_path))
    process.send_signal(number)
    text = ends_soon(process, 128 + number)
    assert signal.Signals(number).name in text.splitlines()[-1]
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/outputs/mlflow.db")
    (run,) = client.search_runs([e.experiment_id for e in client.search_experiments() if e.name == "potrun"])
    assert run.info.status == "KILLED"
    assert signal.Signals(number).name in run.data.tags["error"]
    assert shards(tmp_path)
    no_result(tmp_path)
    here(archive_root)
    assert result(tmp_path).read_bytes() == undisturbed


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


@pytest.mark.parametrize(
    ("number", "executor"), [(signal.SIGTERM, "local"), (signal.SIGKILL, "local"), (signal.SIGTERM, "dask")]
)
def test_no_worker_outlives_its_run(archive_root, tmp_path, number, executor, undisturbed, here):
    process = start(tmp_path, archive_root, "tracking=off", f"executor={executor}", "executor.workers=2")
    wait_for(lambda: shards(tmp_path))
    workers = workers_of(process)
    assert len(workers) == 2
    process.send_signal(number)
    if number == signal.SIGTERM:
        assert "SIGTERM" in ends_soon(process, 128 + number)
    process.communicate()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive
    no_result(tmp_path)
    here(archive_root)
    assert result(tmp_path).read_bytes() == undisturbed


def test_ctrl_c_in_a_terminal_reaches_only_the_run(archive_root, tmp_path):
    process = start(tmp_path, archive_root, "tracking=off", "executor.workers=2", start_new_session=True)
    wait_for(lambda: shards(tmp_path))
    os.killpg(process.pid, signal.SIGINT)
    text = finish(process, 130)
    assert "stopped by SIGINT" in text.splitlines()[-1]


def test_two_processes_on_one_run_give_one_result(archive_root, tmp_path, undisturbed):
    pair = [start(tmp_path, archive_root, "tracking=off") for _ in range(2)]
    texts = [finish(process, 0) for process in pair]
    assert sum("another process" in text for text in texts) == 1
    assert sum("already" in text for text in texts) == 1
    assert result(tmp_path).read_bytes() == undisturbed


def test_a_process_that_waits_for_another_still_answers_signals(archive_root, tmp_path):
    from filelock import FileLock

    with FileLock(tmp_path / f".{NAME}.lock"):
        process = start(tmp_path, archive_root, "tracking=off", f"output_dir={tmp_path}")
        wait_for(lambda: any("another process" in log.read_text() for log in tmp_path.glob("outputs/*/potrun.log")))
        process.send_signal(signal.SIGTERM)
        ends_soon(process, 128 + signal.SIGTERM)
    no_result(tmp_path)


def test_a_worker_killed_costs_nothing_but_time(archive_root, tmp_path, undisturbed):
    process = start(tmp_path, archive_root, "tracking=off", "executor.workers=2")
    wait_for(lambda: len(workers_of(process)) == 2)
    time.sleep(0.5)
    workers_of(process)[0].kill()
    text = finish(process, 0)
    assert "was killed by SIGKILL" in text
    assert result(tmp_path).read_bytes() == undisturbed


def test_a_day_that_kills_its_workers_is_given_up_and_the_others_delivered(archive_root, tmp_path, here, monkeypatch):
    from potrun.runs import pipeline

    make_plan = pipeline.make_plan

    def with_a_deadly_day(cfg, run_dir):
        plan = make_plan(cfg, run_dir)
        first, *others = plan.tasks
        deadly_task = replace(first, day=deadly(first.day, tmp_path / "graves", 99))
        return replace(plan, tasks=(deadly_task, *others))

    monkeypatch.setattr(pipeline, "make_plan", with_a_deadly_day)
    text = here(archive_root, "executor.workers=2", "executor.attempts=2", code=5)
    assert "1 of 3 days failed" in text.splitlines()[-1]
    assert "given up, its worker was killed by SIGKILL 2 times" in text
    delivered = load_results(result(tmp_path))
    assert list(delivered.provenance["failed_days"]) == ["1998-12-31"]
    assert len(delivered["source_name"]) == 2


# --- disks ---


def full_after(size: int):
    """Let no file grow beyond a size, as a full disk would not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    return soft, hard


def test_a_full_disk_ends_the_run_and_loses_nothing(archive_root, tmp_path, here, after_first_day, undisturbed):
    limits = []
    after_first_day(lambda: limits.append(full_after(12_000)))
    try:
        text = here(archive_root, code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits[0])
    assert "cannot write" in text.splitlines()[-1]
    assert len(shards(tmp_path)) == 1
    assert not list(tmp_path.rglob("*.part"))
    no_result(tmp_path)
    here(archive_root)
    assert result(tmp_path).read_bytes() == undisturbed


def test_a_disk_full_at_the_merge_loses_nothing(archive_root, tmp_path, here, monkeypatch, undisturbed):
    from potrun.results import merge

    class FullDisk(merge.NpzWriter):
        def add(self, name, *arguments):
            if name == "rows_energy":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            super().add(name, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(merge, "NpzWriter", FullDisk)
        text = here(archive_root, code=1)
    assert f"{NAME}: No space left on device" in text.splitlines()[-1]
    assert len(shards(tmp_path)) == 3
    assert not list(tmp_path.rglob("*.part"))
    no_result(tmp_path)
    here(archive_root)
    assert result(tmp_path).read_bytes() == undisturbed


def test_an_output_that_cannot_be_written_is_said_at_the_start(archive_root, tmp_path, here):
    (tmp_path / "file").touch()
    text = here(archive_root, f"output_dir={tmp_path}/file/folder", code=1)
    assert f"{tmp_path}/file/folder" in text.splitlines()[-1]
    assert not shards(tmp_path)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write in")
def test_a_read_only_output_is_said_at_the_start(archive_root, tmp_path, here):
    text = here(archive_root, "output_dir=/proc/nowhere", code=1)
    assert "/proc/nowhere" in text.splitlines()[-1]
    assert not shards(tmp_path)


def test_what_a_killed_merge_left_is_cleared(archive_root, tmp_path, here):
    left = tmp_path / "results" / f".{NAME}.0123456789ab.part"
    left.parent.mkdir()
    left.write_bytes(b"half a result")
    here(archive_root, f"output_dir={tmp_path}/results")
    assert {path.name for path in left.parent.iterdir()} <= {NAME, f".{NAME}.lock"}


def test_a_corrupt_shard_is_redone(archive_root, tmp_path, here, after_first_day, undisturbed):
    def damage_and_stop() -> None:
        (kept,) = shards(tmp_path)
        damaged = bytearray(kept.read_bytes())
        damaged[len(damaged) // 2] ^= 0xFF
        kept.write_bytes(damaged)
        os.kill(os.getpid(), signal.SIGTERM)

    after_first_day(damage_and_stop)
    here(archive_root, code=128 + signal.SIGTERM)
    text = here(archive_root)
    assert "is damaged" in text
    assert result(tmp_path).read_bytes() == undisturbed


# --- inputs ---


def test_a_damaged_day_costs_that_day(own_archive, tmp_path, here):
    (table,) = own_archive.rglob("3D990101.TAB")
    table.write_bytes(b"\x00\xff garbage\r\n" * 50)
    text = here(own_archive, code=5)
    assert "1 of 3 days failed" in text.splitlines()[-1]
    assert "3D990101.TAB" in text.splitlines()[-1]
    delivered = load_results(result(tmp_path))
    assert list(delivered.provenance["failed_days"]) == ["1999-01-01"]
    assert len(delivered["source_name"]) == 2


def test_a_day_that_is_mended_joins_the_others_by_the_same_command(own_archive, tmp_path, here, undisturbed):
    (table,) = own_archive.rglob("3D990101.TAB")
    whole = table.read_bytes()
    table.write_bytes(b"")
    here(own_archive, code=5)
    kept = {path: path.stat().st_mtime_ns for path in shards(tmp_path)}
    assert len(kept) == 2
    here(own_archive, code=5)
    assert {path: path.stat().st_mtime_ns for path in shards(tmp_path)} == kept
    table.write_bytes(whole)
    here(own_archive)
    assert result(tmp_path).read_bytes() == undisturbed
    assert "already" in here(own_archive)


def test_no_day_at_all_is_a_failure(own_archive, tmp_path, here):
    for table in own_archive.rglob("3D*.TAB"):
        table.write_bytes(b"")
    text = here(own_archive, code=1)
    assert "no day could be processed" in text.splitlines()[-1]
    no_result(tmp_path)


def test_an_unreadable_kernel_is_named_before_anything_is_fitted(own_archive, tmp_path, here):
    kernel = sorted((own_archive / "spice_kernels").glob("*.bsp"))[0]
    kernel.write_bytes(b"not a kernel")
    text = here(own_archive, code=1)
    assert kernel.name in text.splitlines()[-1]
    assert not list(tmp_path.glob("outputs/*/shards/*"))


def test_a_file_that_vanishes_midway_costs_its_day(own_archive, tmp_path, here, after_first_day):
    (table,) = own_archive.rglob("3D990429.TAB")
    after_first_day(table.unlink)
    # The second day may be prepared already, the third is not.
    text = here(own_archive, code=5)
    assert "3D990429.TAB" in text.splitlines()[-1]
    assert len(load_results(result(tmp_path))["source_name"]) == 2


def test_a_file_that_changes_midway_is_named_as_it_was_read(own_archive, tmp_path, here, after_first_day):
    import hashlib

    (early,) = own_archive.rglob("3D981231.TAB")
    (late,) = own_archive.rglob("3D990429.TAB")
    digest = hashlib.sha256(early.read_bytes()).hexdigest()

    def cut_both() -> None:
        for table in (early, late):
            rows = table.read_bytes().splitlines(keepends=True)
            table.write_bytes(b"".join(rows[:60]))

    after_first_day(cut_both)
    here(own_archive)
    delivered = load_results(result(tmp_path))
    assert delivered["source_sha256"][0] == digest
    assert delivered["source_sha256"][2] == hashlib.sha256(late.read_bytes()).hexdigest()
    inputs = {item["name"]: item["sha256"] for item in delivered.provenance["inputs"]}
    assert [inputs[name] for name in delivered["source_name"]] == delivered["source_sha256"].tolist()
    text = here(own_archive, code=1)
    assert "input changed: 1998/335_365DEC/3D981231.TAB" in text.splitlines()[-1]


# --- time ---


def test_a_clock_that_jumps_back_changes_nothing(archive_root, tmp_path, here, monkeypatch, undisturbed):
    ticks = iter(range(10**9, 0, -1))
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: float(next(ticks)))
        here(archive_root)
    assert result(tmp_path).read_bytes() == undisturbed
