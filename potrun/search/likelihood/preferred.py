"""Which instrument the counts prefer: channel width, scatter and background that make them likeliest.

All sweeps share the three; everything else of a sweep is at its best for each choice. ln L near its highest is taken as
a parabola in their logarithms, fitted to a design of places around the highest and centred anew a few times.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from potrun.core.records import FloatArray
from potrun.core.settings import FitterConfig
from potrun.losscone.counted import LikelihoodBatch
from potrun.search.likelihood import batched, departures
from potrun.search.likelihood.evaluate import NOMINAL, USC
from potrun.search.likelihood.limits import bounds_of
from potrun.search.likelihood.newton import Found, descend
from potrun.search.likelihood.problem import make_problem

NAMES = ("energy_width", "scatter", "background")
LIMITS = ((0.1, 1.0), (2e-3, 1.0), (1e-3, 0.9))
"""Lowest and highest value of each."""

ROUNDS = 15
HALVINGS = 6
"""Of a move that does not raise ln L."""

STEPS = 12
FIRST_STEP = 0.15
LONGEST_MOVE = 0.5
"""In the logarithm of each."""

PLACES = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
"""Where the profile is told, in standard errors."""


@dataclass(frozen=True, eq=False)
class Preferred:
    """What the counts prefer, in the order of NAMES.

    Parameters
    ----------
    value : (3,) float64
    sigma_log : (3,) float64
        Standard errors of their logarithms; every sweep counts as one, however well it is described.
    profile : (3, 7) float64
        ln L below its highest at `PLACES`, the other two at their best.
    gain : float
        By how much ln L is higher than with the settings.
    is_found : bool
        Whether the search came to rest.
    """

    value: FloatArray
    sigma_log: FloatArray
    profile: FloatArray
    gain: float
    is_found: bool


def preferred(batch: LikelihoodBatch, settings: FitterConfig) -> Preferred:
    """Find them from sweeps that can all be fitted.

    Parameters
    ----------
    batch : LikelihoodBatch
    settings : FitterConfig
        Where to start.

    Returns
    -------
    Preferred
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _preferred(batch, settings)
    finally:
        torch.set_num_threads(before)


def _preferred(batch: LikelihoodBatch, settings: FitterConfig) -> Preferred:
    place = np.log([settings.likelihood.energy_width, settings.likelihood.scatter, settings.background])
    low, high = np.log(LIMITS).T
    found = _first(batch, settings)
    nominal, found = heights(batch, settings, place, found)
    size = np.full(3, FIRST_STEP)
    for _ in range(ROUNDS):
        design = np.array(_design())
        values = []
        for each in design:
            value, found = heights(batch, settings, np.clip(place + each * size, low, high), found)
            values.append(value)
        slope, curvature = _parabola(design, np.array(values))
        move = -np.linalg.solve(_positive(curvature), slope.sum(axis=1))
        change = np.clip(move * size, -LONGEST_MOVE, LONGEST_MOVE)
        for _ in range(HALVINGS):
            there, at = heights(batch, settings, np.clip(place + change, low, high), found)
            if there.sum() < values[0].sum():
                place, found = np.clip(place + change, low, high), at
                break
            change = change / 2.0
        else:
            change = np.zeros(3)
            change = design[int(np.argmin([value.sum() for value in values]))] * size
            place = np.clip(place + change, low, high)
        is_found = bool(np.abs(change / size).max() < 0.1)
        if is_found:
            break
        spread = np.sqrt(np.diag(np.linalg.inv(_positive(curvature)))) * size
        size = np.clip(3.0 * spread, 0.01, FIRST_STEP)
    inverse = np.linalg.inv(_positive(curvature))
    # Slopes of single sweeps at the highest place: how much they differ says how far it may be off.
    centred = slope + curvature @ move[:, None] / slope.shape[1]
    robust = inverse @ (centred @ centred.T) @ inverse
    sigma = np.sqrt(np.diag(robust)) * size
    best, found = heights(batch, settings, place, found)
    rows = []
    for column in range(3):
        along = inverse[:, column] / inverse[column, column] * (sigma[column] / size[column]) * size
        row = [heights(batch, settings, np.clip(place + step * along, low, high), found)[0].sum() for step in PLACES]
        rows.append(np.array(row) - best.sum())
    return Preferred(np.exp(place), sigma, np.array(rows), float(nominal.sum() - best.sum()), is_found)


