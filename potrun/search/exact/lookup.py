"""From parameters to table entries, one row at a time."""

import math

from potrun.search.exact.equations import FAINTEST, beam_exponent, logarithm
from potrun.search.exact.jit import inlined
from potrun.search.exact.records import N_STRENGTHS, Problem, Row
from potrun.search.exact.tuning import N_BINS


@inlined
def count_below(row: Row, edge: float) -> int:
    """Exact number of a row's cells inside the cone."""
    edges = row.edge
    count = int(row.bins[int(edge * N_BINS)])
    # Most bins hold one cell or none, and a processor cannot predict which: add without a branch.
    count += int(edges[count] < edge)
    while edges[count] < edge:
        count += 1
    return count


@inlined
def least_cost(row: Row, low: int, high: int) -> float:
    """Lower bound of a row's cost without a beam, with `low` to `high` lost cells."""
    level, step = 0, 1
    while 2 * step <= high - low + 1:
        level, step = level + 1, 2 * step
    least: float = min(row.least[level, low], row.least[level, high + 1 - step])
    return least


@inlined
def least_outer_cost(row: Row, low: int, high: int) -> float:
    """Lower bound of the cost of a row's outer cells without a beam."""
    least: float = row.outer_kept
    if high > row.n_inner:
        least = least_cost(row, max(low, row.n_inner), high) - row.inner_lost
    return least


@inlined
def least_inner_cost(row: Row, node: int, low: int, high: int) -> float:
    """Lower bound of the cost of a row's inner cells under any beam up to a tabulated strength."""
    table = row.strongest
    least: float = table[node, low]
    for lost in range(low + 1, high + 1):
        least = min(least, table[node, lost])
    return least


@inlined
def node_above(problem: Problem, strength: float) -> int:
    """Index of the lowest tabulated strength that is not below the given one."""
    if strength == 0.0:
        return 0
    position = logarithm(1.0 + strength / problem.background) / problem.spacing
    # The logarithm is right to a few units in the last place: step over an exact hit.
    return min(int(math.ceil(position * (1.0 + 1e-12) + 1e-12)), N_STRENGTHS - 1)  # noqa: RUF046 (CUDA's is a float)


@inlined
def greatest_profile(energy: float, usc: float, u_low: float, u_high: float, width: float) -> float:
    """Upper bound of the relative strength of the beam in a row, for U in a range.

    Secondaries arrive with c = max(Usc - U, w); a row sees them the better the nearer its energy is to c.
    """
    drop_high = usc - u_low
    nearest = min(max(energy, usc - u_high, width), max(drop_high, width))
    exponent = beam_exponent(energy, nearest, width)
    if drop_high <= 0.0 or exponent < FAINTEST:
        return 0.0
    # The exponential is right to a few units in the last place: widen by far more.
    return math.exp(exponent) * (1.0 + 1e-12)
