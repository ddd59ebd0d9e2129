"""The lowest point near the best one of a search: see ``compiled.polish`` for what and why."""

import torch
from torch import Tensor

from potrun.search.exact.batched.points import Points, best_at
from potrun.search.exact.batched.region import Region
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import GOLDEN, LAST_STEPS, POLISH_CUTS, POLISH_REACH, TIE


def polish(tables: SweepTables, best: Points) -> Points:
    """Improve best points under a beam within their regions; they never get worse.

    Parameters
    ----------
    tables : SweepTables
    best : (N,) Points

    Returns
    -------
    Points
    """
    some = torch.nonzero(best.amplitude > 0.0)[:, 0]
    if not len(some):
        return best
    start = best.take(some)
    region = Region.around(tables, start)
    reach = POLISH_REACH * tables.layout.settings.beam_width_ev
    least, most = region.u_range()
    low, high = torch.maximum(least, start.u - reach), torch.minimum(most, start.u + reach)
    return best.replaced(some, lowest(tables, region, low, high, start, POLISH_CUTS))


def lowest(tables: SweepTables, region: Region, low: Tensor, high: Tensor, best: Points, cuts: int) -> Points:
    """Find the lowest point of each region between two potentials by golden sections.

    Each potential has an amplitude of its own, improved from its neighbour's; the first one is that of `best`, which is
    returned where nothing better is found.
    """
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = (_best_amplitude(tables, region, u, best, steps=2) for u in (left, right))
    for _ in range(cuts):
        # Where the objective is flat, as under a beam whose centre no longer moves, the best point shows the way.
        way = (best.u < left).to(torch.float64) - (best.u > right).to(torch.float64)
        goes_left = at_left.value < at_right.value + TIE * best.value * way
        low, high = torch.where(goes_left, low, left), torch.where(goes_left, right, high)
        kept = at_right.replaced(*_chosen(goes_left, at_left))
        u = torch.where(goes_left, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        new = _best_amplitude(tables, region, u, kept, steps=2)
        left, right = torch.where(goes_left, u, kept.u), torch.where(goes_left, kept.u, u)
        at_left, at_right = kept.replaced(*_chosen(goes_left, new)), new.replaced(*_chosen(goes_left, kept))
    for found in (at_left, at_right):
        best = best.better(found)
    return best.better(_best_amplitude(tables, region, best.u, best, steps=LAST_STEPS))


def _chosen(flag: Tensor, points: Points) -> tuple[Tensor, Points]:
    """Positions where a flag is set, and the points there."""
    index = torch.nonzero(flag)[:, 0]
    return index, points.take(index)


def _best_amplitude(tables: SweepTables, region: Region, u: Tensor, start: Points, steps: int) -> Points:
    """Evaluate the middle of each region at some U, with an amplitude improved from another."""
    low, high = region.ratios_at(u)
    unknown = torch.full_like(u, torch.inf)
    amplitude = start.amplitude
    return best_at(tables, start.owner, u, 0.5 * (low + high), amplitude, amplitude, unknown, scan=False, steps=steps)
