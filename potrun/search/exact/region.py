"""The region of (U, r) in which every row loses the same cells.

Row i loses its first k cells where s_(k-1) < r (1 + U / F_i) <= s_k, with s the sorted sin^2 of its cells and F_i its
energy above Usc. Drawn over r and r U these are strips between parallel lines, so a region is a convex polygon. The
bounds of r are one more strip, as of a row with infinite energy. The lower edge of one strip and the upper edge of
another limit U on one side, and all such pairs together give the region's range of U exactly; at any U inside it each
row limits r. The region being looked at, the current one, is kept in the scratch record.
"""

import numpy as np

from potrun.search.exact.equations import cone_edge
from potrun.search.exact.jit import inlined
from potrun.search.exact.lookup import count_below
from potrun.search.exact.records import Problem, Row, Rows, Scratch
from potrun.search.exact.tuning import INSET


@inlined
def set_region_at(problem: Problem, rows: Rows, number: int, u: float, ratio: float, scratch: Scratch) -> None:
    """Set the current region to the one that holds a point."""
    for i in range(number):
        row = rows[i]
        set_strip(row, i, count_below(row, cone_edge(row.energy, row.usc, u, ratio)), scratch)
    set_ratio_bounds(problem, number, scratch)


@inlined
def set_strip(row: Row, i: int, lost: int, scratch: Scratch) -> None:
    """Set the strip in which a row has this number of lost cells."""
    free_energy = row.energy - row.usc
    scratch.inverse[i] = 1.0 / free_energy if free_energy > 0.0 else np.inf
    scratch.below[i] = row.edge[lost - 1] if lost > 0 else 0.0
    scratch.above[i] = row.edge[lost] if lost < row.reach else np.inf


@inlined
def set_ratio_bounds(problem: Problem, number: int, scratch: Scratch) -> None:
    """Set the strip between the bounds of r, stored behind those of the rows."""
    scratch.inverse[number] = 0.0
    scratch.below[number], scratch.above[number] = problem.ratio_min, problem.ratio_max


@inlined
def u_range(problem: Problem, number: int, scratch: Scratch) -> tuple[float, float]:
    """Range of U of the current region; the ends are in reverse order if it is empty."""
    low, high = problem.u_min, problem.u_max
    for i in range(number + 1):
        below, inverse = scratch.below[i], scratch.inverse[i]
        if below == 0.0:
            continue
        if inverse == np.inf:
            return 1.0, 0.0
        for j in range(number + 1):
            above = scratch.above[j]
            if above == np.inf or scratch.inverse[j] == np.inf:
                continue
            # below_i (1 + U / F_j) <= above_j (1 + U / F_i)
            slope, room = below * scratch.inverse[j] - above * inverse, above - below
            if slope > 0.0:
                high = min(high, room / slope)
            elif slope < 0.0:
                low = max(low, room / slope)
            elif room < 0.0:
                return 1.0, 0.0
    # At a corner of the polygon its range of r is a point, and rounding would put another cell inside the cone.
    inset = INSET * (high - low)
    return low + inset if low > problem.u_min else low, high - inset if high < problem.u_max else high


@inlined
def ratios_at(number: int, u: float, scratch: Scratch) -> tuple[float, float]:
    """Range of r of the current region at a given U; the ends are in reverse order if it is empty."""
    low, high = scratch.below[number], scratch.above[number]
    for i in range(number):
        growth = 1.0 + u * scratch.inverse[i] if scratch.inverse[i] < np.inf else 0.0
        if growth > 0.0:
            low, high = max(low, scratch.below[i] / growth), min(high, scratch.above[i] / growth)
        elif scratch.below[i] > 0.0:
            return 1.0, 0.0
    return low, high


@inlined
def ratio_at(number: int, u: float, other: float, scratch: Scratch) -> float:
    """Middle of the range of r of the current region at a given U; `other` if the region does not reach there."""
    low, high = ratios_at(number, u, scratch)
    return 0.5 * (low + high) if low <= high else other
