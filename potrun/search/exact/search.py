"""Best-first branch and bound over boxes of (U, r, A) of one sweep.

The box with the lowest bound is taken, its centre is tried, and it is halved along the directions that keep its bound
low. As soon as the lowest bound comes within the tolerance of the best value, the search is over: that bound is the
certificate, for no point of parameter space lies below it, however the best value was found. A search that has used up
its boxes ends the same way, with a lower bound.
"""

import math
from typing import NamedTuple

import numpy as np

from potrun.core.records import FloatArray
from potrun.search.exact.bounds import Slack, close_bound, is_whole, quick_bound
from potrun.search.exact.heap import BOUND, first_box, push, remove_first
from potrun.search.exact.jit import inlined
from potrun.search.exact.points import best_at, without_beam
from potrun.search.exact.records import Box, Point, Problem, Rows, Scratch
from potrun.search.exact.tuning import (
    ALONG,
    BALANCE,
    CUT_BELOW,
    FLOOR,
    GRID_RATIO,
    GRID_U,
    MOST_PIECES,
    NEAR_OPTIMAL,
    SAFETY,
)
from potrun.search.intervals import PIVOT_V


class Pieces(NamedTuple):
    """Into how many pieces a box is cut along each parameter."""

    u: int
    ratio: int
    amplitude: int


@inlined
def allowed_gap(problem: Problem, rounding: float, best: float) -> float:
    """How far below the best value a bound may be for its box to be discarded."""
    return max(SAFETY * problem.tolerance * best, FLOOR + 2.0 * rounding)


@inlined
def search(
    problem: Problem, rows: Rows, number: int, rounding: float, heap: FloatArray, scratch: Scratch
) -> tuple[Point, float, int]:
    """Find the global minimum of one sweep, and a lower bound that proves it within the tolerance.

    Returns
    -------
    best : Point
    lower_bound : float
    length : int
        Boxes left on the heap, those of ``near_optimal`` among them.
    """
    everything = Box(
        problem.u_min,
        problem.u_max,
        problem.ratio_min,
        problem.ratio_max,
        problem.amplitude_min,
        problem.amplitude_max,
    )
    pieces = Pieces(GRID_U, GRID_RATIO, 1)
    best = _first_point(problem, rows, number, everything, pieces, scratch)
    proven, length, visited = np.inf, 0, 0
    bound, box = -np.inf, everything
    while True:
        target = best.value - allowed_gap(problem, rounding, best.value)
        for i in range(pieces.u * pieces.ratio * pieces.amplitude):
            child = _piece(problem, box, pieces, i)
            quick = quick_bound(problem, rows, number, child, best.value - target)
            child_bound = max(bound, quick - rounding - abs(quick) * 1e-13)
            visited += 1
            if child_bound < best.value * (1.0 - NEAR_OPTIMAL):
                length = push(heap, length, child_bound, visited, child)
            if child_bound >= target:
                proven = min(proven, child_bound)
        while True:
            if length == 0 or heap[0, BOUND] >= target or visited >= problem.max_boxes:
                if length > 0:
                    proven = min(proven, heap[0, BOUND])
                return best, min(proven, best.value), length
            bound, box = heap[0, BOUND], first_box(heap)
            length = remove_first(heap, length)
            close, slack = close_bound(problem, rows, number, box, best.value - target, scratch)
            bound = max(bound, close - rounding - abs(close) * 1e-13)
            if bound < target:
                break
            proven = min(proven, bound)
            if bound < best.value * (1.0 - NEAR_OPTIMAL):
                length = push(heap, length, bound, visited, box)
        best = _try_centre(problem, rows, number, box, best, scratch)
        target = best.value - allowed_gap(problem, rounding, best.value)
        # A bound that lacks next to nothing is raised by deciding cells, not by narrowing the beam.
        deficit = max(target - bound, 0.1 * (best.value - target))
        pieces = _how_to_cut(problem, box, slack, deficit)


