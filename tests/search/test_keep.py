"""Machine code is compiled once, kept whole, and never in the way of a signal."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from potrun.core.errors import PotrunError, UsageError
from potrun.core.interrupts import RunInterruptedError, deferred_signals
from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.search.exact import keep
from potrun.search.exact.cpu import CpuSearch
from potrun.search.exact.device import search_device
from tests.support import compilers
from tests.support.sweeps import REGIMES, draw


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder of this test's own, as a process that has just begun finds it."""
    monkeypatch.setattr(keep, "cache_folder", lambda: tmp_path / "cache" / "code")
    monkeypatch.setenv("COMPILED_BY", str(tmp_path / "compiled_by"))
    monkeypatch.setattr(keep, "_loaded", {})
    return tmp_path / "cache" / "code"


@pytest.fixture
def compilations(tmp_path):
    """The processes that have compiled."""
    log = tmp_path / "compiled_by"
    return lambda: [int(line) for line in log.read_text().splitlines()] if log.exists() else []


def in_a_new_process(load=compilers.load):
    keep._loaded.clear()
    return keep.machine_code(load, "float32")


def test_it_is_compiled_once_and_by_another_process(folder, compilations):
    assert in_a_new_process()() == in_a_new_process()() == "code for float32"
    assert len(compilations()) == 1
    assert os.getpid() not in compilations()
    assert keep.machine_code(compilers.load, "float64")() == "code for float64"
    assert len(compilations()) == 2


@pytest.mark.parametrize("damage", ["cut", "gone", "unsealed"])
def test_damaged_code_is_not_used(folder, compilations, caplog, damage):
    in_a_new_process()
    code = folder / "float32" / "sources" / "code.nbc"
    if damage == "cut":
        code.write_bytes(code.read_bytes()[:4])
    elif damage == "gone":
        code.unlink()
    else:
        # As a process leaves it that is killed while it compiles.
        (folder / "float32" / keep.SEAL).unlink()
    assert in_a_new_process()() == "code for float32"
    assert len(compilations()) == 2
    assert ("damaged" in caplog.text) == (damage != "unsealed")


@pytest.mark.parametrize("obstacle", ["no folder", "no room"])
def test_code_that_cannot_be_kept_is_compiled_for_this_process(folder, compilations, caplog, obstacle):
    if obstacle == "no folder":
        folder.parent.touch()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    if obstacle == "no room":
        resource.setrlimit(resource.RLIMIT_FSIZE, (keep.ROOM_BYTES // 2, limits[1]))
    try:
        for _ in range(2):
            assert in_a_new_process()() == "code for float32"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(compilations()) == 2
    assert caplog.text.count("machine code cannot be kept in") == 2
    assert not (folder / "float32").exists()


def test_code_in_a_read_only_folder_is_used(folder, compilations, monkeypatch, caplog):
    in_a_new_process()
    monkeypatch.setattr(keep, "_trouble_with", lambda _: OSError(30, "Read-only file system"))
    assert in_a_new_process()() == "code for float32"
    assert len(compilations()) == 1
    assert "cannot be kept" not in caplog.text


def test_a_compiler_that_fails_is_quoted(folder):
    with pytest.raises(PotrunError, match=r"ended with code 1: RuntimeError: no such instruction; fast=false"):
        in_a_new_process(compilers.load_never)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_compiling(folder, compilations, number):
    def ask() -> None:
        while not compilations():
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    asking = threading.Thread(target=ask)
    with deferred_signals():
        asking.start()
        with pytest.raises(RunInterruptedError, match=signal.Signals(number).name):
            in_a_new_process(compilers.load_in_a_while)
    asking.join()
    (compiler,) = compilations()
    assert not psutil.pid_exists(compiler)


def start(folder):
    """A process of its own that needs what takes a while to compile."""
    program = (
        "from pathlib import Path; from tests.support import compilers; "
        "from potrun.search.exact import keep; "
        f"keep.cache_folder = lambda: Path({str(folder)!r}); keep.machine_code(compilers.load_in_a_while, 'float32')"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", program], env=environment)


def test_of_several_processes_one_compiles(folder, compilations, monkeypatch):
    monkeypatch.setenv("COMPILES_FOR_S", "1.5")
    for process in [start(folder) for _ in range(2)]:
        assert process.wait(120) == 0
    assert len(compilations()) == 1


def test_no_compiler_outlives_the_process_that_needs_it(folder, compilations):
    process = start(folder)
    while not compilations():
        assert process.poll() is None
        time.sleep(0.02)
    compiler = psutil.Process(compilations()[0])
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs([compiler], timeout=20)
    assert not alive


def test_one_machine_code_does_for_all_settings_and_arrays():
    search = CpuSearch(FitterConfig(), "float32")
    known = len(search._process_sweeps.signatures)
    for settings in (
        FitterConfig(method="lillis", intervals=False),
        FitterConfig(u_min_v=-500, ratio_min=1, beam_width_ev=20, beam_amplitude_fixed=2, beam_amplitude_max=4),
    ):
        batch, _ = draw(REGIMES["charged"], 4, 1, settings)
        batch = batch.take(slice(None, None, 2))
        for array in (batch.energy_ev, batch.usc_v, batch.mask):
            array.flags.writeable = False
        CpuSearch(settings, "float32").search(batch)
    assert len(search._process_sweeps.signatures) == known


def test_code_belongs_to_the_processor_it_was_compiled_for(monkeypatch):
    own = keep.cache_folder()
    with monkeypatch.context() as patch:
        patch.setattr("llvmlite.binding.get_host_cpu_name", lambda: "another")
        assert keep.cache_folder() != own
    monkeypatch.setattr("numba.config.CPU_NAME", "generic")
    assert keep.cache_folder() != own


def test_code_of_other_versions_goes_when_nobody_uses_it(folder, compilations):
    for name, age_days in (("old", 40), ("recent", 20)):
        seal = folder.parent / name / "float32" / keep.SEAL
        seal.parent.mkdir(parents=True)
        seal.touch()
        os.utime(seal, (time.time() - age_days * 86400,) * 2)
    in_a_new_process()
    assert len(compilations()) == 1
    assert {path.name for path in folder.parent.iterdir()} == {"recent", "code"}


def test_without_the_compiler_it_is_one_line(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    with pytest.raises(UsageError, match="NUMBA_DISABLE_JIT is set"):
        search_device(DeviceConfig())
