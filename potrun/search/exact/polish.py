"""The lowest point near the best one of a search.

The search ends with a point within the tolerance of the minimum. Inside its region, where no cell enters or leaves the
cone, a model without a beam is constant; under a beam the objective is smooth in U and A, and its lowest point is found
by golden sections of U, with the best amplitude at each potential.
"""

import numpy as np

from potrun.search.exact.jit import inlined
from potrun.search.exact.points import best_at
from potrun.search.exact.records import Point, Problem, Rows, Scratch
from potrun.search.exact.region import ratios_at, set_region_at, u_range
from potrun.search.exact.tuning import GOLDEN, LAST_STEPS, POLISH_CUTS, POLISH_REACH, TIE


@inlined
def polish(problem: Problem, rows: Rows, number: int, best: Point, scratch: Scratch) -> Point:
    """Improve a best point under a beam within its region; it never gets worse."""
    if best.amplitude == 0.0:
        return best
    set_region_at(problem, rows, number, best.u, best.ratio, scratch)
    least, most = u_range(problem, number, scratch)
    reach = POLISH_REACH * problem.beam_width
    low, high = max(least, best.u - reach), min(most, best.u + reach)
    return lowest(problem, rows, number, low, high, best, POLISH_CUTS, scratch)


@inlined
def lowest(
    problem: Problem, rows: Rows, number: int, low: float, high: float, best: Point, cuts: int, scratch: Scratch
) -> Point:
    """Find the lowest point of the current region, between two potentials, by golden sections.

    The amplitude at each potential is improved from its neighbour's, at first that of `best`, which is returned if
    nothing better is found.
    """
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left = _best_amplitude(problem, rows, number, left, best.amplitude, 2, scratch)
    at_right = _best_amplitude(problem, rows, number, right, best.amplitude, 2, scratch)
    for _ in range(cuts):
        # Where the objective is flat, as under a beam whose centre no longer moves with U, go towards the best point.
        tie = TIE * best.value if best.u < left else -TIE * best.value if best.u > right else 0.0
        if at_left.value < at_right.value + tie:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = _best_amplitude(problem, rows, number, left, at_left.amplitude, 2, scratch)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = _best_amplitude(problem, rows, number, right, at_right.amplitude, 2, scratch)
    found = at_left if at_left.value < at_right.value else at_right
    best = found if found.value < best.value else best
    found = _best_amplitude(problem, rows, number, best.u, best.amplitude, LAST_STEPS, scratch)
    return found if found.value < best.value else best


@inlined
def _best_amplitude(
    problem: Problem, rows: Rows, number: int, u: float, amplitude: float, steps: int, scratch: Scratch
) -> Point:
    """Evaluate the middle of the current region at a given U, with an amplitude improved from a given one."""
    low, high = ratios_at(number, u, scratch)
    ratio = 0.5 * (low + high)
    found, value = best_at(problem, rows, number, u, ratio, amplitude, amplitude, np.inf, False, steps, scratch)
    return Point(u, ratio, found, value)
