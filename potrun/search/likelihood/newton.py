"""Second-order steps to a minimum: Fisher scoring with Levenberg's damping, levels of rows solved for inside."""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.search.likelihood.evaluate import N_PARAMETERS, Place, evaluate
from potrun.search.likelihood.problem import Problem

TOLERANCE = 1e-5
"""A trial has arrived once a step promises less than this in ln L."""


@dataclass(frozen=True, eq=False)
class Found:
    """Where B trials ended: parameters (B, P), ln levels (B, E), objective (B,), curvature of parameters (B, P, P)."""

    parameters: Tensor
    level: Tensor
    value: Tensor
    curvature: Tensor


def descend(
    problem: Problem,
    sweep: Tensor,
    start: tuple[Tensor, Tensor],
    is_free: Tensor,
    sigma: Tensor,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
    steps: int,
) -> Found:
    """Go down from given parameters; every trial stops by itself, whatever the others do.

    Parameters
    ----------
    problem : Problem
    sweep : (B,) int64
    start : (B, P) and (B, E) float64
    is_free : (B, P) bool
        Parameters that may move.
    sigma : (B, P) float64
    bounds : two of (P,) float64
    settings : FitterConfig
    steps : int
        At most.

    Returns
    -------
    Found
    """
    parameters, level = start[0].clone(), start[1].clone()
    here = evaluate(problem, sweep, parameters, level, sigma, settings)
    damping = torch.full_like(here.value, 1e-3)
    is_open = torch.ones_like(sweep, dtype=torch.bool)
    for _ in range(steps):
        index = torch.nonzero(is_open).squeeze(1)
        if not len(index):
            break
        state = Place(*(getattr(here, name)[index] for name in Place.__dataclass_fields__))
        step, level_step, promise = _step(state, parameters[index], is_free[index], damping[index], bounds)
        trial = torch.minimum(torch.maximum(parameters[index] + step, bounds[0]), bounds[1])
        trial_level = level[index] + level_step
        there = evaluate(problem, sweep[index], trial, trial_level, sigma[index], settings)
        better = there.value < state.value
        won = index[better]
        parameters[won], level[won] = trial[better], trial_level[better]
        for name in Place.__dataclass_fields__:
            getattr(here, name)[won] = getattr(there, name)[better]
        damping[index] = torch.where(better, damping[index] * 0.1, damping[index] * 8.0).clamp(1e-9, 1e9)
        arrived = torch.where(better, state.value - there.value < TOLERANCE, damping[index] > 1e6)
        is_open[index] = ~(arrived & (promise < 1e3)) & (promise > 0.1 * TOLERANCE)
    return Found(parameters, level, here.value, _profiled(here))


def _profiled(place: Place) -> Tensor:
    """Curvature of the parameters with the levels of all rows at their best."""
    return place.curvature - torch.matmul(place.mixed.mT, place.mixed / place.level_curvature[..., None])


def _step(
    place: Place, parameters: Tensor, is_free: Tensor, damping: Tensor, bounds: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """One damped step of parameters and levels, and the decrease that it promises."""
    gradient = place.gradient - (place.mixed * (place.level_gradient / place.level_curvature)[..., None]).sum(1)
    pushes_out = ((parameters <= bounds[0]) & (gradient > 0)) | ((parameters >= bounds[1]) & (gradient < 0))
    moves = (is_free & ~pushes_out).to(gradient.dtype)
    matrix = _profiled(place) * moves[:, :, None] * moves[:, None, :]
    diagonal = torch.diagonal(place.curvature, dim1=1, dim2=2)
    extra = torch.where(moves > 0, damping[:, None] * diagonal + 1e-9, 1.0)
    step = -torch.linalg.solve_ex(matrix + torch.diag_embed(extra), (gradient * moves)[..., None])[0][..., 0]
    step = step * moves
    # One step may not jump over the landscape: an e-fold of the potential's size or of r.
    longest = (step[:, :2].abs() / step.new_tensor([0.7, 0.25])).amax(1, keepdim=True).clamp(min=1.0)
    step = step / longest
    level_step = -(place.level_gradient + (place.mixed * step[:, None, :]).sum(-1)) / place.level_curvature
    promise = -(gradient * moves * step).sum(1) + (place.level_gradient**2 / place.level_curvature).sum(1)
    assert step.shape[1] == N_PARAMETERS
    return step, level_step.clamp(-2.0, 2.0), promise
