"""From the best point of a search to the values that are reported.

Around every point lies a region of (U, r) in which all rows lose the same cells: at any U each row allows r an
interval, and the region ends where these no longer overlap. Inside it a model without a beam does not change at all.
Reported is the middle of the region's range of U, on the scale of ln(PIVOT_V - U), and there the middle of its range of
r: any point would fit as well, this one is the same whatever search came by. A beam does tell potentials apart: then
the region is searched for its lowest point, and r alone is put in the middle.
"""

import math

import numpy as np

from potrun.fitters.branch_and_bound.compiled.equations import cone_edge
from potrun.fitters.branch_and_bound.compiled.jit import inlined
from potrun.fitters.branch_and_bound.compiled.lookup import count_below
from potrun.fitters.branch_and_bound.compiled.points import best_at
from potrun.fitters.branch_and_bound.compiled.records import Point, Problem, Rows, Scratch
from potrun.fitters.branch_and_bound.tuning import GOLDEN, HALVINGS, LAST_STEPS, PIVOT_V, POLISH_CUTS, POLISH_REACH
from potrun.records import AtBound

U_LOWER, U_UPPER = int(AtBound.U_LOWER), int(AtBound.U_UPPER)
RATIO_LOWER, RATIO_UPPER = int(AtBound.RATIO_LOWER), int(AtBound.RATIO_UPPER)


@inlined
def finish(problem: Problem, rows: Rows, number: int, best: Point, scratch: Scratch) -> Point:
    """Improve a best point within its region, or centre it there; it never gets worse."""
    _note_region(rows, number, best, scratch)
    least = _farthest(problem, rows, number, best.u, problem.u_min, scratch)
    most = _farthest(problem, rows, number, best.u, problem.u_max, scratch)
    if best.amplitude > 0.0:
        reach = POLISH_REACH * problem.beam_width
        best = _lowest(problem, rows, number, max(least, best.u - reach), min(most, best.u + reach), best, scratch)
        u = best.u
    else:
        u = PIVOT_V - math.sqrt((PIVOT_V - least) * (PIVOT_V - most))
    low, high = _ratios_at(problem, rows, number, u, scratch)
    amplitude = best.amplitude
    _, value = best_at(problem, rows, number, u, 0.5 * (low + high), amplitude, amplitude, np.inf, False, 0, scratch)
    # Rounding at the edge of a tiny region may lose another cell: then the point stays where it is.
    return Point(u, 0.5 * (low + high), amplitude, value) if value <= best.value * (1.0 + 1e-12) else best


@inlined
def _lowest(problem: Problem, rows: Rows, number: int, low: float, high: float, best: Point, scratch: Scratch) -> Point:
    """Find the lowest point between two potentials of a region, each with its own amplitude, by golden sections."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left = _best_amplitude(problem, rows, number, left, best.amplitude, 2, scratch)
    at_right = _best_amplitude(problem, rows, number, right, best.amplitude, 2, scratch)
    for _ in range(POLISH_CUTS):
        if at_left.value < at_right.value:
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
    """Evaluate the middle of the region at some U, with an amplitude improved from another."""
    low, high = _ratios_at(problem, rows, number, u, scratch)
    ratio = 0.5 * (low + high)
    found, value = best_at(problem, rows, number, u, ratio, amplitude, amplitude, np.inf, False, steps, scratch)
    return Point(u, ratio, found, value)


@inlined
def _note_region(rows: Rows, number: int, best: Point, scratch: Scratch) -> None:
    """Note the region around a point: in every row, the last cell that is lost and the first that is not."""
    for i in range(number):
        row = rows[i]
        lost = count_below(row, cone_edge(row.energy, row.usc, best.u, best.ratio))
        scratch.below[i] = row.edge[lost - 1] if lost > 0 else 0.0
        scratch.above[i] = row.edge[lost] if lost < row.reach else np.inf


@inlined
def _farthest(problem: Problem, rows: Rows, number: int, inside: float, outside: float, scratch: Scratch) -> float:
    """Find the end of the region's range of U between a potential inside it and another, by halving."""
    low, high = _ratios_at(problem, rows, number, outside, scratch)
    if low <= high:
        return outside
    for _ in range(HALVINGS):
        middle = 0.5 * (inside + outside)
        low, high = _ratios_at(problem, rows, number, middle, scratch)
        if low <= high:
            inside = middle
        else:
            outside = middle
    return inside


@inlined
def _ratios_at(problem: Problem, rows: Rows, number: int, u: float, scratch: Scratch) -> tuple[float, float]:
    """Range of r in the region at some U; its ends are in the wrong order if there is none."""
    low, high = problem.ratio_min, problem.ratio_max
    for i in range(number):
        free_energy = rows[i].energy - rows[i].usc
        growth = 1.0 + u / free_energy if free_energy > 0.0 else 0.0
        if growth > 0.0:
            low, high = max(low, scratch.below[i] / growth), min(high, scratch.above[i] / growth)
        elif scratch.below[i] > 0.0:
            return 1.0, 0.0
    return low, high


@inlined
def _ratio_at(problem: Problem, rows: Rows, number: int, u: float, other: float, scratch: Scratch) -> float:
    """Middle of the range of r in the region at some U; another value if the region does not reach there."""
    low, high = _ratios_at(problem, rows, number, u, scratch)
    return 0.5 * (low + high) if low <= high else other


@inlined
def touched_bounds(problem: Problem, rows: Rows, number: int, best: Point, scratch: Scratch) -> int:
    """AtBound bits of the bounds of U and r up to which the objective stays as good as at the best point.

    Call after :func:`finish`, whose region is used: at a bound of U that it reaches, r may have to be another.
    """
    bits = 0
    for u, ratio, bit in (
        (problem.u_min, _ratio_at(problem, rows, number, problem.u_min, best.ratio, scratch), U_LOWER),
        (problem.u_max, _ratio_at(problem, rows, number, problem.u_max, best.ratio, scratch), U_UPPER),
        (best.u, problem.ratio_min, RATIO_LOWER),
        (best.u, problem.ratio_max, RATIO_UPPER),
    ):
        amplitude = best.amplitude
        _, value = best_at(problem, rows, number, u, ratio, amplitude, amplitude, 2.0 * best.value, False, 0, scratch)
        if value <= best.value * (1.0 + 1e-9):
            bits |= bit
    return bits
