"""The whole search of one sweep, from its cells to minimum and profile, and the loop over sweeps for one CPU core."""

from potrun.core.records import BoolArray, CodeArray, FloatArray
from potrun.search.exact.centre import centre, reached_bounds
from potrun.search.exact.jit import inlined
from potrun.search.exact.near_optimal import search_near_optimal_boxes
from potrun.search.exact.polish import polish
from potrun.search.exact.profile import profile_of_u
from potrun.search.exact.records import Problem, Rows, Scratch
from potrun.search.exact.search import search
from potrun.search.exact.tables import build_tables


@inlined
def process_sweep(
    i: int,
    problem: Problem,
    energy: FloatArray,
    usc: FloatArray,
    sine: FloatArray,
    is_reflected: BoolArray,
    data: FloatArray,
    beam: FloatArray,
    mask: BoolArray,
    points: FloatArray,
    lower_bound: FloatArray,
    bound_flags: CodeArray,
    nodes: FloatArray,
    worse_by: FloatArray,
    largest: FloatArray,
    rows: Rows,
    heap: FloatArray,
    scratch: Scratch,
) -> None:
    """Search sweep `i`, and profile it if there is room for the profile.

    Parameters
    ----------
    i : int
    problem : Problem
    energy, usc : (S, E) float64
    sine, is_reflected, data, beam, mask : (S, E, C)
        The fields of ``batch.Cells``.
    points, lower_bound, bound_flags, nodes, worse_by, largest
        The fields of ``batch.Answers``, of which entry `i` is filled.
    rows, heap, scratch
        Working memory.
    """
    number, rounding, largest[i] = build_tables(
        problem, energy[i], usc[i], sine[i], is_reflected[i], data[i], beam[i], mask[i], rows, scratch
    )
    best, lower_bound[i], left = search(problem, rows, number, rounding, heap, scratch)
    best = polish(problem, rows, number, best, scratch)
    best = search_near_optimal_boxes(problem, rows, number, rounding, best, heap, left, scratch)
    best = centre(problem, rows, number, best, scratch)
    bound_flags[i] = reached_bounds(problem, rows, number, best, scratch)
    points[i, 0], points[i, 1], points[i, 2] = best.u, best.ratio, best.amplitude
    if nodes.shape[1] > 0:
        profile_of_u(problem, rows, number, best, nodes[i], worse_by[i], scratch)


def process_sweeps(
    problem: Problem,
    energy: FloatArray,
    usc: FloatArray,
    sine: FloatArray,
    is_reflected: BoolArray,
    data: FloatArray,
    beam: FloatArray,
    mask: BoolArray,
    points: FloatArray,
    lower_bound: FloatArray,
    bound_flags: CodeArray,
    nodes: FloatArray,
    worse_by: FloatArray,
    largest: FloatArray,
    rows: Rows,
    heap: FloatArray,
    scratch: Scratch,
) -> None:
    """Search every sweep, one after another; see :func:`process_sweep`."""
    for i in range(len(energy)):
        process_sweep(
            i,
            problem,
            energy,
            usc,
            sine,
            is_reflected,
            data,
            beam,
            mask,
            points,
            lower_bound,
            bound_flags,
            nodes,
            worse_by,
            largest,
            rows,
            heap,
            scratch[0],
        )
