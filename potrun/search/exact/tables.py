"""Tables that turn the objective of a sweep into a few look-ups, small enough for the cache of one processor core.

In an energy row the model only knows whether a cell lies inside the loss cone, and the cone's edge is a number x in
sin^2 of the pitch angle. Sort the row's cells by sin^2 once: the cells inside are then the first k, where k counts the
values below x, and the cost of the row without a beam is entry k of a running sum. The objective at any (U, r) is the
sum of one entry a row.

A box of (U, r) gives each row an interval of k. The least entry of an interval comes from a range-minimum table: level
l holds the minimum of 2^l consecutive entries, and two overlapping entries of one level cover any interval.

The secondary beam adds to the few cells nearest to 180 deg, which are the first in the same order. These *inner* cells
are kept one by one; the *outer* ones are bounded together. Cells that the cone cannot reach, incident ones above all,
stand at the end of the order. Rows without an included cell are left out.
"""

from potrun.core.records import BoolArray, FloatArray
from potrun.search.exact.equations import logarithm
from potrun.search.exact.jit import inlined
from potrun.search.exact.records import N_STRENGTHS, Problem, Row, Rows, Scratch
from potrun.search.exact.tuning import N_BINS, REACH


@inlined
def build_tables(
    problem: Problem,
    energy: FloatArray,
    usc: FloatArray,
    sine: FloatArray,
    is_reflected: BoolArray,
    data: FloatArray,
    beam: FloatArray,
    mask: BoolArray,
    rows: Rows,
    scratch: Scratch,
) -> tuple[int, float, float]:
    """Fill the tables of a sweep.

    Parameters
    ----------
    energy, usc : (E,) float64, eV and V
    sine, data, beam : (E, C) float64
        sin^2 of the pitch angle, flux or its logarithm, and the beam's profile in pitch angle.
    is_reflected, mask : (E, C) bool
        Beyond 90 deg; included.

    Returns
    -------
    number : int
        Rows with an included cell.
    rounding : float
        Bound on the rounding error of the sweep's cost.
    largest : float
        Largest cost in any table.
    """
    number, rounding, largest = 0, 1e-300, 0.0
    for channel in range(len(energy)):
        reach = _sort_into(sine[channel], is_reflected[channel], mask[channel], True, 0, scratch)
        used = _sort_into(sine[channel], is_reflected[channel], mask[channel], False, reach, scratch)
        if used == 0:
            continue
        row = rows[number]
        row.energy, row.usc, row.reach, row.n_inner = energy[channel], usc[channel], reach, min(problem.inner, used)
        _count_below_bins(row, scratch)
        for place in range(used):
            cell = scratch.order[place]
            scratch.data[place], scratch.beam[place] = data[channel, cell], beam[channel, cell]
        most = _running_cost(problem, row, used, scratch)
        _beam_reaction(problem, row, used, scratch)
        _range_minimum(problem, row)
        highest = max(row.usc - problem.u_min, problem.beam_width) + REACH * problem.beam_width
        if row.energy <= highest:
            if problem.is_logarithmic:
                _bound_logarithmic(problem, row, scratch)
            else:
                _bound_linear(problem, row, scratch)
        rounding += most * 2.0**-40
        largest = max(largest, most)
        number += 1
    return number, rounding, largest


@inlined
def _sort_into(
    sine: FloatArray, is_reflected: BoolArray, mask: BoolArray, reachable: bool, start: int, scratch: Scratch
) -> int:
    """Append the cells that the cone can reach, or the others, by insertion; return the number of cells so far."""
    order, key = scratch.order, scratch.key
    number = start
    for cell in range(len(mask)):
        # The few reflected cells whose sin^2 rounds to one stand behind every possible edge.
        if not mask[cell] or (is_reflected[cell] and sine[cell] < 1.0) != reachable:
            continue
        value = sine[cell] if reachable else 2.0 - sine[cell]
        place = number
        while place > start and key[place - 1] > value:
            key[place], order[place] = key[place - 1], order[place - 1]
            place -= 1
        key[place], order[place] = value, cell
        number += 1
    return number


@inlined
def _count_below_bins(row: Row, scratch: Scratch) -> None:
    """Store the sorted sin^2 and how many of them lie below the lower edge of each bin."""
    edge, bins, filled = row.edge, row.bins, 0
    for place in range(row.reach):
        edge[place] = scratch.key[place]
        # A cell counts from the first bin whose lower edge lies above it.
        first = int(edge[place] * N_BINS) + 1
        while filled < first:
            bins[filled] = place
            filled += 1
    for rest in range(row.reach, len(edge)):
        edge[rest] = 2.0
    for rest in range(filled, len(bins)):
        bins[rest] = row.reach


@inlined
def _running_cost(problem: Problem, row: Row, used: int, scratch: Scratch) -> float:
    """Tabulate the cost of the row by number of lost cells; return the largest value met."""
    level_inside, level_outside = problem.level_inside, problem.level_outside
    inner, outer = 0.0, 0.0
    kept = 0.0
    for place in range(used):
        data = scratch.data[place]
        kept += (data - level_outside) ** 2
        if place < row.n_inner:
            inner += (data - level_inside) ** 2
            row.data[place], row.beam[place] = data, scratch.beam[place]
        else:
            outer += (data - level_outside) ** 2
    row.inner_lost, row.outer_kept = inner, outer
    cost, squares, largest = row.cost, row.squares, kept
    cost[0], squares[0] = kept, 0.0
    for place in range(row.reach):
        data = scratch.data[place]
        step = (data - level_inside) ** 2 - (data - level_outside) ** 2
        cost[place + 1] = cost[place] + step
        squares[place + 1] = squares[place] + step * step
        largest = max(largest, abs(cost[place + 1]))
    return largest + inner


