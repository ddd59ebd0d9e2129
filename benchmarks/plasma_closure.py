"""How well spacecraft potential and plasma are recovered from simulated sweeps whose truth is known.

    python -m benchmarks.plasma_closure [days]

Prints the table of docs/plasma.md: truth drawn over the whole range that the mission meets (density 1e5..1e7 m-3,
temperature 5..300 eV, kappa 2.6..6), both energy grids, counting noise, background, energy response, photoelectrons.
"""

import sys
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import PotentialStatus
from potrun.core.settings import DeviceConfig, SpacecraftPotentialConfig
from potrun.plasma.estimate import make_potential_model
from potrun.simulate.handover import to_records
from potrun.simulate.settings import SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps

GRIDS = ("40ev", "7ev")
TEMPERATURE_EDGES_EV = (5.0, 8.0, 12.0, 20.0, 40.0, 100.0, 300.0)
DENSITY_EDGES_M3 = (1e5, 3e5, 1e6, 3e6, 1e7)
KAPPA_EDGES = (2.6, 3.5, 4.5, 5.5, 6.0)
SWEEPS = 1080

Columns = dict[str, NDArray[np.float64]]


def main() -> None:
    """Print the tables."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    for grid in GRIDS:
        found = collect(grid, days)
        print(f"\n{grid} grid, {days * SWEEPS} sweeps, {int(found['balanced'].sum())} with a balance\n")
        print("| plasma | sweeps | ok | bound | none | Usc (V) | T (%) | n (%) | kappa | beyond 2 sigma |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for light in ("sun", "shadow"):
            for name, label, edges in (
                ("temperature", "T {:g}-{:g} eV", TEMPERATURE_EDGES_EV),
                ("density", "n {:.0e}-{:.0e} m-3, T > 12 eV", DENSITY_EDGES_M3),
                ("kappa", "kappa {:g}-{:g}, T > 12 eV", KAPPA_EDGES),
            ):
                for low, high in pairwise(edges):
                    inside = (found[name] >= low) & (found[name] < high)
                    inside &= (name == "temperature") | (found["temperature"] > 12)
                    chosen = inside & (found["balanced"] > 0) & ((found["sun"] > 0) == (light == "sun"))
                    row(f"{light}, {label.format(low, high)}", found, chosen)
        none = found["balanced"] == 0
        refused = np.mean(found["status"][none] > PotentialStatus.AT_BOUND)
        print(f"\nno balance in truth: {int(none.sum())} sweeps, {refused:.1%} of them without a potential")


def collect(grid: str, days: int) -> Columns:
    """Simulate and estimate; errors in V, % and kappa, with the truth that they belong to."""
    parts = [one_day(grid, seed) for seed in range(days)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def one_day(grid: str, seed: int) -> Columns:
    """Simulate and estimate one day."""
    sweeps = simulate_sweeps(SWEEPS, seed, SimulationSettings(scenario="ranges", grid=grid))
    cfg = SpacecraftPotentialConfig(kind="kappa")
    found = make_potential_model(cfg, DeviceConfig(name="cpu"), fast=True).estimate(*to_records(sweeps))
    truth = sweeps.truth
    return {
        "sun": sweeps.spacecraft_in_sun.astype(float),
        "balanced": truth.is_balanced.astype(float),
        "temperature": truth.temperature_ev,
        "density": truth.density_m3,
        "kappa": truth.kappa,
        "status": found.status.astype(float),
        "volts_error": found.volts - truth.usc_v,
        "temperature_error": 100 * (found.electron_temperature_ev / truth.temperature_ev - 1),
        "density_error": 100 * (found.electron_density_m3 / truth.density_m3 - 1),
        "kappa_error": found.kappa - truth.kappa,
        "pull": (found.volts - truth.usc_v) / found.sigma_volts,
    }


def row(label: str, found: Columns, chosen: NDArray[np.bool_]) -> None:
    """Print one row: shares of the statuses, then median error and half the 16..84 % range of the good sweeps."""
    if not chosen.any():
        return
    status = found["status"][chosen]
    shares = [np.mean(status == code) for code in (PotentialStatus.OK, PotentialStatus.AT_BOUND)]
    shares.append(1 - sum(shares))
    good = chosen & (found["status"] == PotentialStatus.OK)
    cells = [f"{share:.0%}" for share in shares]
    for name, digits in (("volts", 2), ("temperature", 1), ("density", 1), ("kappa", 3)):
        cells.append(spread(found[f"{name}_error"][good], digits))
    cells.append(f"{np.mean(np.abs(found['pull'][good]) > 2):.1%}" if good.any() else "-")
    print(f"| {label} | {int(chosen.sum())} | {' | '.join(cells)} |")


def spread(errors: NDArray[np.float64], digits: int) -> str:
    """Write median and scatter."""
    if len(errors) < 5:
        return "-"
    low, middle, high = np.percentile(errors, [16, 50, 84])
    return f"{middle:+.{digits}f} ± {(high - low) / 2:.{digits}f}"


if __name__ == "__main__":
    main()
