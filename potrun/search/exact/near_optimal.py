"""Near-optimal boxes: what may still be better than the best point, by less than the tolerance.

The search discards a box once its bound comes within the tolerance of the best value. A better point, by up to the
tolerance, can only lie in a discarded box whose bound is below the best value; there are some ten of them under a beam
and hardly any without. In each of them the cheapest number of lost cells in every row gives a region, and the
lowest point of that region within the box's range of U is compared with the best one; so are those of regions that
differ in one row and cost hardly more. The reported point then hardly depends on where the search happened to stop.
"""

import math

import numpy as np

from potrun.core.records import FloatArray
from potrun.search.exact.bounds import close_bound, is_whole, row_bound
from potrun.search.exact.equations import cone_edge
from potrun.search.exact.heap import BOUND, first_box, remove_first
from potrun.search.exact.jit import inlined
from potrun.search.exact.lookup import count_below, greatest_profile
from potrun.search.exact.points import best_at
from potrun.search.exact.polish import lowest, polish
from potrun.search.exact.records import Box, Point, Problem, Row, Rows, Scratch
from potrun.search.exact.region import ratio_at, set_ratio_bounds, set_strip, u_range
from potrun.search.exact.tuning import MAX_NEAR_OPTIMAL, NEAR_OPTIMAL, NEAR_OPTIMAL_CUTS, POLISH_REACH, TIE


@inlined
def search_near_optimal_boxes(
    problem: Problem,
    rows: Rows,
    number: int,
    rounding: float,
    best: Point,
    heap: FloatArray,
    length: int,
    scratch: Scratch,
) -> Point:
    """Compare a polished best point with the lowest points of the boxes left on the heap; return the best of all."""
    reach = POLISH_REACH * problem.beam_width
    seen = 0
    limit = best.value * (1.0 - NEAR_OPTIMAL) - rounding
    for _ in range(MAX_NEAR_OPTIMAL):
        if length == 0 or not heap[0, BOUND] < limit:
            break
        box = first_box(heap)
        length = remove_first(heap, length)
        pieces = max(int(math.ceil((box.u_high - box.u_low) / (2.0 * reach))), 1)  # noqa: RUF046 (CUDA's is a float)
        step = (box.u_high - box.u_low) / pieces
        for k in range(pieces):
            piece = Box(
                box.u_low + k * step,
                box.u_low + (k + 1) * step if k + 1 < pieces else box.u_high,
                box.ratio_low,
                box.ratio_high,
                box.amplitude_low,
                box.amplitude_high,
            )
            close, _ = close_bound(problem, rows, number, piece, NEAR_OPTIMAL * best.value, scratch)
            if not close - rounding < limit:
                continue
            spare = limit - (close - rounding)
            best, seen = _search_box(problem, rows, number, piece, spare, best, seen, scratch)
            limit = best.value * (1.0 - NEAR_OPTIMAL) - rounding
    return best


@inlined
def _search_box(
    problem: Problem, rows: Rows, number: int, box: Box, spare: float, best: Point, seen: int, scratch: Scratch
) -> tuple[Point, int]:
    """Compare the best point with a box's cheapest region, and with those little dearer that differ in one row."""
    _set_cheapest_region(problem, rows, number, box, scratch)
    best, seen = _try_region(problem, rows, number, box, best, seen, scratch)
    for i in range(number):
        low, high, strongest = _row_in(problem, rows[i], box)
        cheapest = _cheapest(problem, rows[i], low, high, strongest)
        least = row_bound(problem, rows[i], cheapest, cheapest, strongest, 0.0)
        for lost in range(low, high + 1):
            if lost != cheapest and row_bound(problem, rows[i], lost, lost, strongest, 0.0) - least < spare:
                _set_cheapest_region(problem, rows, number, box, scratch)
                set_strip(rows[i], i, lost, scratch)
                best, seen = _try_region(problem, rows, number, box, best, seen, scratch)
    return best, seen


