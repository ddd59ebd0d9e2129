"""Ends of intervals by bracketing: the nuisances go to their minimum at every potential tried."""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.search.likelihood.evaluate import T
from potrun.search.likelihood.newton import Found, descend
from potrun.search.likelihood.problem import Problem

ROUNDS = 5
"""Potentials that are tried for an end."""

STEPS = 6
"""Steps of the nuisances at each, at most."""


@dataclass(frozen=True, eq=False)
class Trials:
    """Ends of intervals to find, one each; limits and objectives in ln L."""

    sweep: Tensor
    side: Tensor
    limit: Tensor
    is_free: Tensor
    sigma: Tensor
    centre: Tensor
    base: Tensor

    def take(self, index: Tensor) -> "Trials":
        """Return some of them."""
        return Trials(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def bracketed(
    problem: Problem,
    trials: Trials,
    start: tuple[Tensor, Tensor, Tensor],
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
    columns: tuple[int, ...],
) -> tuple[Tensor, Found]:
    """Find the ends by bracketing; start is parameters, levels and a first distance. Returns t and the last place."""
    parameters, level, distance = (each.clone() for each in start)
    centre, limit, side = trials.centre, trials.limit, trials.side
    inner, inner_rise = torch.zeros_like(distance), torch.zeros_like(distance)
    outer, outer_rise = torch.full_like(distance, float("inf")), torch.full_like(distance, float("inf"))
    for _ in range(ROUNDS):
        parameters[:, T] = torch.minimum(torch.maximum(centre + side * distance, bounds[0][T]), bounds[1][T])
        distance = (parameters[:, T] - centre).abs()
        place = (parameters, level)
        found = descend(problem, trials.sweep, place, trials.is_free, trials.sigma, bounds, settings, STEPS, columns)
        parameters, level = found.parameters.clone(), found.level
        rise = torch.sqrt((found.value - trials.base).clamp(min=0.0))
        is_inside = rise * rise <= limit
        inner_rise = torch.where(is_inside & (distance >= inner), rise, inner_rise)
        inner = torch.where(is_inside, torch.maximum(inner, distance), inner)
        outer_rise = torch.where(~is_inside & (distance < outer), rise, outer_rise)
        outer = torch.where(is_inside, outer, torch.minimum(outer, distance))
        distance = _next(inner, inner_rise, outer, outer_rise, torch.sqrt(limit))
    end = torch.minimum(torch.maximum(centre + side * distance, bounds[0][T]), bounds[1][T])
    return end, found


def _next(inner: Tensor, inner_rise: Tensor, outer: Tensor, outer_rise: Tensor, wanted: Tensor) -> Tensor:
    """Guess the next distance, the rise being nearly a straight line: interpolate, or go on outwards."""
    bracketed = torch.isfinite(outer)
    share = ((wanted - inner_rise) / (outer_rise - inner_rise).clamp(min=1e-9)).clamp(0.02, 1.0)
    between = inner + share * (torch.where(bracketed, outer, inner) - inner)
    further = inner * (wanted / inner_rise.clamp(min=1e-3)).clamp(1.05, 3.0)
    return torch.where(bracketed, between, further)
