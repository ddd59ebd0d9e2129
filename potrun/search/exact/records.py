"""What compiled functions pass to one another: tuples of numbers, and records passed by reference.

A sweep's tables are an array of records, one for each energy row. The C cells of a row stand in the order in which a
widening cone takes them in; for the first of them, the inner ones, the beam is followed cell by cell. *Lost* cells are
those inside the loss cone; the others are *kept*.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from potrun.core.instrument import N_CELLS, N_CHANNELS
from potrun.core.settings import FitterConfig
from potrun.search.base import beam_bounds
from potrun.search.exact.tuning import N_BINS, N_NEAR, N_RATIO, inner_cells

N_LEVELS = 7
"""Levels of the range-minimum table: 2^6 <= N_CELLS + 1 < 2^7."""

N_STRENGTHS = 17
"""Tabulated strengths of the beam, from none to the greatest."""

N_SUMS = 10
"""Sums over rows that make up the bound of a box."""

N_SEEN = 32
"""Regions that are remembered as searched."""

Row = Any
"""One record of :func:`new_rows`."""

Rows = Any
"""The array of :func:`new_rows`."""

Scratch = Any
"""The record of :func:`new_scratch`."""


class Problem(NamedTuple):
    """The settings of a fit as numbers."""

    is_logarithmic: bool
    background: float
    log_offset: float
    u_min: float
    u_max: float
    ratio_min: float
    ratio_max: float
    amplitude_min: float
    amplitude_max: float
    beam_width: float
    inner: int  # cells of a row in which the beam is followed, at most
    tolerance: float
    max_boxes: int
    level_inside: float  # model inside the cone without a beam, as the objective compares it
    level_outside: float  # outside
    steep_inside: float  # how fast those change with the model's flux
    steep_outside: float
    spacing: float  # between tabulated strengths of the beam, in ln(strength + background)
    margin: float  # relative rounding error of a table entry


class Box(NamedTuple):
    """A box of parameters."""

    u_low: float  # V
    u_high: float
    ratio_low: float
    ratio_high: float
    amplitude_low: float
    amplitude_high: float


class Point(NamedTuple):
    """A point of parameter space and the objective there."""

    u: float
    ratio: float
    amplitude: float
    value: float


def problem_of(settings: FitterConfig, dtype: str) -> Problem:
    """Express the settings of a fit, and the format of its tables, as numbers."""
    low, high = beam_bounds(settings)
    is_logarithmic = settings.method == "halekas"
    lost, kept = settings.background + settings.log_offset, 1.0 + settings.log_offset
    # Other types, such as an int where a float is expected, would be compiled for anew.
    return Problem(
        is_logarithmic=is_logarithmic,
        background=float(settings.background),
        log_offset=float(settings.log_offset),
        u_min=float(settings.u_min_v),
        u_max=float(settings.u_max_v),
        ratio_min=float(settings.ratio_min),
        ratio_max=float(settings.ratio_max),
        amplitude_min=float(low),
        amplitude_max=float(high),
        beam_width=float(settings.beam_width_ev),
        inner=inner_cells(settings),
        tolerance=float(settings.branch_and_bound.tolerance),
        max_boxes=settings.branch_and_bound.max_boxes,
        level_inside=math.log(lost) if is_logarithmic else float(settings.background),
        level_outside=math.log(kept) if is_logarithmic else 1.0,
        steep_inside=1.0 / lost if is_logarithmic else 1.0,
        steep_outside=1.0 / kept if is_logarithmic else 1.0,
        # The last strength lies above the largest amplitude, not a rounding error below it.
        spacing=math.log1p(high / settings.background) / (N_STRENGTHS - 1) * (1.0 + 1e-9),
        margin=float(np.finfo(dtype).eps),
    )


def new_rows(dtype: str) -> Rows:
    """Allocate the tables of a sweep.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        Format of the tables that bounds are read from.

    Returns
    -------
    (E,) array of records
    """
    by_cell = (N_CELLS + 1,)
    fields: list[Any] = [
        ("energy", np.float64),  # eV
        ("usc", np.float64),  # V
        ("reach", np.int64),  # cells that the cone can reach
        ("n_inner", np.int64),  # cells in which the beam is followed
        ("inner_lost", np.float64),  # cost of the inner cells, all lost
        ("outer_kept", np.float64),  # cost of the outer cells, all kept
        ("gain", np.float64),  # fastest possible fall of the row's cost with the beam's strength
        ("effect", np.float64),  # fastest possible change of the row's cost where the beam starts
        ("outer_gain", np.float64),  # fastest possible fall of the cost of the outer cells
        ("edge", np.float64, by_cell),  # sin^2 of the cells within reach, in order; then 2
        ("cost", np.float64, by_cell),  # cost of the row without a beam, by number of lost cells
        ("squares", np.float64, by_cell),  # sum of the squared steps of `cost`
        ("data", np.float64, by_cell),  # of the inner cells: what the objective compares the model with
        ("beam", np.float64, by_cell),  # of the inner cells: strength of the beam
        ("least", dtype, (N_LEVELS, *by_cell)),  # least of 2^level consecutive entries of `cost`
        ("strongest", dtype, (N_STRENGTHS, *by_cell)),  # least inner cost by greatest strength and number of lost cells
        ("bins", np.uint8, (N_BINS + 1,)),  # number of cells below each bin's lower edge
    ]
    return np.zeros(N_CHANNELS, np.dtype(fields, align=True))


def new_scratch(problem: Problem) -> Scratch:
    """Allocate the working memory of the functions; an array of one record."""
    cells = (N_CHANNELS * N_CELLS + 1,)
    fields: list[Any] = [(name, np.float64, cells) for name in ("data", "beam", "base", "far", "steep")]
    fields += [("order", np.int64, cells), ("key", np.float64, cells), ("sums", np.float64, (N_SUMS,))]
    fields += [(name, np.float64, (N_CHANNELS + 1,)) for name in ("below", "above", "inverse")]
    fields += [(name, np.float64, (N_SEEN,)) for name in ("seen_low", "seen_high")]
    fields += [("seen_below", np.float64, (N_SEEN, N_CHANNELS))]
    fields += [("best_strength", np.float64, (N_CHANNELS,))]
    fields += [("best_lost", np.int64, (N_CHANNELS,))]
    fields += [("best_cost", np.float64, (N_CHANNELS, N_CELLS))]
    fields += [("strength", np.float64, (N_STRENGTHS,))]
    fields += [(name, np.float64, (N_RATIO + N_NEAR,)) for name in ("ratios", "costs")]
    scratch = np.zeros(1, np.dtype(fields, align=True))
    scratch["strength"] = problem.background * np.expm1(np.arange(N_STRENGTHS) * problem.spacing)
    return scratch
