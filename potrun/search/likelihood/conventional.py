"""The same minima and intervals with scipy alone, sweep by sweep: slow, and what the batched search is judged by."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import brentq, minimize
from scipy.stats import qmc
from torch import Tensor

from potrun.core.records import FloatArray
from potrun.core.settings import FitterConfig
from potrun.search.likelihood import departures
from potrun.search.likelihood.batched import kinds
from potrun.search.likelihood.evaluate import NOMINAL, T, evaluate
from potrun.search.likelihood.newton import SAME, Found, reduce
from potrun.search.likelihood.problem import Problem
from potrun.search.likelihood.profile import LIMITS
from potrun.search.likelihood.spread import curvature_error

LOOKS = 32
"""Places of a Sobol sequence that are looked at."""

STARTS = 5
"""The best of them that are started from."""

LEVEL_STEPS = 30
LEVEL_TOLERANCE = 1e-7
"""Half the square of what the levels lack, in ln L."""


@dataclass(frozen=True, eq=False)
class Objective:
    """-ln L of one sweep as a function of the free parameters, the levels of all rows at their best.

    Scaled so that every parameter's curvature at the start is about one.
    """

    problem: Problem
    sweep: Tensor
    sigma: Tensor
    columns: tuple[int, ...]
    settings: FitterConfig
    bounds: tuple[Tensor, Tensor]

    def at(self, parameters: Tensor, level: Tensor) -> tuple[Found, FloatArray]:
        """Solve for the levels; parameters (P,), levels (E,). Returns the place and the gradient by all columns."""
        level = level[None].clone()
        for _ in range(LEVEL_STEPS):
            place = evaluate(self.problem, self.sweep, parameters[None], level, self.sigma, self.settings, self.columns)
            step = -place.level_gradient / place.level_curvature
            if float(-(step * place.level_gradient).sum()) < LEVEL_TOLERANCE:
                break
            level = level + step.clamp(-2.0, 2.0)
        curvature = torch.zeros(1, len(parameters), len(parameters), dtype=torch.float64)
        index = torch.tensor(self.columns)
        curvature[:, index[:, None], index[None, :]] = reduce(place).curvature
        return Found(parameters[None], level, place.value, curvature), place.gradient[0].numpy()

    def lowest(self, start: Found, free: list[int]) -> Found:
        """Go down from a place by the parameters of `free`, with L-BFGS-B."""
        if not free:
            return self.at(start.parameters[0], start.level[0])[0]
        here = self.at(start.parameters[0], start.level[0])[0]
        scale = 1.0 / np.sqrt(np.maximum(torch.diagonal(here.curvature[0])[free].numpy(), 1e-6))
        gradient_of = [self.columns.index(column) for column in free]
        best = here

        def value(x: FloatArray) -> tuple[float, FloatArray]:
            nonlocal best
            parameters = best.parameters[0].clone()
            parameters[free] = torch.from_numpy(x * scale)
            place, gradient = self.at(parameters, best.level[0])
            if float(place.value[0]) < float(best.value[0]):
                best = place
            return float(place.value[0]), gradient[gradient_of] * scale

        limits = [self.bounds[side][free].numpy() / scale for side in (0, 1)]
        minimize(
            value,
            here.parameters[0][free].numpy() / scale,
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(*limits, strict=True)),
            options={"maxiter": 200, "ftol": 1e-13, "gtol": 1e-4},
        )
        return best


def best_two(problem: Problem, bounds: tuple[Tensor, Tensor], settings: FitterConfig) -> tuple[Found, Found]:
    """Best and second best minimum of each sweep from a sample of places; see :mod:`batched`."""
    pairs = [_best_two(problem, sweep, bounds, settings) for sweep in range(problem.n_sweeps)]
    first, second = zip(*pairs, strict=True)
    return _join(list(first)), _join(list(second))


def _best_two(
    problem: Problem, sweep: int, bounds: tuple[Tensor, Tensor], settings: FitterConfig
) -> tuple[Found, Found]:
    is_free, sigma = departures.nominal(1, settings, torch.device("cpu"))
    free = [column for column in NOMINAL if is_free[0, column]]
    objective = Objective(problem, torch.tensor([sweep]), sigma, NOMINAL, settings, bounds)
    places = qmc.Sobol(len(NOMINAL), scramble=False).random(LOOKS)
    low, high = (bound[list(NOMINAL)].clone() for bound in bounds)
    # A beam or an anisotropy of more than this is seldom, and found on the way.
    high[2:] = torch.minimum(high[2:], torch.maximum(low[2:], torch.tensor([1.0, 1.0], dtype=torch.float64)))
    low[3], high[3] = (-0.5, 1.0) if is_free[0, NOMINAL[3]] else (0.0, 0.0)
    seen = []
    for place in places:
        parameters = torch.zeros(len(bounds[0]), dtype=torch.float64)
        parameters[list(NOMINAL)] = low + torch.from_numpy(place) * (high - low)
        seen.append(objective.at(parameters, _first_level(problem, sweep))[0])
    seen.sort(key=lambda found: float(found.value[0]))
    minima = [objective.lowest(start, free) for start in seen[:STARTS]]
    minima.sort(key=lambda found: float(found.value[0]))
    best = minima[0]
    others = [one for one in minima if abs(float(one.parameters[0, T] - best.parameters[0, T])) >= SAME]
    return best, others[0] if others else best


def _first_level(problem: Problem, sweep: int) -> Tensor:
    """Levels if all cells saw the incident flux, (E,)."""
    counts, sensitivity = problem.counts[sweep].sum(-1), problem.sensitivity[sweep].sum(-1)
    return torch.where(sensitivity > 0.0, torch.log(counts.clamp(min=0.1) / sensitivity.clamp(min=1e-30)), 0.0)


def settle(
    problem: Problem,
    start: Found,
    is_free: Tensor,
    sigma: Tensor,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
) -> Found:
    """Go down from given places, sweep by sweep; see :mod:`batched`."""
    full = start.take(torch.arange(len(start.value)))
    for index, columns in kinds(is_free):
        for sweep in index.tolist():
            one = torch.tensor([sweep])
            objective = Objective(problem, one, sigma[one], columns, settings, bounds)
            full.put(one, objective.lowest(start.take(one), torch.nonzero(is_free[sweep]).squeeze(1).tolist()))
    return full


def finish(
    problem: Problem,
    best: Found,
    is_free: Tensor,
    sigma: Tensor,
    dispersion: Tensor,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
) -> tuple[Found, Tensor, Tensor]:
    """Let departures in and find intervals, sweep by sweep; see :mod:`batched`."""
    full = best.take(torch.arange(problem.n_sweeps))
    ends, spread = torch.zeros(problem.n_sweeps, 4, dtype=torch.float64), torch.zeros_like(full.value)
    for index, columns in kinds(is_free):
        for sweep in index.tolist():
            one = torch.tensor([sweep])
            objective = Objective(problem, one, sigma[one], columns, settings, bounds)
            free = torch.nonzero(is_free[sweep]).squeeze(1).tolist()
            found = objective.lowest(best.take(one), free)
            full.put(one, found)
            spread[sweep] = curvature_error(found.curvature, is_free[one])[0]
            ends[sweep] = _ends(objective, found, free, float(spread[sweep]), float(dispersion[sweep]))
    return full, ends, spread


def _ends(objective: Objective, best: Found, free: list[int], spread: float, dispersion: float) -> Tensor:
    """Find where the profile has risen by each limit, by Brent's method; (4,)."""
    others = [column for column in free if column != T]
    centre, base = float(best.parameters[0, T]), float(best.value[0])
    low, high = float(objective.bounds[0][T]), float(objective.bounds[1][T])
    ends = []
    for limit in LIMITS.values():
        for side in (-1.0, 1.0):
            rise = _rise(objective, best, others, base + dispersion * limit)
            outer = min(max(centre + side * 2.0 * spread * dispersion**0.5, low), high)
            while rise(outer) < 0.0 and low < outer < high:
                outer = min(max(centre + 1.6 * (outer - centre), low), high)
            ends.append(outer if rise(outer) <= 0.0 else brentq(rise, centre, outer, xtol=1e-5 * spread + 1e-9))
    return torch.tensor(ends, dtype=torch.float64)


def _rise(objective: Objective, best: Found, others: list[int], goal: float) -> Callable[[float], float]:
    """Return the profile at t, less what it is to reach."""
    latest = best

    def rise(t: float) -> float:
        nonlocal latest
        parameters = latest.parameters.clone()
        parameters[0, T] = t
        latest = objective.lowest(Found(parameters, latest.level, latest.value, latest.curvature), others)
        return float(latest.value[0]) - goal

    return rise


def _join(founds: list[Found]) -> Found:
    names = ("parameters", "level", "value", "curvature")
    return Found(*(torch.cat([getattr(found, name) for found in founds]) for name in names))
