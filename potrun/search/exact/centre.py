"""The middle of all parameters that fit as well as the best: the same, whichever way the search took.

Without a beam a whole region fits equally well: U is put in the middle of its range of U, on the scale of ln(PIVOT_V -
U), and r in the middle of its range there. A beam tells potentials apart where two rows see it; where one row alone
does, a weaker beam at another U fits as well, over up to some beam widths, and U is put in the middle of these.
"""

import math

import numpy as np

from potrun.core.records import AtBound
from potrun.search.exact.equations import beam_profile
from potrun.search.exact.jit import inlined
from potrun.search.exact.points import best_at, without_beam
from potrun.search.exact.records import Point, Problem, Row, Rows, Scratch
from potrun.search.exact.region import ratio_at, ratios_at, set_region_at, u_range
from potrun.search.exact.tuning import EQUAL, FLAT_HALVINGS, FLAT_REACH, FLAT_STEP, LAST_STEPS
from potrun.search.intervals import PIVOT_V

U_LOWER, U_UPPER = int(AtBound.U_LOWER), int(AtBound.U_UPPER)
RATIO_LOWER, RATIO_UPPER = int(AtBound.RATIO_LOWER), int(AtBound.RATIO_UPPER)


@inlined
def centre(problem: Problem, rows: Rows, number: int, best: Point, scratch: Scratch) -> Point:
    """Move the best point to the middle of those that fit as well; a beam that does not improve the fit is dropped."""
    set_region_at(problem, rows, number, best.u, best.ratio, scratch)
    least, most = u_range(problem, number, scratch)
    without = without_beam(rows, number, best.u, best.ratio)
    if problem.amplitude_min == 0.0 and without <= best.value * (1.0 + EQUAL):
        best = Point(best.u, best.ratio, 0.0, without)
    seen_by = 0
    if best.amplitude > 0.0:
        seen_by = _most_affected(problem, rows, number, best.u)
        reach = FLAT_REACH * problem.beam_width
        least = _flat_end(problem, rows, number, best, rows[seen_by], max(least, best.u - reach), scratch)
        most = _flat_end(problem, rows, number, best, rows[seen_by], min(most, best.u + reach), scratch)
    u = best.u if least == most else PIVOT_V - math.sqrt((PIVOT_V - least) * (PIVOT_V - most))
    moved = _fitted_at(problem, rows, number, best, rows[seen_by], u, scratch)
    # At the edge of a tiny region rounding may put another cell inside the cone: then the point stays where it is.
    return moved if moved.value <= best.value * (1.0 + 2.0 * EQUAL) else best


@inlined
def _most_affected(problem: Problem, rows: Rows, number: int, u: float) -> int:
    """Find the row in which the beam is strongest."""
    found, strongest = 0, -1.0
    for i in range(number):
        strength = beam_profile(rows[i].energy, rows[i].usc, u, problem.beam_width)
        if strength > strongest:
            found, strongest = i, strength
    return found


@inlined
def _flat_end(problem: Problem, rows: Rows, number: int, best: Point, row: Row, end: float, scratch: Scratch) -> float:
    """Find how far towards a given U, inside the current region, the objective stays as low as at the best point."""
    limit = best.value * (1.0 + EQUAL)
    step = FLAT_STEP * problem.beam_width
    inside = max(end, best.u - step) if end < best.u else min(end, best.u + step)
    if _fitted_at(problem, rows, number, best, row, inside, scratch).value > limit:
        return best.u
    outside = end
    if _fitted_at(problem, rows, number, best, row, outside, scratch).value <= limit:
        return outside
    for _ in range(FLAT_HALVINGS):
        middle = 0.5 * (inside + outside)
        if _fitted_at(problem, rows, number, best, row, middle, scratch).value <= limit:
            inside = middle
        else:
            outside = middle
    return inside


@inlined
def _fitted_at(problem: Problem, rows: Rows, number: int, best: Point, row: Row, u: float, scratch: Scratch) -> Point:
    """Evaluate the middle of the current region at another U; the beam starts with the strength it had in one row."""
    low, high = ratios_at(number, u, scratch)
    ratio, amplitude = 0.5 * (low + high), best.amplitude
    if amplitude > 0.0:
        before = beam_profile(row.energy, row.usc, best.u, problem.beam_width)
        here = beam_profile(row.energy, row.usc, u, problem.beam_width)
        amplitude = amplitude * before / max(here, 1e-300)
        amplitude = min(max(amplitude, problem.amplitude_min), problem.amplitude_max)
    steps = LAST_STEPS if best.amplitude > 0.0 else 0
    amplitude, value = best_at(problem, rows, number, u, ratio, amplitude, amplitude, np.inf, False, steps, scratch)
    return Point(u, ratio, amplitude, value)


@inlined
def reached_bounds(problem: Problem, rows: Rows, number: int, best: Point, scratch: Scratch) -> int:
    """AtBound bits of the bounds of U and r up to which the objective stays as low as at the best point.

    Call after :func:`centre`, whose region is used: at a bound of U, another r may be needed to stay inside it.
    """
    bits = 0
    for u, ratio, bit in (
        (problem.u_min, ratio_at(number, problem.u_min, best.ratio, scratch), U_LOWER),
        (problem.u_max, ratio_at(number, problem.u_max, best.ratio, scratch), U_UPPER),
        (best.u, problem.ratio_min, RATIO_LOWER),
        (best.u, problem.ratio_max, RATIO_UPPER),
    ):
        amplitude = best.amplitude
        _, value = best_at(problem, rows, number, u, ratio, amplitude, amplitude, 2.0 * best.value, False, 0, scratch)
        if value <= best.value * (1.0 + 1e-9):
            bits |= bit
    return bits
