"""How fast and how good the solvers are on this machine: ``python -m benchmarks.fitter [--sweeps N] [--reference N]``.

All rows of a table are measured in one process on the same simulated sweeps (six regimes in equal parts). Quality is
counted on the sweeps that the conventional search also fitted: the share whose chi2 lies within 0.1 % of the best that
any row found. CUDA rows appear where torch finds a CUDA device.
"""

import argparse
import os
import platform
import resource
import time
from pathlib import Path

import numpy as np
import torch

from potrun.config import DeviceConfig, FitterConfig
from potrun.fitters import make_fitter
from potrun.records import FitResult, SweepBatch
from tests.support.sweeps import REGIMES, draw

HEADER = [
    "method",
    "solver",
    "device",
    "dtype",
    "threads",
    "sweeps",
    "sweeps/s",
    "x scipy",
    "peak MB",
    "best",
    "proven",
]


def sweeps_of(settings: FitterConfig, number: int, seed: int) -> SweepBatch:
    """Sweeps of all regimes in turn."""
    each = -(-number // len(REGIMES))
    parts = [draw(regime, each, seed + k, settings)[0] for k, regime in enumerate(REGIMES.values())]
    names = SweepBatch.__dataclass_fields__
    whole = SweepBatch(**{k: np.concatenate([getattr(part, k) for part in parts]) for k in names})
    return whole.take(np.arange(len(REGIMES) * each).reshape(len(REGIMES), each).T.ravel()[:number])


def timed(fitter, batch: SweepBatch) -> tuple[FitResult, float]:
    """Fit once, after a first small fit that loads what is loaded once."""
    fitter.fit(batch.take(slice(0, 2)))
    start = time.perf_counter()
    result = fitter.fit(batch)
    return result, time.perf_counter() - start


def peak_mb(device: str) -> float:
    """Peak memory of the process so far (of the GPU, for one)."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def machine() -> str:
    """Name the processor and, if there is one, the GPU."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{name}, {os.cpu_count()} CPUs{gpu}; Python {platform.python_version()}, torch {torch.__version__}"


def measure(method: str, number: int, reference: int, cuda_number: int) -> list[list[str]]:
    """Rows of the table for one method."""
    settings = FitterConfig(method=method, chi2_max=1e9)
    batch = sweeps_of(settings, max(number, reference), seed=1)
    few = batch.take(slice(0, reference))
    runs = [("branch_and_bound", "cpu", "float32", threads, batch) for threads in sorted({1, os.cpu_count() or 1})]
    runs += [("branch_and_bound", "cpu", "float64", 1, few)]
    if torch.cuda.is_available():
        large = sweeps_of(settings, cuda_number, seed=1)
        runs += [("branch_and_bound", "cuda", dtype, 1, large) for dtype in ("float16", "float32")]
    # The conventional search last: peak memory is that of the process so far.
    runs += [("differential_evolution", "cpu", "float64", 1, few)]
    found = []
    for solver, device, dtype, threads, sweeps in runs:
        config = FitterConfig(method=method, chi2_max=1e9, solver=solver)
        fitter = make_fitter(config, DeviceConfig(name=device, dtype=dtype, threads=threads), fast=True)
        result, seconds = timed(fitter, sweeps)
        found.append((solver, device, dtype, threads, sweeps.n_sweeps, seconds, peak_mb(device), result))
    best = np.min([result.chi2[:reference] for *_, result in found], axis=0)
    scipy_rate = found[-1][4] / found[-1][5]
    rows = []
    for solver, device, dtype, threads, n, seconds, peak, result in found:
        near = np.mean(result.chi2[:reference] <= best * 1.001)
        proven = "-" if solver == "differential_evolution" else f"{result.is_certified.mean():.1%}"
        rate = n / seconds
        row = [method, solver, device, dtype, str(threads), str(n), f"{rate:.1f}", f"{rate / scipy_rate:.0f}"]
        rows.append([*row, f"{peak:.0f}", f"{near:.1%}", proven])
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweeps", type=int, default=1080, help="sweeps for the exact search (a day has 1,080)")
    parser.add_argument("--reference", type=int, default=30, help="sweeps for the conventional search")
    parser.add_argument("--cuda-sweeps", type=int, default=100_000, help="sweeps for the exact search on a GPU")
    options = parser.parse_args()
    print(machine())
    print("| " + " | ".join(HEADER) + " |")
    print("|" + " --- |" * len(HEADER))
    for method in ("halekas", "lillis"):
        for row in measure(method, options.sweeps, options.reference, options.cuda_sweeps):
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