@inlined
def _try_region(
    problem: Problem, rows: Rows, number: int, box: Box, best: Point, seen: int, scratch: Scratch
) -> tuple[Point, int]:
    """Compare the best point with the lowest one of the current region, within a box's range of U."""
    low, high = u_range(problem, number, scratch)
    low, high = max(low, box.u_low), min(high, box.u_high)
    if low > high or _is_remembered(number, low, high, seen, scratch):
        return best, seen
    seen = _remember(number, low, high, seen, scratch)
    rival = _lowest_between(problem, rows, number, low, high, box, best.value, scratch)
    if rival.value < best.value * (1.0 - TIE):
        best = polish(problem, rows, number, rival, scratch)
    return best, seen


@inlined
def _set_cheapest_region(problem: Problem, rows: Rows, number: int, box: Box, scratch: Scratch) -> None:
    """Set the region in which each row has the number of lost cells that costs it least in a box."""
    for i in range(number):
        low, high, strongest = _row_in(problem, rows[i], box)
        set_strip(rows[i], i, _cheapest(problem, rows[i], low, high, strongest), scratch)
    set_ratio_bounds(problem, number, scratch)


@inlined
def _row_in(problem: Problem, row: Row, box: Box) -> tuple[int, int, float]:
    """Least and greatest number of cells that a row loses in a box, and the beam's greatest strength there."""
    low = count_below(row, cone_edge(row.energy, row.usc, box.u_low, box.ratio_low))
    high = count_below(row, cone_edge(row.energy, row.usc, box.u_high, box.ratio_high))
    greatest = greatest_profile(row.energy, row.usc, box.u_low, box.u_high, problem.beam_width)
    return low, high, box.amplitude_high * greatest


@inlined
def _cheapest(problem: Problem, row: Row, low: int, high: int, strongest: float) -> int:
    """Find the number of lost cells that costs least."""
    cheapest, least = low, np.inf
    for lost in range(low, high + 1) if high > low else range(0):
        cost = row_bound(problem, row, lost, lost, strongest, 0.0)
        if cost < least:
            cheapest, least = lost, cost
    return cheapest


@inlined
def _lowest_between(
    problem: Problem, rows: Rows, number: int, low: float, high: float, box: Box, best: float, scratch: Scratch
) -> Point:
    """Find the lowest point of the current region between two potentials, if it may be better than the best value."""
    found, place, highest = Point(low, 1.0, 0.0, np.inf), 0, 0.0
    intervals = 2 * max(int(math.ceil((high - low) / problem.beam_width)), 1)  # noqa: RUF046
    step = (high - low) / intervals
    whole = is_whole(problem, box)
    first, last = box.amplitude_low, box.amplitude_high
    if not whole:
        first = last = 0.5 * (first + last)
    for k in range(intervals + 1):
        u = low + k * step
        ratio = ratio_at(number, u, 0.5 * (box.ratio_low + box.ratio_high), scratch)
        amplitude, value = best_at(problem, rows, number, u, ratio, first, last, np.inf, whole, 2, scratch)
        highest = max(highest, value)
        if value < found.value:
            found, place = Point(u, ratio, amplitude, value), k
    # Between its nodes the curve hardly falls further below the lowest of them than half of what they differ by.
    if found.amplitude == 0.0 or found.value - 0.5 * (highest - found.value) >= best:
        return found
    low, high = low + max(place - 1, 0) * step, low + min(place + 1, intervals) * step
    return lowest(problem, rows, number, low, high, found, NEAR_OPTIMAL_CUTS, scratch)


@inlined
def _remember(number: int, low: float, high: float, seen: int, scratch: Scratch) -> int:
    """Remember that the current region was searched between two potentials, if there is room; return the new number."""
    if seen == len(scratch.seen_low):
        return seen
    scratch.seen_low[seen], scratch.seen_high[seen] = low, high
    for i in range(number):
        scratch.seen_below[seen, i] = scratch.below[i]
    return seen + 1


@inlined
def _is_remembered(number: int, low: float, high: float, seen: int, scratch: Scratch) -> bool:
    """Whether the current region was searched between two potentials before."""
    for k in range(seen):
        if scratch.seen_low[k] <= low and high <= scratch.seen_high[k]:
            is_same = True
            for i in range(number):
                is_same = is_same and scratch.seen_below[k, i] == scratch.below[i]
            if is_same:
                return True
    return False
