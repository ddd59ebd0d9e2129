"""The one function that Python calls, once compiled: sweep after sweep, from cells to minimum and profile."""

from potrun.core.records import BoolArray, CodeArray, FloatArray
from potrun.search.exact.centre import centre, touched_bounds
from potrun.search.exact.polish import polish
from potrun.search.exact.profile import profile_of_u
from potrun.search.exact.records import Problem, Rows, Scratch
from potrun.search.exact.rivals import beat_rivals
from potrun.search.exact.search import search
from potrun.search.exact.tables import build_tables


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
    touches: CodeArray,
    nodes: FloatArray,
    worse_by: FloatArray,
    rows: Rows,
    heap: FloatArray,
    scratch: Scratch,
) -> float:
    """Search every sweep, and profile it if there is room for the profile.

    Parameters
    ----------
    problem : Problem
    energy, usc : (S, E) float64
    sine, is_reflected, data, beam, mask : (S, E, C)
        See :func:`~potrun.search.exact.tables.build_tables`.
    points : (S, 3) float64
        U, r and A.
    lower_bound : (S,) float64
    touches : (S,) int8
        AtBound bits.
    nodes, worse_by : (S, K) float64
        K is zero for no profiles.
    rows, heap, scratch
        Memory to work in.

    Returns
    -------
    float
        Largest cost met in a row.
    """
    largest = 0.0
    for i in range(len(energy)):
        number, rounding, most = build_tables(
            problem, energy[i], usc[i], sine[i], is_reflected[i], data[i], beam[i], mask[i], rows, scratch[0]
        )
        largest = max(largest, most)
        best, lower_bound[i], left = search(problem, rows, number, rounding, heap, scratch[0])
        best = polish(problem, rows, number, best, scratch[0])
        best = beat_rivals(problem, rows, number, rounding, best, heap, left, scratch[0])
        best = centre(problem, rows, number, best, scratch[0])
        touches[i] = touched_bounds(problem, rows, number, best, scratch[0])
        points[i, 0], points[i, 1], points[i, 2] = best.u, best.ratio, best.amplitude
        if nodes.shape[1]:
            profile_of_u(problem, rows, number, best, nodes[i], worse_by[i], scratch[0])
    return largest
