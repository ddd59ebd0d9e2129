"""What might still be better than the best point, within the tolerance: see ``compiled.rivals`` for what and why."""

from dataclasses import replace

import torch
from torch import Tensor

from potrun.search.base import beam_bounds
from potrun.search.exact.batched.bounds import bound_boxes
from potrun.search.exact.batched.boxes import Boxes
from potrun.search.exact.batched.layout import pick, spread
from potrun.search.exact.batched.lookup import least_entry
from potrun.search.exact.batched.points import Points, best_at
from potrun.search.exact.batched.polish import lowest, polish
from potrun.search.exact.batched.region import Region
from potrun.search.exact.batched.rows import quick_bounds, row_bounds
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import POLISH_REACH, RIVAL, RIVAL_CUTS, TIE

N_TRIED = 9
"""Potentials tried in each box, no further apart than half a beam's width."""


def beat_rivals(tables: SweepTables, best: Points, left: Boxes) -> Points:
    """Compare polished best points with the lowest points of what the search has left; return the best of them.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep, in the order of sweeps.
    left : Boxes
        Boxes that were discarded although their bound is below the best value.

    Returns
    -------
    Points
    """
    limit = best.value * (1.0 - RIVAL)
    boxes, _, _ = bound_boxes(tables, _pieces(tables, left), limit, RIVAL * best.value, exact=True)
    if not len(boxes):
        return best
    boxes, lost = _candidates(tables, boxes, limit.index_select(0, boxes.owner) - boxes.bound, RIVAL * best.value)
    region = Region.of(tables, boxes.owner, lost)
    low, high = region.u_range()
    low, high = torch.maximum(low, boxes.u_low), torch.minimum(high, boxes.u_high)
    some = _distinct(boxes.owner, region, low, high)
    if not len(some):
        return best
    boxes, region, low, high = boxes.take(some), region.take(some), low[some], high[some]
    rivals = _lowest_between(tables, region, low, high, boxes, best.value.index_select(0, boxes.owner))
    return _polished(tables, best, best.improved(rivals))


def _pieces(tables: SweepTables, boxes: Boxes) -> Boxes:
    """Cut boxes into pieces no wider in U than the reach of a polish."""
    width = 2.0 * POLISH_REACH * tables.layout.settings.beam_width_ev
    number = torch.ceil((boxes.u_high - boxes.u_low) / width).clamp(min=1.0).to(torch.int64)
    source, place = spread(number)
    step = pick((boxes.u_high - boxes.u_low) / number, source)
    pieces = boxes.take(source)
    is_last = place + 1 == pick(number, source)
    u_high = torch.where(is_last, pieces.u_high, pieces.u_low + (place + 1) * step)
    return replace(pieces, u_low=pieces.u_low + place * step, u_high=u_high)


def _candidates(tables: SweepTables, boxes: Boxes, spare: Tensor, allowance: Tensor) -> tuple[Boxes, Tensor]:
    """List regions to look into: the cheapest of each box, and those one row apart that cost hardly more.

    Returns
    -------
    boxes : (M,) Boxes
        The box of each region.
    lost : (E, M) int64
        Numbers of lost cells, which make the region.
    """
    quick = quick_bounds(tables, boxes, allowance, exact=True)
    pairs = torch.nonzero((quick.high > quick.low).reshape(-1))[:, 0]
    low, high = pick(quick.low, pairs), pick(quick.high, pairs)
    source, place = spread((high - low + 1).to(torch.int64))
    lost = pick(low, source) + place.to(low.dtype)
    pairs_of = pick(pairs, source)
    rows, strongest, box = pick(quick.rows, pairs_of), pick(quick.strongest, pairs_of), pairs_of % len(boxes)
    each = pick(allowance, pick(boxes.owner, box)) / len(quick.rows)
    cost = row_bounds(tables, rows, lost, lost, least_entry(tables.full, rows, lost, lost), strongest, each)
    least = torch.full_like(high, torch.inf, dtype=torch.float64).scatter_reduce(0, source, cost, "amin")
    cheapest = torch.where(cost == pick(least, source), lost, pick(high, source))
    first = high.scatter_reduce(0, source, cheapest, "amin")
    counts = quick.low.reshape(-1).index_copy(0, pairs, first).reshape(quick.low.shape)
    others = torch.nonzero((cost - pick(least, source) < pick(spare, box)) & (lost != pick(first, source)))[:, 0]
    box_of = pick(box, others)
    changed = counts.index_select(1, box_of)
    at = pick(pairs_of, others) // len(boxes) * len(others) + torch.arange(len(others), device=others.device)
    changed.view(-1).index_copy_(0, at, pick(lost, others))
    return Boxes.joined([boxes, boxes.take(box_of)]), torch.cat([counts, changed], dim=1)


