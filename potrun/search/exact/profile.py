"""How well each value of U explains a sweep: the profile from which intervals are read.

For every node of U the best r and A are found, and the model there is compared with the best one cell by cell. The two
differ in a few cells only: those between the two cone edges, and those of the beam. With g the difference of a cell's
cost, a node is worse by the sum of g, and chance alone makes that sum as large as the root of the sum of g^2. Their
ratio is the Vuong statistic of two models; it carries the sweep's own scatter.

The tables of the search give both sums without visiting every cell: differences of running costs outside the beam, and
the beam's inner cells one by one.
"""

import math

import numpy as np

from potrun.core.records import FloatArray
from potrun.search.exact.equations import beam_profile, cone_edge, logarithm
from potrun.search.exact.jit import inlined
from potrun.search.exact.lookup import count_below
from potrun.search.exact.points import best_at
from potrun.search.exact.records import Point, Problem, Row, Rows, Scratch
from potrun.search.exact.tuning import FAINT, N_NEAR, N_RATIO, NEAR_RATIO
from potrun.search.intervals import FINE_STEPS, N_COARSE, PIVOT_V


@inlined
def profile_of_u(
    problem: Problem,
    rows: Rows,
    number: int,
    best: Point,
    nodes: FloatArray,
    worse_by: FloatArray,
    scratch: Scratch,
) -> None:
    """Compare the best model at each node of U with the best of all.

    Parameters
    ----------
    best : Point
    nodes, worse_by : (K,) float64
        Filled with the nodes, rising, and how much worse each is: the Vuong statistic.
    """
    _place_nodes(problem, best.u, nodes)
    _store_best(problem, rows, number, best, scratch)
    ratios, costs = scratch.ratios, scratch.costs
    _place_ratios(problem, best.ratio, ratios)
    low, high = problem.amplitude_min, problem.amplitude_max
    for k in range(len(nodes)):
        u = nodes[k]
        if u == best.u:
            worse_by[k] = 0.0
            continue
        ratio = _best_ratio(rows, number, u, ratios, costs)
        amplitude, value = best_at(problem, rows, number, u, ratio, low, high, np.inf, True, 1, scratch)
        if ratio != best.ratio:
            own_amplitude, own_value = best_at(problem, rows, number, u, best.ratio, low, high, value, True, 1, scratch)
            if own_value < value:
                ratio, amplitude, value = best.ratio, own_amplitude, own_value
        spread = math.sqrt(_squares(problem, rows, number, Point(u, ratio, amplitude, value), scratch))
        worse_by[k] = (value - best.value) / spread if spread > 0.0 else 0.0


@inlined
def _place_nodes(problem: Problem, best_u: float, nodes: FloatArray) -> None:
    """Nodes of U: the whole range coarsely, the surroundings of the best U finely."""
    low, high = math.log(PIVOT_V - problem.u_max), math.log(PIVOT_V - problem.u_min)
    for k in range(N_COARSE):
        nodes[k] = PIVOT_V - math.exp(low + k / (N_COARSE - 1) * (high - low))
    own = math.log(PIVOT_V - best_u)
    nodes[N_COARSE] = best_u
    for k in range(len(FINE_STEPS)):
        nodes[N_COARSE + 1 + 2 * k] = PIVOT_V - math.exp(own - FINE_STEPS[k])
        nodes[N_COARSE + 2 + 2 * k] = PIVOT_V - math.exp(own + FINE_STEPS[k])
    for k in range(len(nodes)):
        nodes[k] = min(max(nodes[k], problem.u_min), problem.u_max)
    for k in range(1, len(nodes)):
        node, place = nodes[k], k
        while place > 0 and nodes[place - 1] > node:
            nodes[place] = nodes[place - 1]
            place -= 1
        nodes[place] = node


@inlined
def _place_ratios(problem: Problem, own: float, ratios: FloatArray) -> None:
    """Values of r to try at every node: those over the whole range, rising, then those around the best one, rising."""
    low, high = math.log(problem.ratio_min), math.log(problem.ratio_max)
    for k in range(N_RATIO):
        ratios[k] = math.exp(low + k / (N_RATIO - 1) * (high - low))
    for k in range(N_NEAR):
        ratios[N_RATIO + k] = math.exp(math.log(own) + NEAR_RATIO * (2.0 * k / (N_NEAR - 1) - 1.0))
    for k in range(len(ratios)):
        ratios[k] = min(max(ratios[k], problem.ratio_min), problem.ratio_max)


@inlined
def _best_ratio(rows: Rows, number: int, u: float, ratios: FloatArray, costs: FloatArray) -> float:
    """Find the value of r with the least cost at one U; the beam hardly moves it."""
    for k in range(len(ratios)):
        costs[k] = 0.0
    for i in range(number):
        row = rows[i]
        if cone_edge(row.energy, row.usc, u, ratios[N_RATIO - 1]) <= row.edge[0]:
            # Not even the largest r, at the end of the range, puts a cell inside the cone.
            for k in range(len(ratios)):
                costs[k] += row.cost[0]
            continue
        for k in range(len(ratios)):
            costs[k] += row.cost[count_below(row, cone_edge(row.energy, row.usc, u, ratios[k]))]
    best = 0
    for k in range(len(ratios)):
        if costs[k] < costs[best]:
            best = k
    return float(ratios[best])


@inlined
def _store_best(problem: Problem, rows: Rows, number: int, best: Point, scratch: Scratch) -> None:
    """Store the best point's lost cells, beam strength and costs of the inner cells for every row."""
    for i in range(number):
        row = rows[i]
        lost = count_below(row, cone_edge(row.energy, row.usc, best.u, best.ratio))
        strength = best.amplitude * beam_profile(row.energy, row.usc, best.u, problem.beam_width)
        scratch.best_lost[i], scratch.best_strength[i] = lost, strength
        _cell_costs(problem, row, 0, row.n_inner, lost, strength, scratch.best_cost[i])


@inlined
def _squares(problem: Problem, rows: Rows, number: int, here: Point, scratch: Scratch) -> float:
    """Sum over cells of the squared difference of cost between a point and the best one."""
    squares = 0.0
    for i in range(number):
        row = rows[i]
        inner, best_lost = row.n_inner, scratch.best_lost[i]
        lost = count_below(row, cone_edge(row.energy, row.usc, here.u, here.ratio))
        if max(lost, best_lost) > inner:
            squares += abs(row.squares[max(lost, inner)] - row.squares[max(best_lost, inner)])
        strength = here.amplitude * beam_profile(row.energy, row.usc, here.u, problem.beam_width)
        first, last = min(lost, best_lost), min(max(lost, best_lost), inner)
        if max(strength, scratch.best_strength[i]) > FAINT * problem.background:
            first, last = 0, inner
        _cell_costs(problem, row, first, last, lost, strength, scratch.far)
        for cell in range(first, last):
            difference = scratch.far[cell] - scratch.best_cost[i, cell]
            squares += difference * difference
    return squares


@inlined
def _cell_costs(
    problem: Problem, row: Row, first: int, last: int, lost: int, strength: float, costs: FloatArray
) -> None:
    """Cost of a row's inner cells from `first` to `last`; those before `lost` are inside the cone."""
    data, beam = row.data, row.beam
    if problem.is_logarithmic:
        for cell in range(first, last):
            base = problem.background if cell < lost else 1.0
            costs[cell] = (data[cell] - logarithm(base + strength * beam[cell] + problem.log_offset)) ** 2
    else:
        for cell in range(first, last):
            base = problem.background if cell < lost else 1.0
            costs[cell] = (data[cell] - (base + strength * beam[cell])) ** 2
