"""Values of the objective at points, with the best beam amplitude for each.

A point's cost without a beam is one table entry a row. The beam then changes the inner cells of the few rows that it
reaches; a coarse scan of its amplitude and Gauss-Newton steps from the best of them find the minimum. The beam's effect
on outer cells is left out: values here steer the search, what is reported is evaluated by the public objective.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.fitters.base import beam_bounds
from potrun.fitters.branch_and_bound.layout import columns, pick, spread, total
from potrun.fitters.branch_and_bound.lookup import cone_edge, count_below, row_index
from potrun.fitters.branch_and_bound.tables import SweepTables
from potrun.losscone.model import beam_energy_profile

SCAN = (0.004, 0.02, 0.06, 0.16, 0.4, 1.0)
"""Amplitudes tried first, from the lower end (0) of an interval to the upper (1)."""


@dataclass(frozen=True)
class Points:
    """Points of parameter space, each of one sweep, and the objective there; every field (N,)."""

    owner: Tensor
    u: Tensor
    ratio: Tensor
    amplitude: Tensor
    value: Tensor


class _BeamCost:
    """Change of each point's cost with the beam's amplitude."""

    def __init__(self, tables: SweepTables, owner: Tensor, u: Tensor, ratio: Tensor) -> None:
        self.tables = tables
        rows = row_index(tables, owner)
        self.shape = rows.shape
        lost = count_below(tables, rows, cone_edge(tables, owner, u, ratio))
        self.without = total(pick(tables.cost, rows * tables.cost.shape[1] + lost))
        energy, usc = columns(tables.energy_ev, owner), columns(tables.usc_v, owner)
        width = tables.layout.settings.beam_width_ev
        strength = beam_energy_profile(energy[..., None], usc[..., None], u, width)[..., 0]
        largest = beam_bounds(tables.layout.settings)[1]
        matters = largest * strength * columns(tables.beam_gain_all, owner) > 1e-9 * self.without
        self.pairs = torch.nonzero(matters.reshape(-1))[:, 0]
        self.point = self.pairs % len(owner)
        self.strength = pick(strength, self.pairs)
        row = pick(rows, self.pairs)
        self.data, self.beam, self.used = (
            columns(x, row) for x in (tables.inner_data, tables.inner_beam, tables.inner_used)
        )
        cell = torch.arange(len(self.data), device=owner.device)[:, None]
        self.base = torch.where(cell < pick(lost, self.pairs), tables.layout.settings.background, 1.0)
        self.offset = tables.layout.settings.log_offset if tables.layout.is_logarithmic else 0.0
        self.at_zero = total((self.data - tables.layout.level(self.base)).square() * self.used)

    def value(self, amplitude: Tensor) -> Tensor:
        """Objective at each point; (N,) for amplitudes (N,)."""
        model = self.base + (pick(amplitude, self.point) * self.strength) * self.beam
        cost = total((self.data - self.tables.layout.level(model)).square() * self.used) - self.at_zero
        return self.without + self._over_rows(cost)

    def step(self, amplitude: Tensor) -> Tensor:
        """Gauss-Newton step of the amplitude of each point; (N,)."""
        model = self.base + (pick(amplitude, self.point) * self.strength) * self.beam
        distance = self.data - self.tables.layout.level(model)
        steepness = self.beam / (model + self.offset) if self.tables.layout.is_logarithmic else self.beam
        slope = self._over_rows(total(distance * steepness * self.used) * self.strength)
        curvature = self._over_rows(total(steepness * steepness * self.used) * self.strength * self.strength)
        return slope / curvature.clamp(min=1e-300)

    def _over_rows(self, values: Tensor) -> Tensor:
        """Sum pairs of row and point over rows, in one fixed order."""
        return total(spread(values, self.pairs, self.shape))


def best_at(
    tables: SweepTables, owner: Tensor, u: Tensor, ratio: Tensor, low: Tensor, high: Tensor, steps: int = 2
) -> Points:
    """Evaluate the objective at points of (U, r), with the best amplitude found for each.

    Amplitudes from `low` to `high` are scanned; the steps may leave that interval.

    Parameters
    ----------
    tables : SweepTables
    owner : (N,) int64
        Sweep of each point.
    u, ratio : (N,) float64
    low, high : (N,) float64
        Range of amplitudes to start from; where they are equal, nothing is scanned.
    steps : int
        Gauss-Newton steps.

    Returns
    -------
    Points
    """
    cost = _BeamCost(tables, owner, u, ratio)
    best, value = low, cost.value(low)

    def try_amplitude(amplitude: Tensor) -> None:
        nonlocal best, value
        trial = cost.value(amplitude)
        better = trial < value
        best, value = torch.where(better, amplitude, best), torch.where(better, trial, value)

    least, most = beam_bounds(tables.layout.settings)
    if least < most and steps > 0:
        for share in SCAN if bool((low < high).any()) else ():
            try_amplitude(low + share * (high - low))
        for _ in range(steps):
            try_amplitude((best + cost.step(best)).clamp(least, most))
    return Points(owner=owner, u=u, ratio=ratio, amplitude=best, value=value)