def _first(batch: LikelihoodBatch, settings: FitterConfig) -> Found:
    problem = make_problem(batch, settings, torch.device("cpu"))
    return batched.best_two(problem, bounds_of(settings, torch.device("cpu")), settings)[0]


def heights(
    batch: LikelihoodBatch, settings: FitterConfig, place: FloatArray, start: Found
) -> tuple[FloatArray, Found]:
    """Compute -ln L of each sweep with given logarithms of width, scatter and background, (S,), and its minimum."""
    width, scatter, background = (float(value) for value in np.exp(place))
    own = replace(settings.likelihood, energy_width=width, scatter=scatter)
    changed = replace(settings, background=background, likelihood=own)
    device = torch.device("cpu")
    problem, bounds = make_problem(batch, changed, device), bounds_of(changed, device)
    is_free, sigma = departures.nominal(problem.n_sweeps, changed, device)
    # A spacecraft potential that is a little off would otherwise be taken for the instrument's.
    is_free[:, USC] = problem.usc_sigma > 0.0
    sigma[:, USC] = torch.where(problem.usc_sigma > 0.0, problem.usc_sigma, float("inf"))
    sweep = torch.arange(problem.n_sweeps)
    begin = (start.parameters, start.level)
    found = descend(problem, sweep, begin, is_free, sigma, bounds, changed, STEPS, (*NOMINAL, USC))
    saturated = (unsurpassed(problem.counts.to(torch.float64), scatter) * problem.weight).sum((1, 2))
    return (found.value + saturated).numpy(), found


def unsurpassed(counts: Tensor, scatter: float) -> Tensor:
    """Compute -ln L of a cell where the model gives exactly its counts: what the misfit leaves out; any shape.

    References
    ----------
    Of the negative binomial: Lawless 1987, doi:10.2307/3314912.
    """
    size = 1.0 / (scatter * scatter)
    whole = torch.lgamma(counts + 1.0) + torch.lgamma(torch.full_like(counts, size)) - torch.lgamma(counts + size)
    return whole + (counts + size) * torch.log1p(counts / size) - torch.xlogy(counts, counts / size)


def _design() -> list[FloatArray]:
    """Places of a parabola in three dimensions: the middle, both sides of each axis, and one corner of each pair."""
    unit = np.eye(3)
    corners = [unit[a] + unit[b] for a, b in combinations(range(3), 2)]
    return [np.zeros(3), *unit, *(-unit), *corners]


def _parabola(design: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slopes of each sweep, (3, S), and curvature of the sum, (3, 3), in steps of the design."""
    middle, up, down = values[0], values[1:4], values[4:7]
    slope = (up - down) / 2.0
    each = up + down - 2.0 * middle
    curvature = np.diag(each.sum(axis=1))
    for number, (a, b) in enumerate(combinations(range(3), 2)):
        mixed = values[7 + number] - middle - slope[a] - slope[b] - (each[a] + each[b]) / 2.0
        curvature[a, b] = curvature[b, a] = mixed.sum()
    assert len(design) == len(values)
    return slope, curvature


def _positive(matrix: FloatArray) -> FloatArray:
    """Return a matrix whose curvatures are positive: far from the highest place they need not be."""
    values, vectors = np.linalg.eigh(matrix)
    raised: FloatArray = (vectors * np.maximum(np.abs(values), 1e-6 * np.abs(values).max())) @ vectors.T
    return raised
