"""Intervals of U from the profile: U held, everything else at its best."""

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.search.likelihood.evaluate import T
from potrun.search.likelihood.newton import Found, descend
from potrun.search.likelihood.problem import Problem

LIMITS = {"68": 0.49, "95": 1.92}
"""By how much ln L may be lower: half the square of a normal deviate of 0.99 and 1.96."""

ROUNDS = 4
STEPS = 4


def interval(
    problem: Problem,
    best: Found,
    sigma: Tensor,
    is_free: Tensor,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
) -> tuple[Tensor, Tensor, Tensor]:
    """Find where the profile rises by each limit.

    Returns
    -------
    ends : (S, 4) float64
        t at the low and high end of 68 %, then of 95 %; a bound where the profile does not rise so far.
    spread : (S,) float64
        Standard error of t from the curvature.
    lowest : (S,) float64
        Least objective met on the way; below the best one's where the search had not arrived.
    """
    count = len(best.value)
    spread = curvature_error(best.curvature, is_free)
    sweep = torch.arange(count, device=spread.device).repeat_interleave(4)
    side = spread.new_tensor([-1.0, 1.0, -1.0, 1.0]).repeat(count)
    limit = spread.new_tensor([LIMITS["68"], LIMITS["68"], LIMITS["95"], LIMITS["95"]]).repeat(count)
    held = is_free[sweep].clone()
    held[:, T] = False
    centre, base = best.parameters[sweep, T], best.value[sweep]
    distance = torch.sqrt(2.0 * limit) * spread[sweep]
    inner, inner_rise = torch.zeros_like(distance), torch.zeros_like(distance)
    outer, outer_rise = torch.full_like(distance, float("inf")), torch.full_like(distance, float("inf"))
    parameters, level = best.parameters[sweep].clone(), best.level[sweep].clone()
    lowest = best.value.clone()
    for _ in range(ROUNDS):
        parameters[:, T] = torch.minimum(torch.maximum(centre + side * distance, bounds[0][T]), bounds[1][T])
        distance = (parameters[:, T] - centre).abs()
        found = descend(problem, sweep, (parameters, level), held, sigma[sweep], bounds, settings, STEPS)
        parameters, level = found.parameters.clone(), found.level
        rise = torch.sqrt((found.value - base).clamp(min=0.0))
        lowest = torch.minimum(lowest, found.value.reshape(count, 4).amin(1))
        is_inside = rise * rise <= limit
        inner_rise = torch.where(is_inside & (distance >= inner), rise, inner_rise)
        inner = torch.where(is_inside, torch.maximum(inner, distance), inner)
        outer_rise = torch.where(~is_inside & (distance < outer), rise, outer_rise)
        outer = torch.where(is_inside, outer, torch.minimum(outer, distance))
        distance = _next(inner, inner_rise, outer, outer_rise, torch.sqrt(limit))
    end = torch.minimum(torch.maximum(centre + side * distance, bounds[0][T]), bounds[1][T])
    return end.reshape(count, 4), spread, lowest


def _next(inner: Tensor, inner_rise: Tensor, outer: Tensor, outer_rise: Tensor, wanted: Tensor) -> Tensor:
    """Guess the next distance, the rise being nearly a straight line: interpolate, or go on outwards."""
    bracketed = torch.isfinite(outer)
    share = ((wanted - inner_rise) / (outer_rise - inner_rise).clamp(min=1e-9)).clamp(0.02, 1.0)
    between = inner + share * (torch.where(bracketed, outer, inner) - inner)
    further = inner * (wanted / inner_rise.clamp(min=1e-3)).clamp(1.05, 3.0)
    return torch.where(bracketed, between, further)


def curvature_error(curvature: Tensor, is_free: Tensor) -> Tensor:
    """Find the standard error of t with all other free parameters at their best, (S,)."""
    free = is_free.to(curvature.dtype)
    matrix = curvature * free[:, :, None] * free[:, None, :]
    diagonal = torch.diagonal(matrix, dim1=1, dim2=2)
    matrix = matrix + torch.diag_embed(torch.where(free > 0, diagonal * 1e-9 + 1e-9, 1.0))
    column = torch.zeros_like(free)
    column[:, T] = 1.0
    solved = torch.linalg.solve_ex(matrix, column[..., None])[0][:, T, 0]
    return torch.sqrt(solved.clamp(1e-10, 4.0))
