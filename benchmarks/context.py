"""How long the context of a day takes: Sun, field, place of the Moon, region, gyroradius of every row and sweep.

    python -m benchmarks.context [sweeps]

Prints one line beside the geometry of the same day, which it is made from; the best of several rounds counts.
"""

import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.mission import describe_machine, verdict
from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.settings import FitterConfig, RegionConfig
from potrun.geometry.compute import GeometryModel
from potrun.losscone.normalise import build_sweep_batch
from potrun.plasma.constant import ConstantPotential
from potrun.results.context import context_columns
from potrun.results.day import middle_rows
from potrun.simulate.archive import simulate_archive

ROUNDS = 7
TARGET_S = 0.1


def main() -> None:
    """Print the line."""
    sweeps = int(sys.argv[1]) if len(sys.argv) > 1 else 1080
    with tempfile.TemporaryDirectory() as folder:
        archive = scan_archive(simulate_archive(Path(folder) / "archive", [dt.date(1998, 4, 15)], sweeps, 0))
        model = GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path)
        table = read_day(archive.days[0], Path(folder))
        geometry = model.compute(table)
        potential = ConstantPotential(8.0).estimate(table, geometry)
        batch = build_sweep_batch(table, geometry, potential, FitterConfig())
        place, rule = middle_rows(table, geometry), RegionConfig()
        whole = best(lambda: model.compute(table))
        part = best(lambda: context_columns(table, geometry, potential, batch, place, rule))
    print(f"{describe_machine()}; a day of {sweeps} sweeps, processor time, best of {ROUNDS}")
    print(f"{verdict(part < TARGET_S)} context {1000 * part:.1f} ms, geometry {1000 * whole:.0f} ms")


def best(work: Callable[[], object]) -> float:
    """Return the least processor time of some rounds (s)."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return min(seconds)


if __name__ == "__main__":
    main()
