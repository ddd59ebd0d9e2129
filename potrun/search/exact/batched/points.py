"""Values of the objective at points, with the best beam amplitude for each.

A point's cost without a beam is one table entry a row. The beam then changes the inner cells of the few rows that it
reaches. If every such row could have the strength that suits it best and the point were still no better than what is
known, it is left at that; for the others a coarse scan of the amplitude and Gauss-Newton steps from the best of it find
the minimum. The beam's effect on outer cells is left out: values here steer the search, what is reported is evaluated
by the public objective.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.losscone.model import beam_energy_profile
from potrun.search.base import beam_bounds
from potrun.search.exact.batched.layout import columns, pick, sum_pairs, total
from potrun.search.exact.batched.lookup import cone_edge, count_below, least_entry, row_index
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import SCAN, UNSEEN


@dataclass(frozen=True)
class Points:
    """Points of parameter space, each of one sweep, and the objective there; every field (N,)."""

    owner: Tensor
    u: Tensor
    ratio: Tensor
    amplitude: Tensor
    value: Tensor

    def take(self, index: Tensor) -> "Points":
        """Points at the given positions."""
        return Points(**{name: getattr(self, name).index_select(0, index) for name in self.__dataclass_fields__})

    def replaced(self, index: Tensor, other: "Points") -> "Points":
        """Points with those at distinct positions replaced by others."""
        return Points(
            **{
                name: getattr(self, name).index_copy(0, index, getattr(other, name))
                for name in self.__dataclass_fields__
            }
        )

    def better(self, other: "Points") -> "Points":
        """Points of which those are replaced that another is better than."""
        chosen = torch.nonzero(other.value < self.value)[:, 0]
        return self.replaced(chosen, other.take(chosen))

    def improved(self, tried: "Points") -> "Points":
        """Best points, one a sweep in order, after trying any number of others; of equally good ones the first."""
        tried = tried.take(torch.nonzero(tried.value < self.value.index_select(0, tried.owner))[:, 0])
        lowest = self.value.scatter_reduce(0, tried.owner, tried.value, "amin")
        winner = torch.nonzero(tried.value == lowest.index_select(0, tried.owner))[:, 0]
        first = torch.full_like(self.owner, len(tried.owner))
        first = first.scatter_reduce(0, tried.owner.index_select(0, winner), winner, "amin")
        changed = torch.nonzero(first < len(tried.owner))[:, 0]
        return self.replaced(changed, tried.take(first.index_select(0, changed)))


@dataclass(frozen=True)
class _Rows:
    """Pairs of row and point where the beam can lower the cost; (P,) or (M, P)."""

    pairs: Tensor  # flat positions in (E, N)
    shape: tuple[int, ...]
    rows: Tensor
    lost: Tensor
    strength: Tensor
    cost: Tensor  # of the row without a beam


def without_beam(tables: SweepTables, owner: Tensor, u: Tensor, ratio: Tensor) -> Tensor:
    """Evaluate the objective at points without a beam.

    Parameters
    ----------
    tables : SweepTables
    owner : (N,) int64
    u, ratio : (N,) float64

    Returns
    -------
    (N,) float64
    """
    rows = row_index(tables, owner)
    lost = count_below(tables, rows, cone_edge(tables, owner, u, ratio))
    return total(pick(tables.cost, rows * tables.cost.shape[1] + lost))


def best_at(
    tables: SweepTables,
    owner: Tensor,
    u: Tensor,
    ratio: Tensor,
    low: Tensor,
    high: Tensor,
    known: Tensor,
    scan: bool = True,
    steps: int = 2,
) -> Points:
    """Evaluate the objective at points of (U, r), with the best amplitude found for each.

    Parameters
    ----------
    tables : SweepTables
    owner : (N,) int64
        Sweep of each point.
    u, ratio : (N,) float64
    low, high : (N,) float64
        Amplitudes to scan between; the steps may leave that interval.
    known : (N,) float64
        Best value known; a point that cannot be better is given the value without a beam.
    scan : bool
        False tries `low` alone before the steps.
    steps : int
        Gauss-Newton steps.

    Returns
    -------
    Points
    """
    least, most = beam_bounds(tables.layout.settings)
    rows = row_index(tables, owner)
    lost = count_below(tables, rows, cone_edge(tables, owner, u, ratio))
    cost = pick(tables.cost, rows * tables.cost.shape[1] + lost)
    without = total(cost)
    found = Points(owner=owner, u=u, ratio=ratio, amplitude=torch.full_like(u, least), value=without)
    strength = beam_energy_profile(
        columns(tables.energy_ev, owner)[..., None],
        columns(tables.usc_v, owner)[..., None],
        u,
        tables.layout.settings.beam_width_ev,
    )[..., 0]
    matters = most * strength * columns(tables.beam_gain_all, owner) > UNSEEN * without
    if least > 0.0:
        matters = strength > 0.0
    else:
        hopeful = _relaxed(tables, rows, lost, strength, cost, matters, most) < torch.minimum(known, without)
        matters = matters & hopeful
    some = torch.nonzero(matters.any(dim=0))[:, 0]
    if not len(some):
        return found
    rows, lost, strength, cost, matters = (x.index_select(1, some) for x in (rows, lost, strength, cost, matters))
    pairs = torch.nonzero(matters.reshape(-1))[:, 0]
    chosen = _Rows(pairs, rows.shape, *(pick(x, pairs) for x in (rows, lost, strength, cost)))
    start = found.take(some)
    better = _BeamCost(tables, chosen, start.value).minimise(
        low.index_select(0, some), high.index_select(0, some), scan, steps
    )
    return found.replaced(some, Points(start.owner, start.u, start.ratio, *better))


def _relaxed(
    tables: SweepTables, rows: Tensor, lost: Tensor, strength: Tensor, cost: Tensor, matters: Tensor, most: float
) -> Tensor:
    """Lower bound of the objective at points, each row with the strength that suits it best; (N,) float64."""
    pairs = torch.nonzero(matters.reshape(-1))[:, 0]
    row, count, table = pick(rows, pairs), pick(lost, pairs), tables.amplitude
    node = table.table_of(row, most * pick(strength, pairs))
    inner = tables.layout.inner
    within = count.clamp(max=inner)
    beyond = (count - inner).clamp_(min=0)
    least = least_entry(table.least, node, within, within) + least_entry(tables.outer, row, beyond, beyond)
    relaxed = cost.clone()
    relaxed.view(-1).index_copy_(0, pairs, least)
    return total(relaxed)


class _BeamCost:
    """Change of each point's cost with the beam's amplitude."""

    def __init__(self, tables: SweepTables, chosen: _Rows, without: Tensor) -> None:
        layout = tables.layout
        self.layout, self.chosen, self.without = layout, chosen, without
        self.point = chosen.pairs % chosen.shape[1]
        self.data, self.beam, self.used = (
            columns(x, chosen.rows) for x in (tables.inner_data, tables.inner_beam, tables.inner_used)
        )
        self.beam = self.beam * chosen.strength
        cell = torch.arange(len(self.data), device=without.device)[:, None]
        self.base = layout.base(cell < chosen.lost)
        self.at_zero = total((self.data - layout.level(self.base)).square_() * self.used)

    def minimise(self, low: Tensor, high: Tensor, scan: bool, steps: int) -> tuple[Tensor, Tensor]:
        """Best amplitude found for each point and the objective there; (N,) each."""
        least, most = beam_bounds(self.layout.settings)
        best, value, step = low, *self._value_and_step(low)
        for share in SCAN[1:] if scan and least < most else ():
            best, value, step = self._better(best, value, step, low + share * (high - low))
        for _ in range(steps if least < most else 0):
            best, value, step = self._better(best, value, step, (best + step).clamp(least, most))
        if least == 0.0:
            improved = value < self.without
            best, value = torch.where(improved, best, 0.0), torch.minimum(value, self.without)
        return best, value

    def _better(self, best: Tensor, value: Tensor, step: Tensor, amplitude: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take another amplitude where it is better."""
        trial, next_step = self._value_and_step(amplitude)
        is_better = trial < value
        return (
            torch.where(is_better, amplitude, best),
            torch.where(is_better, trial, value),
            torch.where(is_better, next_step, step),
        )

    def _value_and_step(self, amplitude: Tensor) -> tuple[Tensor, Tensor]:
        """Objective at each point and the Gauss-Newton step from there; (N,) each."""
        model = self.base + pick(amplitude, self.point) * self.beam
        distance = (self.data - self.layout.level(model)) * self.used
        is_log = self.layout.is_logarithmic
        steepness = self.beam / (model + self.layout.settings.log_offset) if is_log else self.beam
        parts = (distance * distance, distance * steepness, steepness * steepness * self.used)
        cost, slope, curvature = sum_pairs(
            torch.stack([total(part) for part in parts]) - torch.stack([self.at_zero, *[0.0 * self.at_zero] * 2]),
            self.chosen.pairs,
            self.chosen.shape,
        )
        return self.without + cost, slope / curvature.clamp(min=1e-300)
