"""The middle of all parameters that a sweep cannot tell apart.

A model without a beam changes only when a cone's edge passes a cell, so around every point lies a region of (U, r) in
which the objective is one number. At any U each row that counts allows r an interval, and the region ends where these
no longer overlap. Reported is the middle of its range of U, on the scale of ln(PIVOT_V - U), and there the middle of
its range of r. Any point would fit as well; this one is the same whatever search came by. Under a beam the objective
knows U, and only r is moved.
"""

import math

import numpy as np

from potrun.fitters.branch_and_bound.compiled.equations import cone_edge
from potrun.fitters.branch_and_bound.compiled.jit import inlined
from potrun.fitters.branch_and_bound.compiled.lookup import count_below
from potrun.fitters.branch_and_bound.compiled.records import Point, Problem, Rows, Scratch
from potrun.fitters.branch_and_bound.tuning import HALVINGS, PIVOT_V


@inlined
def centre_of_equals(problem: Problem, rows: Rows, number: int, best: Point, scratch: Scratch) -> tuple[float, float]:
    """Find the middle of the region of (U, r) in which every row loses the same cells as at a point."""
    for i in range(number):
        row = rows[i]
        lost = count_below(row, cone_edge(row.energy, row.usc, best.u, best.ratio))
        scratch.below[i] = row.edge[lost - 1] if lost > 0 else 0.0
        scratch.above[i] = row.edge[lost] if lost < row.reach else np.inf
    u = best.u
    if best.amplitude == 0.0:
        least = _farthest(problem, rows, number, u, problem.u_min, scratch)
        most = _farthest(problem, rows, number, u, problem.u_max, scratch)
        u = PIVOT_V - math.sqrt((PIVOT_V - least) * (PIVOT_V - most))
    low, high = _ratios_at(problem, rows, number, u, scratch)
    return u, 0.5 * (low + high)


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
    """Range of r at some U in which the same cells are lost; its ends are in the wrong order if there is none."""
    low, high = problem.ratio_min, problem.ratio_max
    for i in range(number):
        free_energy = rows[i].energy - rows[i].usc
        growth = 1.0 + u / free_energy if free_energy > 0.0 else 0.0
        if growth > 0.0:
            low, high = max(low, scratch.below[i] / growth), min(high, scratch.above[i] / growth)
        elif scratch.below[i] > 0.0:
            return 1.0, 0.0
    return low, high