@inlined
def _beam_reaction(problem: Problem, row: Row, used: int, scratch: Scratch) -> None:
    """Bound how fast a row's cost can change with the beam's strength.

    A fall is steepest at zero strength, since model and level only rise from there; that does not hold for a rise.
    """
    level_inside, level_outside = problem.level_inside, problem.level_outside
    slope_lost, slope_kept = 2.0 * problem.steep_inside, 2.0 * problem.steep_outside
    gain, outer_gain, effect = 0.0, 0.0, 0.0
    for place in range(used):
        data, beam = scratch.data[place], scratch.beam[place]
        lost, kept = (data - level_inside) * slope_lost, (data - level_outside) * slope_kept
        fall, rise = max(lost, kept, 0.0) * beam, max(-lost, -kept, 0.0) * beam
        gain += fall
        effect += max(fall, rise)
        if place >= row.n_inner:
            outer_gain += fall
    row.gain, row.effect, row.outer_gain = gain, effect, outer_gain


@inlined
def _range_minimum(problem: Problem, row: Row) -> None:
    """Tabulate the least of 2^level consecutive costs, rounded down to the table's format."""
    cost, least = row.cost, row.least
    for place in range(row.reach + 1):
        least[0, place] = cost[place] - abs(cost[place]) * problem.margin
    step, number = 1, 1
    while 2 * step <= row.reach + 1:
        for place in range(row.reach + 2 - 2 * step):
            least[number, place] = min(least[number - 1, place], least[number - 1, place + step])
        step, number = 2 * step, number + 1


@inlined
def _bound_linear(problem: Problem, row: Row, scratch: Scratch) -> None:
    """Tabulate the least lillis cost of the inner cells: a parabola in the strength."""
    curvature, constant, slope = 0.0, 0.0, 0.0
    for cell in range(row.n_inner):
        data, beam = row.data[cell], row.beam[cell]
        curvature += beam * beam
        constant += (data - 1.0) ** 2
        slope += (data - 1.0) * beam
    for lost in range(row.n_inner + 1):
        if lost > 0:
            data, beam = row.data[lost - 1], row.beam[lost - 1]
            constant += (data - problem.background) ** 2 - (data - 1.0) ** 2
            slope += (1.0 - problem.background) * beam
        best = max(slope / max(curvature, 1e-300), 0.0)
        for node in range(N_STRENGTHS):
            at = min(best, scratch.strength[node])
            least = constant - 2.0 * at * slope + at * at * curvature
            row.strongest[node, lost] = least - abs(least) * problem.margin


@inlined
def _bound_logarithmic(problem: Problem, row: Row, scratch: Scratch) -> None:
    """Tabulate the least halekas cost of the inner cells, bounded from chord to chord.

    A function whose second derivative is at most K lies below its chord by at most K t (h - t) / 2.
    """
    cost, bend, last_cost, last_bend = scratch.base, scratch.far, scratch.key, scratch.steep
    for node in range(N_STRENGTHS):
        strength = scratch.strength[node]
        step = strength - scratch.strength[max(node - 1, 0)]
        _inner_cost_at(problem, row, strength, scratch)
        for lost in range(row.n_inner + 1):
            least = cost[lost]
            if node > 0:
                least = min(least, _least_between(last_cost[lost], last_bend[lost], least, step))
                least = min(least, row.strongest[node - 1, lost])
            row.strongest[node, lost] = least - abs(least) * problem.margin
            last_cost[lost], last_bend[lost] = cost[lost], bend[lost]


@inlined
def _inner_cost_at(problem: Problem, row: Row, strength: float, scratch: Scratch) -> None:
    """Halekas cost of the inner cells and a bound on its second derivative, by number of lost cells."""
    data, beam = row.data, row.beam
    cost, bend, kept_cost, kept_bend = scratch.base, scratch.far, scratch.data, scratch.beam
    # First the cells, which a processor takes several at once; then the sums.
    for cell in range(row.n_inner):
        kept = 1.0 + problem.log_offset + strength * beam[cell]
        lost = problem.background + problem.log_offset + strength * beam[cell]
        far_kept, far_lost = data[cell] - logarithm(kept), data[cell] - logarithm(lost)
        # d2/dB2 (y - ln m)^2 = 2 (h / m)^2 (1 + y - ln m) falls with B wherever it is positive.
        kept_cost[cell] = far_kept * far_kept
        kept_bend[cell] = 2.0 * (beam[cell] / kept) ** 2 * max(1.0 + far_kept, 0.0)
        cost[cell + 1] = far_lost * far_lost - kept_cost[cell]
        bend[cell + 1] = 2.0 * (beam[cell] / lost) ** 2 * max(1.0 + far_lost, 0.0) - kept_bend[cell]
    cost[0], bend[0] = 0.0, 0.0
    for cell in range(row.n_inner):
        cost[0], bend[0] = cost[0] + kept_cost[cell], bend[0] + kept_bend[cell]
    for cell in range(row.n_inner):
        cost[cell + 1] += cost[cell]
        bend[cell + 1] += bend[cell]


@inlined
def _least_between(left: float, bend: float, right: float, step: float) -> float:
    """Lower bound of a function between two known values, given a bound on its second derivative."""
    sag = bend * 0.5 * step * step
    difference = abs(right - left)
    if difference >= sag:
        return min(left, right)
    # The lowest parabola through both ends has its minimum between them only if they differ by less than its sag.
    return 0.5 * (left + right) - 0.25 * sag - difference * difference / (4.0 * sag)
