"""From the best point of a search to the values that are reported; see ``batched.finish``."""

import numpy as np

from potrun.fitters.branch_and_bound.compiled.jit import inlined
from potrun.fitters.branch_and_bound.compiled.points import best_at
from potrun.fitters.branch_and_bound.compiled.records import Point, Problem, Rows, Scratch
from potrun.fitters.branch_and_bound.tuning import POLISH_ROUNDS, POLISH_SHRINK, POLISH_STEP
from potrun.records import AtBound

U_LOWER, U_UPPER = int(AtBound.U_LOWER), int(AtBound.U_UPPER)
RATIO_LOWER, RATIO_UPPER = int(AtBound.RATIO_LOWER), int(AtBound.RATIO_UPPER)


@inlined
def polish(problem: Problem, rows: Rows, number: int, best: Point, scratch: Scratch) -> Point:
    """Improve a point along U and A; it never gets worse."""
    if best.amplitude <= 0.0:
        return best
    step = POLISH_STEP * problem.beam_width
    for _ in range(POLISH_ROUNDS):
        start = best
        for direction in (-1.0, 1.0):
            u = min(max(start.u + step * direction, problem.u_min), problem.u_max)
            best = _better_at(problem, rows, number, u, start.ratio, start.amplitude, 1, best, scratch)
        step *= POLISH_SHRINK
    return _better_at(problem, rows, number, best.u, best.ratio, best.amplitude, 3, best, scratch)


@inlined
def _better_at(
    problem: Problem,
    rows: Rows,
    number: int,
    u: float,
    ratio: float,
    amplitude: float,
    steps: int,
    best: Point,
    scratch: Scratch,
) -> Point:
    """Try another point, with its amplitude improved; return the better one."""
    found, value = best_at(problem, rows, number, u, ratio, amplitude, amplitude, best.value, False, steps, scratch)
    return Point(u, ratio, found, value) if value < best.value else best


@inlined
def move_to_equal(
    problem: Problem, rows: Rows, number: int, best: Point, u: float, ratio: float, scratch: Scratch
) -> Point:
    """Move the best point to another place where the objective should be the same; stay if rounding makes it worse."""
    amplitude = best.amplitude
    _, value = best_at(problem, rows, number, u, ratio, amplitude, amplitude, np.inf, False, 0, scratch)
    return Point(u, ratio, amplitude, value) if value <= best.value * (1.0 + 1e-12) else best


@inlined
def touched_bounds(problem: Problem, rows: Rows, number: int, best: Point, scratch: Scratch) -> int:
    """AtBound bits of the bounds of U and r up to which the objective stays as good as at the best point."""
    bits = 0
    for u, ratio, bit in (
        (problem.u_min, best.ratio, U_LOWER),
        (problem.u_max, best.ratio, U_UPPER),
        (best.u, problem.ratio_min, RATIO_LOWER),
        (best.u, problem.ratio_max, RATIO_UPPER),
    ):
        amplitude = best.amplitude
        _, value = best_at(problem, rows, number, u, ratio, amplitude, amplitude, 2.0 * best.value, False, 0, scratch)
        if value <= best.value * (1.0 + 1e-9):
            bits |= bit
    return bits
