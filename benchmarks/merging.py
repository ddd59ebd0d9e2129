"""What follows the days of the whole mission: merging, loading, statistics and pictures of 560 shards.

    python -m benchmarks.merging [days=560] [sweeps=1080] [folder=...]

Makes one day's result, writes it under as many dates as asked, and puts each step to the clock in one process, with
the largest memory of that process so far.
"""

import datetime as dt
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.mission import describe_machine, verdict

FIRST_DAY = dt.date(1998, 1, 16)
TARGET_S, TARGET_MB = 120, 2000


def main() -> None:
    """Print the table."""
    given = {"days": "560", "sweeps": "1080", "folder": ""} | dict(word.split("=", 1) for word in sys.argv[1:])
    days, sweeps = int(given["days"]), int(given["sweeps"])
    print(f"{describe_machine()}; {days} days of {sweeps} sweeps")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(given["folder"] or scratch)
        shards = write_shards(folder / "shards", days, sweeps)
        print(f"{'step':<24} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}")
        wall = time.monotonic()
        follow(shards, folder)
        taken = time.monotonic() - wall
        size = (folder / "mission.npz").stat().st_size / 1e6
    print(f"shards of {sum(shard_sizes) / 1e6:.0f} MB, result of {size:.0f} MB")
    print(f"{verdict(taken < TARGET_S)} {taken:.0f} s in all, below {TARGET_S} s")
    print(f"{verdict(peak_mb() < TARGET_MB)} {peak_mb():.0f} MB, below {TARGET_MB} MB")


shard_sizes: list[int] = []


def write_shards(folder: Path, days: int, sweeps: int) -> list[Path]:
    """Write one synthetic day under many dates; kept shards of the folder are used again."""
    from potrun.results.shard import write_shard

    day = synthetic_day(sweeps)
    paths = []
    for number in range(days):
        date = FIRST_DAY + dt.timedelta(days=number)
        path = folder / f"{date:%Y%m%d}.npz"
        if not path.exists():
            write_shard(path, redated(day, date), "synthetic")
        shard_sizes.append(path.stat().st_size)
        paths.append(path)
    return paths


def follow(shards: list[Path], folder: Path) -> None:
    """Merge, load, sum up and draw."""
    from potrun.plots import KINDS
    from potrun.plots.style import save
    from potrun.results.load import load_results
    from potrun.results.merge import merge_shards
    from potrun.results.statistics import statistics

    with step("start"):
        pass
    with step("merge"):
        merge_shards(shards, folder / "mission.npz", {"origin": "simulated"})
    with step("open and verify"):
        result = load_results(folder / "mission.npz")
    with step("statistics"):
        statistics(result)
    for kind, draw in KINDS.items():
        with step(f"picture {kind}"):
            save(draw(result), folder / f"{kind}.png")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print what a step took."""
    wall, processor = time.monotonic(), time.process_time()
    yield
    wall, processor = time.monotonic() - wall, time.process_time() - processor
    print(f"{name:<24} {wall:8.1f} {processor:8.1f} {peak_mb():8.0f}", flush=True)


def peak_mb() -> float:
    """Return the largest memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def synthetic_day(sweeps: int):
    """Make a day's columns that look like a result: smooth where a result is smooth, noisy where it is noisy."""
    from potrun.core.records import FitStatus
    from potrun.results.columns import COLUMNS
    from potrun.results.day import FROM_SWEEP, DayResult

    rng = np.random.default_rng(0)
    counts = {"rows": sweeps * 15, "sweeps": sweeps, "files": 1}
    columns = {}
    for column in COLUMNS:
        n = counts[column.axis]
        if column.dtype.kind == "f":
            columns[column.name] = rng.normal(100.0, 30.0, n)
        elif column.dtype.kind == "b":
            columns[column.name] = rng.random(n) < 0.6
        elif column.dtype.kind == "U":
            columns[column.name] = np.full(n, "1998-01-16T00:00:00", column.dtype)
        else:
            columns[column.name] = np.ones(n, column.dtype)
    columns["spec_row_count"][:] = 15
    columns["spec_source_file"][:] = 0
    columns["spec_fit_status"][:] = int(FitStatus.OK)
    columns["spec_u_surface"] = -np.exp(rng.normal(4.5, 1.0, sweeps))
    columns["spec_spacecraft_latitude"] = np.linspace(-90, 90, sweeps)
    columns["spec_projection_latitude"] = np.linspace(-90, 90, sweeps)
    for name in ("spec_spacecraft_longitude", "spec_projection_longitude"):
        columns[name] = rng.uniform(-180, 180, sweeps)
    columns["rows_energy"] = np.tile(np.geomspace(20000, 40, 15), sweeps)
    for row, sweep in FROM_SWEEP.items():
        columns[row] = np.repeat(columns[sweep], 15)
    for name in ("latitude", "longitude"):
        for place in ("spacecraft", "projection"):
            columns[f"rows_{place}_{name}"] = np.repeat(columns[f"spec_{place}_{name}"], 15) + rng.normal(
                0, 0.5, sweeps * 15
            )
    return DayResult(FIRST_DAY, columns, {"defects": []})


def redated(day, date: dt.date):
    """Give a day's columns another date: its times and the numbers of its sweeps."""
    start = np.datetime64(date.isoformat(), "s")
    sweeps, rows = day.n_sweeps, day.n_rows
    row_times = start + np.arange(rows) * 86400 // rows
    seconds = row_times.astype(np.int64)
    number = int(f"{date:%Y%m%d}") * 100_000 + 1 + np.arange(sweeps)
    kinds = {name: day.columns[name].dtype for name in day.columns}
    changed = {
        "rows_utc": np.datetime_as_string(row_times).astype(kinds["rows_utc"]),
        "rows_time": np.char.mod("%d.0", seconds).astype(kinds["rows_time"]),
        "rows_sweep_id": np.repeat(number, rows // sweeps),
        "spec_sweep_id": number,
        "spec_original_spec_no": np.arange(sweeps) + 1,
        "source_name": np.array([f"{date:%Y}/3D{date:%y%m%d}.TAB"], kinds["source_name"]),
    }
    for name, first in (("spec_utc_start", 0), ("spec_utc_end", rows // sweeps - 1)):
        changed[name] = changed["rows_utc"][first :: rows // sweeps].astype(kinds[name])
    return replace(day, date=date, columns={**day.columns, **changed})


if __name__ == "__main__":
    main()