def _distinct(owner: Tensor, region: Region, low: Tensor, high: Tensor) -> Tensor:
    """Positions of items with a range of U, one for each range of a region; boxes that differ in r or A are as good."""
    order = torch.nonzero(low <= high)[:, 0]
    for values in (high, low, owner):
        order = order.index_select(0, torch.sort(values.index_select(0, order), stable=True).indices)
    last, here = order[:-1], order[1:]
    is_new = torch.ones_like(order, dtype=torch.bool)
    is_new[1:] = (region.below.index_select(1, here) != region.below.index_select(1, last)).any(dim=0)
    for values in (high, low, owner):
        is_new[1:] |= values.index_select(0, here) != values.index_select(0, last)
    return order.index_select(0, torch.nonzero(is_new)[:, 0])


def _lowest_between(
    tables: SweepTables, region: Region, low: Tensor, high: Tensor, boxes: Boxes, best: Tensor
) -> Points:
    """Find the lowest point of each region between two potentials, if it may be better than the best value."""
    most = beam_bounds(tables.layout.settings)[1]
    is_whole = (boxes.amplitude_low == 0.0) & (boxes.amplitude_high == most)
    middle = 0.5 * (boxes.amplitude_low + boxes.amplitude_high)
    first, last = (torch.where(is_whole, x, middle) for x in (boxes.amplitude_low, boxes.amplitude_high))
    step = (high - low) / (N_TRIED - 1)
    found = _at(tables, region, low, boxes, first, last)
    highest, place = found.value, torch.zeros_like(low)
    for k in range(1, N_TRIED):
        tried = _at(tables, region, low + k * step, boxes, first, last)
        highest = torch.maximum(highest, tried.value)
        place = torch.where(tried.value < found.value, k, place)
        found = found.better(tried)
    # Between its nodes a curve hardly falls further below the lowest of them than they lie apart.
    is_hopeful = (found.amplitude > 0.0) & (found.value - 0.5 * (highest - found.value) < best)
    some = torch.nonzero(is_hopeful)[:, 0]
    if not len(some):
        return found
    low, high = low + (place - 1).clamp(min=0) * step, low + (place + 1).clamp(max=N_TRIED - 1) * step
    better = lowest(tables, region.take(some), low[some], high[some], found.take(some), RIVAL_CUTS)
    return found.replaced(some, better)


def _at(tables: SweepTables, region: Region, u: Tensor, boxes: Boxes, first: Tensor, last: Tensor) -> Points:
    """Evaluate the middle of each region, or of its box, at some U, with the best amplitude found between two."""
    low, high = region.ratios_at(u)
    ratio = torch.where(low <= high, 0.5 * (low + high), 0.5 * (boxes.ratio_low + boxes.ratio_high))
    return best_at(tables, boxes.owner, u, ratio, first, last, torch.full_like(u, torch.inf))


def _polished(tables: SweepTables, best: Points, better: Points) -> Points:
    """Polish the points that are better than before."""
    changed = torch.nonzero(better.value < best.value * (1.0 - TIE))[:, 0]
    return best.replaced(changed, polish(tables, better.take(changed))) if len(changed) else best
