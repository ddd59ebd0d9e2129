"""What a long run costs, and what the whole mission would: the main job over simulated days of real size.

    python -m benchmarks.mission [days=2,8,30] [workers=2] [sweeps=1080] [tracking=off] [folder=...] [key=value ...]

Simulates the days (once, if `folder` is given), parses their tables so that the cache is warm, runs the command over
each number of days and prints a table, the straight line through it, and where the line ends at 560 days. Words of
the form key=value that are not named above go to the command as they are.
"""

import datetime as dt
import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.process_tree import Measured, measure

ROOT = Path(__file__).resolve().parents[1]
FIRST_DAY = dt.date(1998, 2, 1)
MISSION_DAYS = 560
TARGET_MINUTES, TARGET_MB = 15, 2000
OWN = {"days": "2,8,30", "workers": "2", "sweeps": "1080", "tracking": "off", "folder": ""}
STAGES = ("resume", "read", "geometry", "potential", "normalise", "fit", "assemble", "write")


@dataclass(frozen=True)
class Point:
    """One run: its length, what it took, and the seconds of its stages, summed over workers."""

    days: int
    taken: Measured
    stages: dict[str, float]


def main() -> None:
    """Print the table."""
    given = dict(word.split("=", 1) for word in sys.argv[1:])
    own = OWN | {key: value for key, value in given.items() if key in OWN}
    others = [f"{key}={value}" for key, value in given.items() if key not in OWN]
    sizes = sorted({int(number) for number in own["days"].split(",")})
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(own["folder"] or scratch)
        archive = make_archive(folder, max(sizes), int(own["sweeps"]))
        words = [f"executor.workers={own['workers']}", f"tracking={own['tracking']}", *others]
        print(f"{describe_machine()}; {own['sweeps']} sweeps a day; {' '.join(words)}")
        points = [run(archive, size, words) for size in sizes]
    report(points, int(own["sweeps"]))


def make_archive(folder: Path, days: int, sweeps: int) -> Path:
    """Simulate consecutive days, and parse each once so that its copy and its digest are there."""
    from potrun.archive.days import scan_archive
    from potrun.archive.table import read_day
    from potrun.simulate.archive import simulate_archive

    root = folder / f"archive_{days}_{sweeps}"
    if not root.exists():
        dates = [FIRST_DAY + dt.timedelta(days=number) for number in range(days)]
        simulate_archive(root, dates, sweeps=sweeps, seed=1, workers=os.cpu_count() or 1, truth=False)
    for day in scan_archive(root).days:
        read_day(day, None, strict=False)
    return root


def run(archive: Path, days: int, words: Sequence[str]) -> Point:
    """Run the command over the first days of the archive."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as name:
        folder = Path(name)
        part = folder / "archive"
        keep = sorted(path.name for path in archive.rglob("3D*.TAB"))[:days]

        def others(_place: str, names: list[str]) -> list[str]:
            return [item for item in names if item.startswith("3D") and item.split(".TAB")[0] + ".TAB" not in keep]

        # Links share bytes, size and time of change, so that the parsed copies hold for them too.
        shutil.copytree(archive, part, ignore=others, copy_function=os.link)
        command = [sys.executable, "-m", "potrun", "archive=pds", f"archive.root={part}", *words]
        taken = measure(command, folder, {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"})
    found = re.search(r"seconds: (.*); ", taken.stderr)
    assert found is not None, taken.stderr
    stages = {name: float(value) for name, value in (item.split(" ") for item in found[1].split(", "))}
    return Point(days, taken, stages)


def report(points: Sequence[Point], sweeps: int) -> None:
    """Print what was measured, and the line through it."""
    print(f"{'days':>5} {'wall s':>8} {'CPU s':>8} {'days/min':>9} {'sweeps/s':>9} {'peak MB':>8} {'read MB':>8}"
          f" {'written MB':>10}")  # fmt: skip
    for point in points:
        taken = point.taken
        print(
            f"{point.days:5d} {taken.wall_s:8.1f} {taken.cpu_s:8.1f} {60 * point.days / taken.wall_s:9.1f} "
            f"{point.days * sweeps / taken.wall_s:9.0f} {taken.peak_rss_mb:8.0f} {taken.read_mb:8.0f} "
            f"{taken.written_mb:10.0f}"
        )
    print("\nseconds a day in each stage (by the clock, summed over workers)")
    print(f"{'days':>5} " + " ".join(f"{name:>9}" for name in (*STAGES, "together")))
    for point in points:
        each = [point.stages.get(name, 0.0) / point.days for name in STAGES]
        print(f"{point.days:5d} " + " ".join(f"{value:9.3f}" for value in (*each, sum(each))))
    if len(points) > 2:
        compare_costs(points)
    if len(points) > 1:
        extrapolate(points)


def compare_costs(points: Sequence[Point]) -> None:
    """Print what each further day costs, by the processor's time, which other work on the machine disturbs least."""
    costs = []
    for fewer, more in itertools.pairwise(points):
        costs.append((more.taken.cpu_s - fewer.taken.cpu_s) / (more.days - fewer.days))
        print(f"each further day from {fewer.days} to {more.days}: {costs[-1]:.2f} s of processor time")
    spread = max(costs) / min(costs)
    print(f"largest over smallest: {spread:.2f} ({verdict(spread <= 1.10)} within 10 %)")


def extrapolate(points: Sequence[Point]) -> None:
    """Print the straight lines and their values at the length of the mission."""
    days = np.array([point.days for point in points], dtype=np.float64)
    print(f"\nstraight lines, and their values at {MISSION_DAYS} days")
    cores = os.cpu_count() or 1
    for name, unit, values in (
        ("wall time", "s", [point.taken.wall_s for point in points]),
        ("CPU time", "s", [point.taken.cpu_s for point in points]),
        ("peak memory", "MB", [point.taken.peak_rss_mb for point in points]),
    ):
        slope, start = np.polyfit(days, values, 1)
        end = start + slope * MISSION_DAYS
        minutes = f" = {end / 60:.1f} min" if unit == "s" else ""
        print(f"{name:<12} {start:8.1f} + {slope:7.3f} x days {unit}: {end:8.0f} {unit}{minutes}")
        if name == "CPU time":
            minutes_here = end / cores / 60
            print(f"{'':<12} on {cores} cores that do nothing else: {minutes_here:.1f} min "
                  f"({verdict(minutes_here < TARGET_MINUTES)} below {TARGET_MINUTES} min)")  # fmt: skip
        if unit == "MB":
            print(f"{'':<12} {verdict(end < TARGET_MB)} below {TARGET_MB} MB")


def verdict(is_met: bool) -> str:
    """Say whether a target is met."""
    return "met:" if is_met else "MISSED:"


def describe_machine() -> str:
    """Name processor, cores, system and Python."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        model = names[0] if names else model
    load = os.getloadavg()[0]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return (f"{model}, {os.cpu_count()} cores (load {load:.1f} before), {platform.system()}, "
            f"Python {platform.python_version()}, {commit.stdout.strip() or 'no commit'}")  # fmt: skip


if __name__ == "__main__":
    main()
