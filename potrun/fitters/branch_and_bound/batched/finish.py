"""From the best point of a search to the values that are reported: see ``compiled.finish`` for what and why."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from potrun.config import FitterConfig
from potrun.fitters.branch_and_bound.batched.layout import columns, pick
from potrun.fitters.branch_and_bound.batched.lookup import cone_edge, count_below, row_index
from potrun.fitters.branch_and_bound.batched.points import Points, best_at
from potrun.fitters.branch_and_bound.batched.tables import SweepTables
from potrun.fitters.branch_and_bound.tuning import GOLDEN, HALVINGS, LAST_STEPS, PIVOT_V, POLISH_CUTS, POLISH_REACH
from potrun.records import AtBound


def finish(tables: SweepTables, best: Points) -> Points:
    """Improve each best point within its region, or centre it there; it never gets worse.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep, in the order of sweeps.

    Returns
    -------
    Points
    """
    region = _Region.around(tables, best)
    settings = tables.layout.settings
    least, most = (
        region.farthest(best.u, torch.full_like(best.u, limit)) for limit in (settings.u_min_v, settings.u_max_v)
    )
    has_beam = torch.nonzero(best.amplitude > 0.0)[:, 0]
    if len(has_beam):
        reach = POLISH_REACH * settings.beam_width_ev
        low, high = torch.maximum(least, best.u - reach), torch.minimum(most, best.u + reach)
        low, high = low.index_select(0, has_beam), high.index_select(0, has_beam)
        best = best.replaced(has_beam, _lowest(tables, region.take(has_beam), low, high, best.take(has_beam)))
    middle = PIVOT_V - torch.sqrt((PIVOT_V - least) * (PIVOT_V - most))
    u = torch.where(best.amplitude > 0.0, best.u, middle)
    moved = _best_amplitude(tables, region, u, best, steps=0)
    # Rounding at the edge of a tiny region may lose another cell: then the point stays where it is.
    same = torch.nonzero(moved.value <= best.value * (1.0 + 1e-12))[:, 0]
    return best.replaced(same, moved.take(same))


def _lowest(tables: SweepTables, region: "_Region", low: Tensor, high: Tensor, best: Points) -> Points:
    """Find the lowest point between two potentials of each region, with its own amplitude, by golden sections."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = (_best_amplitude(tables, region, u, best, steps=2) for u in (left, right))
    for _ in range(POLISH_CUTS):
        goes_left = at_left.value < at_right.value
        low, high = torch.where(goes_left, low, left), torch.where(goes_left, right, high)
        kept = at_right.replaced(*_chosen(goes_left, at_left))
        u = torch.where(goes_left, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        new = _best_amplitude(tables, region, u, kept, steps=2)
        left, right = torch.where(goes_left, u, kept.u), torch.where(goes_left, kept.u, u)
        at_left, at_right = kept.replaced(*_chosen(goes_left, new)), new.replaced(*_chosen(goes_left, kept))
    for found in (at_left, at_right):
        best = _better(best, found)
    return _better(best, _best_amplitude(tables, region, best.u, best, steps=LAST_STEPS))


def _chosen(flag: Tensor, points: Points) -> tuple[Tensor, Points]:
    """Positions where a flag is set, and the points there."""
    index = torch.nonzero(flag)[:, 0]
    return index, points.take(index)


def _best_amplitude(tables: SweepTables, region: "_Region", u: Tensor, start: Points, steps: int) -> Points:
    """Evaluate the middle of each region at some U, with an amplitude improved from another."""
    low, high = region.ratios_at(u)
    unknown = torch.full_like(u, torch.inf)
    amplitude = start.amplitude
    return best_at(tables, start.owner, u, 0.5 * (low + high), amplitude, amplitude, unknown, scan=False, steps=steps)


@dataclass(frozen=True)
class _Region:
    """Parameters for which every row of a sweep loses the same cells."""

    settings: FitterConfig
    free_energy: Tensor  # (E, S) eV
    below: Tensor  # (E, S) sin^2 of the last cell that is lost, 0 if there is none
    above: Tensor  # (E, S) sin^2 of the first that is not, infinite if there is none

    @classmethod
    def around(cls, tables: SweepTables, best: Points) -> "_Region":
        """Find the region that holds each best point."""
        rows = row_index(tables, best.owner)
        lost = count_below(tables, rows, cone_edge(tables, best.owner, best.u, best.ratio))
        start = rows * tables.edge.shape[1]
        below = torch.where(lost > 0, pick(tables.edge, start + (lost - 1).clamp(min=0)), 0.0)
        above = pick(tables.edge, start + lost)
        above = torch.where(above < 2.0, above, torch.inf)
        return cls(tables.layout.settings, columns(tables.energy_ev - tables.usc_v, best.owner), below, above)

    def take(self, index: Tensor) -> "_Region":
        """Regions of some sweeps."""
        columns = (x.index_select(1, index) for x in (self.free_energy, self.below, self.above))
        return _Region(self.settings, *columns)

    def ratios_at(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Range of r at some U; its ends are in the wrong order if there is none."""
        growth = torch.where(self.free_energy > 0.0, 1.0 + u / self.free_energy, 0.0)
        grows = growth > 0.0
        low = torch.where(grows, self.below / growth, torch.where(self.below > 0.0, torch.inf, 0.0))
        high = torch.where(grows, self.above / growth, torch.inf)
        return low.amax(dim=0).clamp(min=self.settings.ratio_min), high.amin(dim=0).clamp(max=self.settings.ratio_max)

    def farthest(self, inside: Tensor, outside: Tensor) -> Tensor:
        """Find the end of the range of U between a potential inside and another, by halving."""
        low, high = self.ratios_at(outside)
        limit, reaches = outside, low <= high
        for _ in range(HALVINGS):
            middle = 0.5 * (inside + outside)
            low, high = self.ratios_at(middle)
            is_inside = low <= high
            inside, outside = torch.where(is_inside, middle, inside), torch.where(is_inside, outside, middle)
        return torch.where(reaches, limit, inside)


def touched_bounds(tables: SweepTables, best: Points) -> Tensor:
    """Find the bounds of U and r up to which the objective stays as good as at the best point.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep.

    Returns
    -------
    (S,) int8
        AtBound bits.
    """
    settings = tables.layout.settings
    region = _Region.around(tables, best)
    out = torch.zeros_like(best.owner, dtype=torch.int8)
    for name, bound, bit in (
        ("u", settings.u_min_v, AtBound.U_LOWER),
        ("u", settings.u_max_v, AtBound.U_UPPER),
        ("ratio", settings.ratio_min, AtBound.RATIO_LOWER),
        ("ratio", settings.ratio_max, AtBound.RATIO_UPPER),
    ):
        there = replace(best, **{name: torch.full_like(best.u, bound)})
        if name == "u":
            # Where the region reaches the bound, it may do so at another r.
            low, high = region.ratios_at(there.u)
            there = replace(there, ratio=torch.where(low <= high, 0.5 * (low + high), best.ratio))
        amplitude = best.amplitude
        value = best_at(
            tables, best.owner, there.u, there.ratio, amplitude, amplitude, 2.0 * best.value, scan=False, steps=0
        ).value
        out |= (value <= best.value * (1.0 + 1e-9)).to(torch.int8) * int(bit)
    return out


def _better(old: Points, new: Points) -> Points:
    """Take the better of two points for every sweep."""
    improved = torch.nonzero(new.value < old.value)[:, 0]
    return old.replaced(improved, new.take(improved))
