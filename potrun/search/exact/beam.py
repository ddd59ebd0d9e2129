"""Bounds on what varies smoothly: the cost of the inner cells of rows that see the secondary beam.

In a row the beam has one strength B = A g(U), the same for all cells but for the fixed factor of each. Over a box B
runs from `weak` to `strong`. Two bounds hold at once, and the better one is used.

*Apart*: each cell takes whatever B in the interval suits it best, so its cost is at least the squared distance of its
datum from the interval of its model. Good far from the minimum, and the only bound for a cell that
may be inside the loss cone or outside.

*Together*: the sum over cells and rows at the middle of the box, less the steepest change that (U, A) can bring while
all rows share them. Slopes of opposite sign cancel, so near a minimum, where their sum vanishes, the bound is short by
the second order of the box's size only. Negative curvature is bounded (the curvature bound), positive is left out.
"""

import math
from typing import NamedTuple

from potrun.core.records import FloatArray
from potrun.search.exact.equations import beam_exponent, level, logarithm
from potrun.search.exact.jit import inlined
from potrun.search.exact.records import Box, Problem, Row, Scratch

ROUGH, APART, VALUE, BY_AMPLITUDE, BY_U, SECOND, CURVED, AT_CENTRE, EXTENT_U, EXTENT_AMPLITUDE = range(10)
"""Places in the array of sums over rows."""


class Strength(NamedTuple):
    """Relative strength of the beam in a row over a box.

    `least`, `middle`, `greatest` bound and centre the energy profile g(U); `slope` is its derivative by U at the
    centre and `bend` a bound on its second derivative, where `is_smooth`.
    """

    least: float
    middle: float
    greatest: float
    slope: float
    bend: float
    is_smooth: bool


class InnerCost(NamedTuple):
    """Cost of the inner cells of one row over a box."""

    undecided: float  # lower bound of the cells that may be inside or outside the cone
    undecided_value: float  # their least cost at the middle strength
    apart: float  # lower bound of the others, each cell by itself
    value: float  # cost of those others at the middle strength
    slope: float  # its derivative by the strength
    bend: float  # bound on how negative its second derivative can be


@inlined
def strength_over(energy: float, usc: float, box: Box, greatest: float, width: float) -> Strength:
    """Bound the beam's energy profile in a row over a box.

    The profile is smooth in U unless its centre reaches w, or Usc - U reaches zero, inside the box.
    """
    drop_low, drop_high = usc - box.u_high, usc - box.u_low
    centre_low, centre_high = max(drop_low, width), max(drop_high, width)
    farthest = min(beam_exponent(energy, centre_low, width), beam_exponent(energy, centre_high, width))
    centre = max(usc - 0.5 * (box.u_low + box.u_high), width)
    least = math.exp(farthest) * (1.0 - 1e-12) if drop_low > 0.0 else 0.0
    middle = min(max(math.exp(beam_exponent(energy, centre, width)), least), greatest)
    is_free = drop_low >= width
    is_clamped = drop_high <= width and drop_low > 0.0
    # g'' / g = ((E - c)^2 / w^2 - 1) / w^2, and the exponent of g is half the negative of that square.
    slope = (centre - energy) / (width * width) * middle if is_free else 0.0
    bend = greatest * max(-2.0 * farthest - 1.0, 1.0) / (width * width) if is_free else 0.0
    return Strength(least, middle, greatest, slope, bend, is_free or is_clamped)


@inlined
def add_row(problem: Problem, row: Row, low: int, high: int, box: Box, greatest: float, scratch: Scratch) -> None:
    """Add a row that sees the beam, with `low` to `high` lost cells, to the sums."""
    strength = strength_over(row.energy, row.usc, box, greatest, problem.beam_width)
    weak = box.amplitude_low * strength.least
    centre = 0.5 * (box.amplitude_low + box.amplitude_high) * strength.middle
    strong = box.amplitude_high * strength.greatest
    inner = bound_inner_cost(problem, row, low, high, weak, centre, strong, scratch)
    sums = scratch.sums
    sums[ROUGH] += inner.undecided
    sums[AT_CENTRE] += inner.value + inner.undecided_value
    sums[EXTENT_U] += strength.greatest - strength.least
    sums[EXTENT_AMPLITUDE] += strength.greatest
    if strength.is_smooth:
        reach = max(strong - centre, centre - weak)
        sums[APART] += inner.apart
        sums[VALUE] += inner.value
        sums[BY_AMPLITUDE] += inner.slope * strength.middle
        sums[BY_U] += inner.slope * strength.slope
        sums[SECOND] += abs(inner.slope) * strength.bend
        sums[CURVED] += inner.bend * reach * reach
    else:
        sums[ROUGH] += inner.apart


