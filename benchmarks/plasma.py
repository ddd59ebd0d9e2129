"""How fast a day's spacecraft potentials are found: all sweeps at once, and one by one with scipy.

    python -m benchmarks.plasma [sweeps] [sweeps for scipy]

Prints one table. The day is simulated: sun and shadow, both energy grids in turn. The best of several rounds counts,
because whatever else the machine does can only slow a round down; "CPU" is the processor time of that round.
"""

import os
import platform
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from potrun.core.records import DayTable, Geometry, SpacecraftPotential
from potrun.core.settings import DeviceConfig, SpacecraftPotentialConfig
from potrun.plasma.estimate import make_potential_model
from potrun.simulate.handover import to_records
from potrun.simulate.settings import SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps

ROUNDS = 7
THREADS = (1, 2)
GRIDS = ("40ev", "7ev")


def main() -> None:
    """Print the table."""
    sweeps = int(sys.argv[1]) if len(sys.argv) > 1 else 1080
    few = int(sys.argv[2]) if len(sys.argv) > 2 else 24
    print(f"{describe_machine()}; spacecraft potential, temperature, density and kappa with errors; best of {ROUNDS}")
    print(f"{'solver':<38} {'grid':>5} {'sweeps':>7} {'s':>8} {'CPU s':>8} {'sweeps/s':>9} {'x scipy':>8}")
    for grid in GRIDS:
        table, geometry = simulate(few, grid)
        slow, seconds, processor = measure(lambda t=table, g=geometry: estimate(t, g, fast=False), 1)
        rate_slow = few / seconds
        line("scipy, one by one", grid, few, seconds, processor, 1.0)
        check(slow, estimate(table, geometry, fast=True))
        table, geometry = simulate(sweeps, grid)
        for threads in THREADS:
            _, seconds, processor = measure(lambda t=table, g=geometry, n=threads: estimate(t, g, True, n), ROUNDS)
            label = f"torch, all at once, {threads} thread{'s' if threads > 1 else ''}"
            line(label, grid, sweeps, seconds, processor, sweeps / seconds / rate_slow)
    print("each round starts afresh: building the grid's model is included; reading and geometry are not")


def simulate(sweeps: int, grid: str) -> tuple[DayTable, Geometry]:
    """Simulate one day in memory."""
    return to_records(simulate_sweeps(sweeps, 1998, SimulationSettings(scenario="moon", grid=grid)))


def estimate(table: DayTable, geometry: Geometry, fast: bool, threads: int = 1) -> SpacecraftPotential:
    """Build a model and run it."""
    device = DeviceConfig(name="cpu", threads=threads)
    model = make_potential_model(SpacecraftPotentialConfig(kind="kappa"), device, fast=fast)
    return model.estimate(table, geometry)


def measure(work: Callable[[], SpacecraftPotential], rounds: int) -> tuple[SpacecraftPotential, float, float]:
    """Run several times; give the result and the shortest time with its processor time."""
    times = []
    for _ in range(rounds):
        started, processor = time.perf_counter(), time.process_time()
        result = work()
        times.append((time.perf_counter() - started, time.process_time() - processor))
    return result, *min(times)


def line(solver: str, grid: str, sweeps: int, seconds: float, processor: float, ratio: float) -> None:
    """Print one row."""
    rate = sweeps / seconds
    print(f"{solver:<38} {grid:>5} {sweeps:7d} {seconds:8.3f} {processor:8.3f} {rate:9.1f} {ratio:8.0f}", flush=True)


def check(slow: SpacecraftPotential, fast: SpacecraftPotential) -> None:
    """Print how many sweeps have the same answer from both."""
    same = np.isclose(slow.volts, fast.volts, atol=0.1, equal_nan=True)
    for name in ("electron_temperature_ev", "electron_density_m3", "kappa"):
        same &= np.isclose(getattr(slow, name), getattr(fast, name), rtol=0.01, equal_nan=True)
    print(f"    {same.sum()} of {len(same)} sweeps agree within 0.1 V and 1 %")


def describe_machine() -> str:
    """Name cores, Python and torch."""
    return f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}"


if __name__ == "__main__":
    main()
