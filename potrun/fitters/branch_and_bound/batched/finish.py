"""From the best point of a search to the values that are reported.

The search stops as soon as nothing can be better by more than the tolerance; the best point may still lie on a slope of
the beam, where U and A are smooth. A few shrinking steps in U, each with its own best amplitude, take it down. The
cone's part is flat there and needs none.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from potrun.config import FitterConfig
from potrun.fitters.branch_and_bound.batched.layout import columns, pick
from potrun.fitters.branch_and_bound.batched.lookup import cone_edge, count_below, row_index
from potrun.fitters.branch_and_bound.batched.points import Points, best_at
from potrun.fitters.branch_and_bound.batched.tables import SweepTables
from potrun.fitters.branch_and_bound.tuning import HALVINGS, PIVOT_V, POLISH_ROUNDS, POLISH_SHRINK, POLISH_STEP
from potrun.records import AtBound


def polish(tables: SweepTables, best: Points) -> Points:
    """Improve each sweep's best point along U and A; it never gets worse.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep, in the order of sweeps.

    Returns
    -------
    Points
    """
    settings = tables.layout.settings
    chosen = torch.nonzero(best.amplitude > 0.0)[:, 0]
    if not len(chosen):
        return best
    start = best.take(chosen)
    twice = torch.arange(len(chosen), device=chosen.device).repeat(2)
    direction = torch.ones_like(start.u).repeat(2)
    direction[: len(chosen)] = -1.0
    step = POLISH_STEP * settings.beam_width_ev
    for _ in range(POLISH_ROUNDS):
        both = start.take(twice)
        u = (both.u + step * direction).clamp(settings.u_min_v, settings.u_max_v)
        tried = best_at(
            tables, both.owner, u, both.ratio, both.amplitude, both.amplitude, both.value, scan=False, steps=1
        )
        for half in (tried.take(twice[: len(chosen)]), tried.take(twice[: len(chosen)] + len(chosen))):
            start = _better(start, half)
        step *= POLISH_SHRINK
    amplitude = start.amplitude
    tried = best_at(tables, start.owner, start.u, start.ratio, amplitude, amplitude, start.value, scan=False, steps=3)
    return best.replaced(chosen, _better(start, tried))


def centred(tables: SweepTables, best: Points) -> Points:
    """Move each best point to the middle of the parameters that fit equally well.

    The middle of the range of U in which every row loses the same cells, on the scale of ln(PIVOT_V - U), and there the
    middle of the range of r; where a beam tells potentials apart, of r alone.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep, in the order of sweeps.

    Returns
    -------
    Points
        None is worse.
    """
    region = _Region.around(tables, best)
    least, most = (
        region.farthest(best.u, torch.full_like(best.u, limit))
        for limit in (tables.layout.settings.u_min_v, tables.layout.settings.u_max_v)
    )
    u = torch.where(best.amplitude == 0.0, PIVOT_V - torch.sqrt((PIVOT_V - least) * (PIVOT_V - most)), best.u)
    low, high = region.ratios_at(u)
    unknown = torch.full_like(best.value, torch.inf)
    moved = best_at(
        tables, best.owner, u, 0.5 * (low + high), best.amplitude, best.amplitude, unknown, scan=False, steps=0
    )
    same = torch.nonzero(moved.value <= best.value * (1.0 + 1e-12))[:, 0]
    return best.replaced(same, moved.take(same))


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
    out = torch.zeros_like(best.owner, dtype=torch.int8)
    for name, bound, bit in (
        ("u", settings.u_min_v, AtBound.U_LOWER),
        ("u", settings.u_max_v, AtBound.U_UPPER),
        ("ratio", settings.ratio_min, AtBound.RATIO_LOWER),
        ("ratio", settings.ratio_max, AtBound.RATIO_UPPER),
    ):
        there = replace(best, **{name: torch.full_like(best.u, bound)})
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
