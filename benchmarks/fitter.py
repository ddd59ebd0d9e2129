"""How fast and how good the solvers are on this machine.

    python -m benchmarks.fitter [--sweeps N] [--reference N] [--scaling N,N,...] [--method METHOD]

All rows of a table are measured in one process on the same simulated sweeps (six regimes in equal parts), intervals
included. Quality is counted on the sweeps that the conventional search also fitted: the share whose chi2 lies within
0.1 % of the best that any row found. A second table says what a sweep costs in batches of various sizes. CUDA rows
appear where torch finds a CUDA device.
"""

import argparse
import os
import platform
import time
from pathlib import Path

import numpy as np
import torch

from potrun.core.records import FitResult, SweepBatch
from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.search import make_fitter
from potrun.search.exact.fitter import BranchAndBoundFitter
from potrun.studies.measure_fit import MemoryWatch
from tests.support.sweeps import REGIMES, draw

HEADER = (
    *("method", "solver", "device", "dtype", "threads", "sweeps"),
    *("sweeps/s", "x scipy", "peak MB", "of the fit", "best", "proven"),
)
SCALING = ("method", "device", "threads", "sweeps", "us/sweep", "peak MB above the sweeps")

WATCHED = 2000
"""Sweeps of the fit that memory is watched in; the thread that watches takes time from those that search."""

EXACT, CONVENTIONAL = "branch_and_bound", "differential_evolution"


def sweeps_of(settings: FitterConfig, number: int, seed: int) -> SweepBatch:
    """Sweeps of all regimes in turn."""
    each = -(-number // len(REGIMES))
    parts = [draw(regime, each, seed + k, settings)[0] for k, regime in enumerate(REGIMES.values())]
    names = SweepBatch.__dataclass_fields__
    whole = SweepBatch(**{k: np.concatenate([getattr(part, k) for part in parts]) for k in names})
    return whole.take(np.arange(len(REGIMES) * each).reshape(len(REGIMES), each).T.ravel()[:number])


def timed(fitter, batch: SweepBatch) -> tuple[FitResult, float, MemoryWatch]:
    """Fit, after a first small fit that loads what is loaded once; then again, unhurried, for the memory it takes."""
    fitter.fit(batch.take(slice(0, 2)))
    start = time.perf_counter()
    result = fitter.fit(batch)
    seconds = time.perf_counter() - start
    with MemoryWatch() as memory:
        fitter.fit(batch.take(slice(0, WATCHED if isinstance(fitter, BranchAndBoundFitter) else 2)))
    return result, seconds, memory


def memory_mb(device: str, memory: MemoryWatch) -> tuple[float, float]:
    """Peak memory of the process (of the GPU, for one), and what the fit added."""
    if device == "cuda":
        peak = torch.cuda.max_memory_allocated() / 1e6
        return peak, peak
    return memory.peak_mb, memory.rise_mb


def machine() -> str:
    """Name the processor and, if there is one, the GPU."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{name}, {os.cpu_count()} CPUs{gpu}; Python {platform.python_version()}, torch {torch.__version__}"


def runs_of(batch: SweepBatch, few: SweepBatch, large: SweepBatch | None) -> list[tuple[str, DeviceConfig, SweepBatch]]:
    """Solvers and devices to compare, and the sweeps that each is given; the conventional search comes last."""
    cores = os.cpu_count() or 1
    runs = [(EXACT, DeviceConfig(name="cpu", threads=n), batch) for n in sorted({1, cores})]
    runs += [(EXACT, DeviceConfig(name="cpu", dtype="float64", threads=1), batch)]
    if large is not None:
        runs += [(EXACT, DeviceConfig(name="cuda", dtype=dtype), large) for dtype in ("float32", "float64")]
    return [*runs, (CONVENTIONAL, DeviceConfig(name="cpu", dtype="float64", threads=1), few)]


def measure(method: str, number: int, reference: int, cuda_number: int) -> list[list[str]]:
    """Rows of the table for one method."""
    settings = FitterConfig(method=method, chi2_max=1e9)
    batch = sweeps_of(settings, max(number, reference), seed=1)
    large = sweeps_of(settings, cuda_number, seed=1) if torch.cuda.is_available() else None
    found = []
    for solver, device, sweeps in runs_of(batch, batch.take(slice(0, reference)), large):
        config = FitterConfig(method=method, chi2_max=1e9, solver=solver)
        found.append((solver, device, sweeps.n_sweeps, *timed(make_fitter(config, device, fast=True), sweeps)))
    best = np.min([run[3].chi2[:reference] for run in found], axis=0)
    scipy_rate = found[-1][2] / found[-1][4]
    rows = []
    for solver, device, n, result, seconds, memory in found:
        is_exact = solver == EXACT
        dtype = "float32" if device.dtype == "auto" else device.dtype
        near = f"{np.mean(result.chi2[:reference] <= best * 1.001):.1%}"
        proven = f"{result.is_certified.mean():.1%}" if is_exact else "-"
        rate, (peak, rise) = n / seconds, memory_mb(device.name, memory)
        row = [method, solver, device.name, dtype, str(device.threads or 1), str(n)]
        rows.append([*row, f"{rate:.1f}", f"{rate / scipy_rate:.0f}", f"{peak:.0f}", f"{rise:.0f}", near, proven])
    return rows


def scaling(method: str, sizes: list[int]) -> list[list[str]]:
    """Measure what a sweep costs in batches of various sizes, on the device that auto stands for."""
    settings = FitterConfig(method=method, chi2_max=1e9)
    fitter = make_fitter(settings, DeviceConfig(), fast=True)
    drawn = sweeps_of(settings, 1080, seed=1)
    rows = []
    for size in sizes:
        batch = drawn.take(np.arange(size) % drawn.n_sweeps)
        _, seconds, memory = timed(fitter, batch)
        device = fitter.device
        row = [method, device.name, str(device.threads), str(size)]
        rows.append([*row, f"{seconds / size * 1e6:.0f}", f"{memory_mb(device.name, memory)[1]:.0f}"])
    return rows


def show(header: tuple[str, ...]) -> None:
    """Print the head of a table."""
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweeps", type=int, default=1080, help="sweeps for the exact search (a day has 1,080)")
    parser.add_argument("--reference", type=int, default=30, help="sweeps for the conventional search")
    parser.add_argument("--cuda-sweeps", type=int, default=100_000, help="sweeps for the exact search on a GPU")
    parser.add_argument("--scaling", default="100,1000,10000", help="sizes of batches for the second table")
    parser.add_argument("--method", choices=("halekas", "lillis"), help="one of the methods alone")
    options = parser.parse_args()
    methods = (options.method,) if options.method else ("halekas", "lillis")
    print(machine())
    for header, rows_of in (
        (HEADER, lambda method: measure(method, options.sweeps, options.reference, options.cuda_sweeps)),
        (SCALING, lambda method: scaling(method, [int(size) for size in options.scaling.split(",") if size])),
    ):
        show(header)
        for method in methods:
            for row in rows_of(method):
                print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