@inlined
def bound_inner_cost(
    problem: Problem, row: Row, low: int, high: int, weak: float, middle: float, strong: float, scratch: Scratch
) -> InnerCost:
    """Bound the cost of a row's inner cells under a beam of strength `weak` to `strong`."""
    number = row.n_inner
    _bound_decided_cells(problem, row, low, weak, middle, strong, scratch)
    apart, value, slope, bend = 0.0, 0.0, 0.0, 0.0
    for cell in range(number):
        if low <= cell < high:
            continue
        apart += scratch.base[cell]
        value += scratch.far[cell]
        slope += scratch.steep[cell]
        bend += scratch.key[cell]
    # Those of the undecided cells that lie inside the cone are the first ones: try every number of them.
    kept, kept_value, change, change_value, least, least_value = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for cell in range(low, min(high, number)):
        data, beam = row.data[cell], row.beam[cell]
        here, here_value = _distances(problem, data, beam, 1.0, weak, middle, strong)
        there, there_value = _distances(problem, data, beam, problem.background, weak, middle, strong)
        kept, kept_value = kept + here, kept_value + here_value
        change, change_value = change + (there - here), change_value + (there_value - here_value)
        least, least_value = min(least, change), min(least_value, change_value)
    return InnerCost(kept + least, kept_value + least_value, apart, value, slope, bend)


@inlined
def _bound_decided_cells(
    problem: Problem, row: Row, low: int, weak: float, middle: float, strong: float, scratch: Scratch
) -> None:
    """Store for each inner cell, the first `low` of them inside the cone: bound, cost at the middle, slope, curvature.

    Without a branch in the loop, so that the processor can take several cells at once.
    """
    data, beam = row.data, row.beam
    apart, value, slope, bend = scratch.base, scratch.far, scratch.steep, scratch.key
    if problem.is_logarithmic:
        for cell in range(row.n_inner):
            base = (problem.background if cell < low else 1.0) + problem.log_offset
            least, at_middle = base + weak * beam[cell], base + middle * beam[cell]
            lowest, highest = logarithm(least), logarithm(base + strong * beam[cell])
            distance = data[cell] - logarithm(at_middle)
            outside = max(lowest - data[cell], data[cell] - highest, 0.0)
            apart[cell] = outside * outside
            value[cell] = distance * distance
            slope[cell] = -2.0 * distance * beam[cell] / at_middle
            # d2/dB2 (y - ln m)^2 = 2 (h / m)^2 (1 + y - ln m) is least where m is small and ln m far above the datum.
            steep = beam[cell] / least
            bend[cell] = 2.0 * steep * steep * max(highest - data[cell] - 1.0, 0.0)
    else:
        for cell in range(row.n_inner):
            base = problem.background if cell < low else 1.0
            distance = data[cell] - (base + middle * beam[cell])
            outside = max(base + weak * beam[cell] - data[cell], data[cell] - (base + strong * beam[cell]), 0.0)
            apart[cell] = outside * outside
            value[cell] = distance * distance
            slope[cell] = -2.0 * distance * beam[cell]
            bend[cell] = 0.0


@inlined
def _distances(
    problem: Problem, data: float, beam: float, base: float, weak: float, middle: float, strong: float
) -> tuple[float, float]:
    """Squared distance of a datum from the interval of its model, and from the model's middle."""
    lowest, highest = level(problem, base + weak * beam), level(problem, base + strong * beam)
    return max(lowest - data, data - highest, 0.0) ** 2, (data - level(problem, base + middle * beam)) ** 2


@inlined
def combine(box: Box, sums: FloatArray) -> tuple[float, float, float, float]:
    """Bound the inner cost of a box from the sums over its rows.

    With a = A - A_c and d = U - U_c, the strength of a row changes by a g + (A_c + a) (g' d + g'' d^2 / 2). The sum
    over rows of slope times change is bounded by the sums of slope * g and of slope * g', the rest by g''.

    Returns
    -------
    bound : float
    short : float
        Cost at the centre less the bound.
    by_u, by_amplitude : float
        How much of that is due to the extent in U and in A.
    """
    half_u = 0.5 * (box.u_high - box.u_low)
    extent = box.amplitude_high - box.amplitude_low
    by_amplitude = abs(sums[BY_AMPLITUDE]) * 0.5 * extent
    by_u = abs(sums[BY_U]) * half_u * box.amplitude_high
    second = sums[SECOND] * 0.5 * half_u * half_u * box.amplitude_high
    curved = 0.5 * sums[CURVED]
    together = sums[VALUE] - by_amplitude - by_u - second - curved
    bound = sums[ROUGH] + max(sums[APART], together)
    extent_u = sums[EXTENT_U] * box.amplitude_high
    share = extent_u / max(extent_u + sums[EXTENT_AMPLITUDE] * extent, 1e-300)
    return (
        bound,
        sums[AT_CENTRE] - bound,
        by_u + second + share * curved,
        by_amplitude + (1.0 - share) * curved,
    )
