"""How fast the likelihood fit is: all sweeps at once, and one by one with scipy on the same objective.

    python -m benchmarks.likelihood [--sweeps N] [--reference N] [--scaling N,N,...]

All rows are measured in one process on the same sweeps of the simulated instrument, intervals included. "Worse"
counts sweeps whose -ln L lies more than 0.01 above scipy's. The second table says what a sweep costs in batches of
various sizes. "CPU" is processor time of all threads, which other work on the machine changes less than the clock.
"""

import argparse
import os
import time

import numpy as np

from benchmarks.fitter import machine, show
from potrun.core.machine import keep_freed_memory
from potrun.core.records import FitResult, FitStatus, SweepBatch
from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.losscone.normalise import build_sweep_batch
from potrun.search import make_fitter
from potrun.search.base import Fitter
from potrun.studies.measure_fit import MemoryWatch
from tests.support.smeared import smeared_day

HEADER = ("search", "threads", "sweeps", "ms/sweep", "CPU ms/sweep", "x scipy (CPU)", "worse")
SCALING = ("threads", "sweeps", "CPU ms/sweep", "peak MB of the process", "of the fit")
CFG = FitterConfig(method="likelihood")
DRAWN = 512


def sweeps_of(number: int) -> SweepBatch:
    """Sweeps with a fit, repeated as often as needed."""
    table, geometry, potential, _ = smeared_day(min(number, DRAWN), 4242)
    batch = build_sweep_batch(table, geometry, potential, CFG)
    good = np.flatnonzero(batch.status == FitStatus.OK)
    return batch.take(good[np.arange(number) % len(good)])


def timed(fitter: Fitter, batch: SweepBatch) -> tuple[FitResult, float, float]:
    """Fit after a first small fit that loads what is loaded once; ms a sweep by the clock and of the processor."""
    fitter.fit(batch.take(slice(0, 2)))
    clock, cpu = time.perf_counter(), time.process_time()
    result = fitter.fit(batch)
    seconds = time.perf_counter() - clock, time.process_time() - cpu
    return result, *(1e3 * each / batch.n_sweeps for each in seconds)


def measure(number: int, reference: int) -> list[list[str]]:
    """Rows of the first table."""
    batch = sweeps_of(max(number, reference))
    few = batch.take(slice(0, reference))
    slow, slow_ms, slow_cpu = timed(make_fitter(CFG, DeviceConfig(name="cpu"), fast=False), few)
    rows = []
    for threads in sorted({1, os.cpu_count() or 1}):
        result, ms, cpu = timed(make_fitter(CFG, DeviceConfig(name="cpu", threads=threads), fast=True), batch)
        worse = np.mean((result.chi2[:reference] - slow.chi2) / 2.0 > 0.01)
        rows.append(["batched", str(threads), str(batch.n_sweeps), f"{ms:.1f}", f"{cpu:.1f}"])
        rows[-1] += [f"{slow_cpu / cpu:.0f}", f"{worse:.1%}"]
    rows.append(["scipy", "1", str(reference), f"{slow_ms:.0f}", f"{slow_cpu:.0f}", "1", ""])
    return rows


def scaling(sizes: list[int]) -> list[list[str]]:
    """Rows of the second table."""
    fitter = make_fitter(CFG, DeviceConfig(name="cpu", threads=1), fast=True)
    rows = []
    for size in sizes:
        batch = sweeps_of(size)
        with MemoryWatch() as memory:
            _, _, cpu = timed(fitter, batch)
        rows.append(["1", str(size), f"{cpu:.1f}", f"{memory.peak_mb:.0f}", f"{memory.rise_mb:.0f}"])
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweeps", type=int, default=1080, help="sweeps for the batched search (a day has 1,080)")
    parser.add_argument("--reference", type=int, default=20, help="sweeps for scipy")
    parser.add_argument("--scaling", default="100,1000,10000", help="sizes of batches for the second table")
    options = parser.parse_args()
    keep_freed_memory()
    print(machine())
    show(HEADER)
    for row in measure(options.sweeps, options.reference):
        print("| " + " | ".join(row) + " |", flush=True)
    show(SCALING)
    for row in scaling([int(size) for size in options.scaling.split(",") if size]):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