@inlined
def _first_point(problem: Problem, rows: Rows, number: int, box: Box, pieces: Pieces, scratch: Scratch) -> Point:
    """Best centre of the first boxes, chosen without a beam."""
    u, ratio, value = 0.0, 1.0, np.inf
    for i in range(pieces.u * pieces.ratio):
        piece = _piece(problem, box, pieces, i)
        here_u, here_ratio = 0.5 * (piece.u_low + piece.u_high), 0.5 * (piece.ratio_low + piece.ratio_high)
        cost = without_beam(rows, number, here_u, here_ratio)
        if cost < value:
            u, ratio, value = here_u, here_ratio, cost
    low, high = box.amplitude_low, box.amplitude_high
    amplitude, value = best_at(problem, rows, number, u, ratio, low, high, np.inf, True, 2, scratch)
    return Point(u, ratio, amplitude, value)


@inlined
def _try_centre(problem: Problem, rows: Rows, number: int, box: Box, best: Point, scratch: Scratch) -> Point:
    """Try a box's centre; return the better point."""
    u, ratio = 0.5 * (box.u_low + box.u_high), 0.5 * (box.ratio_low + box.ratio_high)
    low, high = box.amplitude_low, box.amplitude_high
    amplitude, value = best_at(problem, rows, number, u, ratio, low, high, best.value, True, 2, scratch)
    return Point(u, ratio, amplitude, value) if value < best.value else best


@inlined
def _how_to_cut(problem: Problem, box: Box, slack: Slack, deficit: float) -> Pieces:
    """Halve along the directions that keep the bound low; cut the amplitude where only the beam does."""
    whole, has_undecided = is_whole(problem, box), slack.undecided_cells > 0.0
    smooth = not whole and (slack.beam > min(BALANCE * deficit, slack.cone) or not has_undecided)
    sharp = not smooth and has_undecided
    by_u = sharp and slack.cone_by_u >= 0.4 * slack.cone_by_ratio
    by_ratio = sharp and slack.cone_by_ratio >= 0.4 * slack.cone_by_u
    by_amplitude = smooth and slack.beam_by_amplitude >= 0.5 * slack.beam_by_u
    by_amplitude = by_amplitude or (sharp and not whole and slack.beam > ALONG * deficit)
    by_amplitude = by_amplitude and box.amplitude_low < box.amplitude_high
    by_u = by_u or (smooth and slack.beam_by_u >= 0.5 * slack.beam_by_amplitude)
    if not (by_u or by_ratio or by_amplitude):
        by_u = True
    narrow = box.u_high - box.u_low < CUT_BELOW * problem.beam_width
    if whole and slack.sees_beam and (narrow or not has_undecided) and box.amplitude_low < box.amplitude_high:
        return Pieces(1, 1, MOST_PIECES)
    return Pieces(2 if by_u else 1, 2 if by_ratio else 1, 2 if by_amplitude else 1)


@inlined
def _piece(problem: Problem, box: Box, pieces: Pieces, number: int) -> Box:
    """One of the pieces of a box: even in ln(PIVOT_V - U), ln r and ln(A + background)."""
    i, rest = number % pieces.u, number // pieces.u
    j, k = rest % pieces.ratio, rest // pieces.ratio
    return Box(
        PIVOT_V - _between(PIVOT_V - box.u_low, PIVOT_V - box.u_high, i, pieces.u),
        PIVOT_V - _between(PIVOT_V - box.u_low, PIVOT_V - box.u_high, i + 1, pieces.u),
        _between(box.ratio_low, box.ratio_high, j, pieces.ratio),
        _between(box.ratio_low, box.ratio_high, j + 1, pieces.ratio),
        _between(box.amplitude_low, box.amplitude_high, k, pieces.amplitude, problem.background),
        _between(box.amplitude_low, box.amplitude_high, k + 1, pieces.amplitude, problem.background),
    )


@inlined
def _between(low: float, high: float, step: int, steps: int, shift: float = 0.0) -> float:
    """Geometric step from one number to another; the ends are exact, and rounding leaves none outside."""
    if step == 0 or low == high:
        return low
    if step == steps:
        return high
    if 2 * step == steps:
        value = math.sqrt((low + shift) * (high + shift)) - shift
    else:
        value = (low + shift) * ((high + shift) / (low + shift)) ** (step / steps) - shift
    return min(max(value, min(low, high)), max(low, high))
