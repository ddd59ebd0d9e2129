"""Watching a command and all its descendants: time, memory, bytes."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_EVERY_S = 0.05
MB = 1e6


@dataclass(frozen=True)
class Measured:
    """What a command took; memory is the largest sum of the resident sets of all its processes at one time."""

    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    read_mb: float
    written_mb: float
    stderr: str


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Run a command to its end.

    Bytes are those asked of the system by read and write calls, whether or not a disk had to move; mapped files are
    not among them.

    Raises
    ------
    RuntimeError
        If the command fails.
    """
    log = folder / "stderr.txt"
    started = time.monotonic()
    with log.open("wb") as stderr:
        process = psutil.Popen(command, cwd=folder, env=dict(environment), stderr=stderr, stdout=subprocess.DEVNULL)
    peak = 0
    last: dict[int, tuple[float, int, int]] = {}
    while process.poll() is None:
        now = 0
        for member in [process, *_children(process)]:
            try:
                with member.oneshot():
                    times, moved = member.cpu_times(), member.io_counters()
                    now += member.memory_info().rss
            except psutil.Error:
                continue
            last[member.pid] = (times.user + times.system, moved.read_chars, moved.write_chars)
        peak = max(peak, now)
        time.sleep(SAMPLE_EVERY_S)
    wall = time.monotonic() - started
    text = log.read_text()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    cpu, read, written = (sum(values) for values in zip(*last.values(), strict=True))
    return Measured(wall, cpu, peak / MB, read / MB, written / MB, text)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []
