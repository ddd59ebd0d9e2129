"""The least value that the objective can take in a box of (U, r, A).

A row that the beam cannot reach contributes the least entry of its table over the interval of lost cells, less the most
that a weak beam could still gain. A row that sees the beam contributes the least cost of its outer cells and a bound on
that of its inner cells.

A quick bound of every new box lets each row have the beam strength that fits it best. Only a box that is about to be
split is bounded closely, its beam followed cell by cell (``beam``). The caller subtracts the rounding error, so that
what is stored bounds the objective itself and not its floating-point value.
"""

from typing import NamedTuple

import numpy as np

from potrun.search.exact.beam import add_row, combine
from potrun.search.exact.equations import cone_edge
from potrun.search.exact.jit import inlined
from potrun.search.exact.lookup import (
    count_below,
    greatest_profile,
    least_cost,
    least_inner_cost,
    least_outer_cost,
    node_above,
)
from potrun.search.exact.records import Box, Problem, Row, Rows, Scratch
from potrun.search.exact.tuning import NEGLIGIBLE


class Slack(NamedTuple):
    """By how much, and for which reasons, the bound of a box lies below its lowest value."""

    undecided_cells: float  # number of cells that may be inside the cone or outside, over all rows
    cone: float  # how much more they may cost than their bound
    cone_by_u: float  # how far the box's extent in U moves the edge past such cells
    cone_by_ratio: float  # the same for r
    sees_beam: bool  # whether any row sees the beam
    beam: float  # inner cost at the centre less its bound
    beam_by_u: float  # how much of that is due to the extent in U
    beam_by_amplitude: float  # the same for A


@inlined
def is_whole(problem: Problem, box: Box) -> bool:
    """Whether a box allows every amplitude from zero to the largest."""
    return box.amplitude_low == 0.0 and box.amplitude_high == problem.amplitude_max


@inlined
def quick_bound(problem: Problem, rows: Rows, number: int, box: Box, allowance: float) -> float:
    """Bound a box from below, each row with its own best beam strength up to the largest in the box.

    Parameters
    ----------
    allowance : float
        How far below the sweep's best value a bound may lie for its box to be discarded.
    """
    bound = 0.0
    for i in range(number):
        row = rows[i]
        energy, usc = row.energy, row.usc
        low = count_below(row, cone_edge(energy, usc, box.u_low, box.ratio_low))
        high = count_below(row, cone_edge(energy, usc, box.u_high, box.ratio_high))
        strongest = box.amplitude_high * greatest_profile(energy, usc, box.u_low, box.u_high, problem.beam_width)
        bound += row_bound(problem, row, low, high, strongest, allowance * NEGLIGIBLE / number)
    return bound


@inlined
def row_bound(problem: Problem, row: Row, low: int, high: int, strongest: float, negligible: float) -> float:
    """Least cost of a row with `low` to `high` lost cells, under a beam of any strength up to a greatest."""
    loss: float = strongest * row.gain
    if loss <= negligible:
        return least_cost(row, low, high) - loss
    # Either some inner cell is outside the cone, and so is every outer one, or all inner cells are inside it.
    inner = row.n_inner
    node = node_above(problem, strongest)
    outer_loss = strongest * row.outer_gain
    bound = np.inf
    if low < inner:
        bound = least_inner_cost(row, node, low, min(high, inner - 1)) + row.outer_kept - outer_loss
    if high >= inner:
        all_lost = least_inner_cost(row, node, inner, inner) - outer_loss
        bound = min(bound, all_lost + least_outer_cost(row, low, high))
    return bound


@inlined
def close_bound(
    problem: Problem, rows: Rows, number: int, box: Box, allowance: float, scratch: Scratch
) -> tuple[float, Slack]:
    """Bound a box closely, and say how far the bound lies below the value at its centre and why."""
    negligible = allowance * NEGLIGIBLE / number
    whole = is_whole(problem, box)
    undecided_cells, cone, by_u, by_ratio = 0.0, 0.0, 0.0, 0.0
    sees_beam = False
    bound = 0.0
    scratch.sums[:] = 0.0
    for i in range(number):
        row = rows[i]
        energy, usc = row.energy, row.usc
        low = count_below(row, cone_edge(energy, usc, box.u_low, box.ratio_low))
        high = count_below(row, cone_edge(energy, usc, box.u_high, box.ratio_high))
        greatest = greatest_profile(energy, usc, box.u_low, box.u_high, problem.beam_width)
        strongest = box.amplitude_high * greatest
        # A beam that is present everywhere in the box can also raise the cost, not only lower it.
        sees = strongest * row.effect > negligible
        sees_beam = sees_beam or sees
        if sees and not whole:
            bound += least_outer_cost(row, low, high) - strongest * row.outer_gain
            add_row(problem, row, low, high, box, greatest, scratch)
        else:
            bound += row_bound(problem, row, low, high, strongest, negligible)
        if high > low:
            cells = float(high - low)
            free_energy = max(energy - usc, 1e-3)
            undecided_cells += cells
            cone += max(row.cost[low], row.cost[high]) - least_cost(row, low, high)
            by_u += cells / free_energy
            by_ratio += cells * max(1.0 + box.u_high / free_energy, 0.0)
    inner, short, beam_by_u, beam_by_amplitude = combine(box, scratch.sums)
    slack = Slack(
        undecided_cells,
        cone,
        by_u * box.ratio_high * (box.u_high - box.u_low),
        by_ratio * (box.ratio_high - box.ratio_low),
        sees_beam,
        short,
        beam_by_u,
        beam_by_amplitude,
    )
    return bound + inner, slack
