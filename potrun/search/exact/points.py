"""Values of the objective at points of (U, r), with the best beam amplitude for each.

Without a beam a point costs one table entry a row. The beam then changes the inner cells of the few rows that it
reaches. If the point would be no better than what is known even with the best strength for every such row, no amplitude
is searched; otherwise a coarse scan of the amplitude, and Gauss-Newton steps from the best of it, find the minimum. The
beam's effect on outer cells is left out: values here steer the search, what is reported is evaluated by the public
objective.
"""

from potrun.search.exact.equations import beam_profile, cone_edge, logarithm
from potrun.search.exact.jit import inlined
from potrun.search.exact.lookup import count_below, least_inner_cost, least_outer_cost, node_above
from potrun.search.exact.records import Problem, Rows, Scratch
from potrun.search.exact.tuning import FAINT, SCAN, UNSEEN


@inlined
def without_beam(rows: Rows, number: int, u: float, ratio: float) -> float:
    """Evaluate the objective at a point without a beam."""
    cost = 0.0
    for i in range(number):
        row = rows[i]
        cost += row.cost[count_below(row, cone_edge(row.energy, row.usc, u, ratio))]
    return cost


@inlined
def best_at(
    problem: Problem,
    rows: Rows,
    number: int,
    u: float,
    ratio: float,
    low: float,
    high: float,
    known: float,
    scan: bool,
    steps: int,
    scratch: Scratch,
) -> tuple[float, float]:
    """Evaluate the objective at (U, r) with the best amplitude found.

    Parameters
    ----------
    low, high : float
        Amplitudes to scan between; the steps may leave that interval.
    known : float
        Best value known; a point that cannot be better is given the value without a beam.
    scan : bool
        False tries `low` alone before the steps.
    steps : int
        Gauss-Newton steps.

    Returns
    -------
    amplitude, value : float
    """
    without = without_beam(rows, number, u, ratio)
    n_cells, relaxed, at_zero = _cells_under_beam(problem, rows, number, u, ratio, without, scratch)
    least = problem.amplitude_min
    if n_cells == 0 or (least == 0.0 and relaxed >= min(known, without)):
        return least, without
    best = low
    value, slope, curvature = at_zero if low == 0.0 else _cost_at(problem, n_cells, low, scratch)
    step = slope / max(curvature, 1e-300)
    scans = len(SCAN) if scan else 1
    trials = scans + steps if least < problem.amplitude_max else 0
    for trial in range(1, trials):
        if trial < scans:
            amplitude = low + SCAN[trial] * (high - low)
        else:
            amplitude = min(max(best + step, least), problem.amplitude_max)
        cost, slope, curvature = _cost_at(problem, n_cells, amplitude, scratch)
        if cost < value:
            best, value, step = amplitude, cost, slope / max(curvature, 1e-300)
    value = without + (value - at_zero[0])
    if least == 0.0 and not value < without:
        return 0.0, without
    return best, value


@inlined
def _cells_under_beam(
    problem: Problem, rows: Rows, number: int, u: float, ratio: float, without: float, scratch: Scratch
) -> tuple[int, float, tuple[float, float, float]]:
    """Gather the inner cells of rows where the beam matters.

    Returns
    -------
    number : int
    relaxed : float
        Lower bound of the objective, with the best strength for each row.
    at_zero : tuple of float
        What :func:`_cost_at` returns without a beam, where no logarithm is needed.
    """
    n_cells, relaxed = 0, without
    cost, slope, curvature = 0.0, 0.0, 0.0
    for i in range(number):
        row = rows[i]
        strength = beam_profile(row.energy, row.usc, u, problem.beam_width)
        if problem.amplitude_min > 0.0:
            if not strength > 0.0:
                continue
        elif not problem.amplitude_max * strength * row.gain > UNSEEN * without:
            continue
        lost = count_below(row, cone_edge(row.energy, row.usc, u, ratio))
        if problem.amplitude_min == 0.0:
            within = min(lost, row.n_inner)
            node = node_above(problem, problem.amplitude_max * strength)
            relaxed += least_inner_cost(row, node, within, within) + least_outer_cost(row, lost, lost) - row.cost[lost]
        faint = FAINT * problem.background / (problem.amplitude_max * strength)
        for cell in range(row.n_inner):
            # The beam only weakens from cell to cell.
            if row.beam[cell] < faint:
                break
            is_lost = cell < lost
            far = row.data[cell] - (problem.level_inside if is_lost else problem.level_outside)
            steep = row.beam[cell] * strength * (problem.steep_inside if is_lost else problem.steep_outside)
            cost += far * far
            slope += far * steep
            curvature += steep * steep
            scratch.data[n_cells] = row.data[cell]
            scratch.beam[n_cells] = row.beam[cell] * strength
            scratch.base[n_cells] = problem.background if is_lost else 1.0
            n_cells += 1
    return n_cells, relaxed, (cost, slope, curvature)


@inlined
def _cost_at(problem: Problem, number: int, amplitude: float, scratch: Scratch) -> tuple[float, float, float]:
    """Cost of the gathered cells, and the parts of the Gauss-Newton step: slope and curvature."""
    data, beam, base, far, steep = scratch.data, scratch.beam, scratch.base, scratch.far, scratch.steep
    # First the cells, which a processor takes several at once; then the sums, whose order is fixed.
    if problem.is_logarithmic:
        for cell in range(number):
            model = base[cell] + amplitude * beam[cell] + problem.log_offset
            far[cell] = data[cell] - logarithm(model)
            steep[cell] = beam[cell] / model
    else:
        for cell in range(number):
            far[cell] = data[cell] - (base[cell] + amplitude * beam[cell])
            steep[cell] = beam[cell]
    cost, slope, curvature = 0.0, 0.0, 0.0
    for cell in range(number):
        cost += far[cell] * far[cell]
        slope += far[cell] * steep[cell]
        curvature += steep[cell] * steep[cell]
    return cost, slope, curvature
