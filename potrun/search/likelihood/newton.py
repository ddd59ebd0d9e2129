"""Second-order steps to a minimum: Fisher scoring with Levenberg's damping, levels of rows solved for inside."""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.search.likelihood.evaluate import EVERY, LOG_RATIO, Place, T, evaluate
from potrun.search.likelihood.problem import Problem

TOLERANCE = 1e-4
"""A trial has arrived once a step promises less than this in ln L."""

ROUNDING = 1e-2
"""Promises below this may be lost in the rounding of single precision: a trial that fails to keep one has arrived."""

LONGEST_STEP = {T: 0.7, LOG_RATIO: 0.25}
"""One step may not jump over the landscape: an e-fold of the potential's size or of r."""

HOPELESS = 15.0
"""Distance in ln L that a trial must be able to make good to go on beside a better one."""

SAME = 0.02
"""Distance in every parameter below which two trials go to one minimum."""


@dataclass(frozen=True, eq=False)
class Found:
    """Where B trials ended: parameters (B, P), ln levels (B, E), objective (B,), curvature of parameters (B, P, P)."""

    parameters: Tensor
    level: Tensor
    value: Tensor
    curvature: Tensor

    def take(self, index: Tensor) -> "Found":
        """Return some trials."""
        return Found(self.parameters[index], self.level[index], self.value[index], self.curvature[index])

    def put(self, index: Tensor, other: "Found") -> None:
        """Write others in the place of some trials."""
        for mine, theirs in zip(self._parts(), other._parts(), strict=True):
            mine[index] = theirs

    def _parts(self) -> tuple[Tensor, ...]:
        return (self.parameters, self.level, self.value, self.curvature)


@dataclass(frozen=True, eq=False)
class Reduced:
    """A place with the levels of all rows at their best for it, to second order.

    `value` (B,), `gradient` (B, N), `curvature` (B, N, N); `level_step` (B, E) is what the levels lack, `level_slope`
    (B, E, N) how they follow the parameters.
    """

    value: Tensor
    gradient: Tensor
    curvature: Tensor
    level_step: Tensor
    level_slope: Tensor


def reduce(place: Place) -> Reduced:
    """Solve for the levels of all rows.

    Parameters
    ----------
    place : Place

    Returns
    -------
    Reduced
    """
    step = -place.level_gradient / place.level_curvature
    slope = -place.mixed / place.level_curvature[..., None]
    return Reduced(
        value=place.value + 0.5 * (step * place.level_gradient).sum(1),
        gradient=place.gradient + (place.mixed * step[..., None]).sum(1),
        curvature=place.curvature + torch.bmm(place.mixed.mT, slope),
        level_step=step,
        level_slope=slope,
    )


def descend(
    problem: Problem,
    sweep: Tensor,
    start: tuple[Tensor, Tensor],
    is_free: Tensor,
    sigma: Tensor,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
    steps: int,
    columns: tuple[int, ...] = EVERY,
    rivals: int = 1,
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
    columns : tuple of int
        Parameters that may be free at all.
    rivals : int
        How many trials in turn start from one sweep. One that comes to where a better one is gets an infinite
        objective; one that can hardly become better than another stops where it is.

    Returns
    -------
    Found
    """
    parameters, level = start[0].clone(), start[1].clone()
    some = list(columns)
    here = evaluate(problem, sweep, parameters, level, sigma, settings, columns)
    damping = torch.full_like(here.value, 1e-3)
    index = torch.arange(len(sweep), device=sweep.device)
    for _ in range(steps):
        state = Place(*(part[index] for part in here.parts()))
        free = is_free[index][:, some]
        step, level_step, promise = _step(state, parameters[index], free, damping[index], bounds, columns)
        goes_on = promise > TOLERANCE
        index = index[goes_on]
        if not len(index):
            break
        trial = parameters[index]
        trial[:, some] += step[goes_on]
        trial = torch.minimum(torch.maximum(trial, bounds[0]), bounds[1])
        trial_level = level[index] + level_step[goes_on]
        there = evaluate(problem, sweep[index], trial, trial_level, sigma[index], settings, columns)
        better = there.value < here.value[index]
        won = index[better]
        parameters[won], level[won] = trial[better], trial_level[better]
        for old, new in zip(here.parts(), there.parts(), strict=True):
            old[won] = new[better]
        damping[index] = torch.where(better, damping[index] * 0.1, damping[index] * 8.0).clamp(1e-9, 1e9)
        remaining = better | ((promise[goes_on] > ROUNDING) & (damping[index] < 1e8))
        if rivals > 1:
            gap, is_same = _against_best(here.value, parameters, rivals)
            here.value[index] = torch.where(is_same[index], float("inf"), here.value[index])
            remaining = remaining & ~is_same[index] & (gap[index] < HOPELESS + 20.0 * promise[goes_on])
        index = index[remaining]
        if not len(index):
            break
    curvature = torch.zeros(*parameters.shape, parameters.shape[1], dtype=parameters.dtype, device=parameters.device)
    place = torch.tensor(some, device=parameters.device)
    curvature[:, place[:, None], place[None, :]] = reduce(here).curvature
    return Found(parameters, level, here.value, curvature)


def _against_best(value: Tensor, parameters: Tensor, rivals: int) -> tuple[Tensor, Tensor]:
    """How far each trial is above the best of its sweep, and whether it has come to the same place."""
    best = value.reshape(-1, rivals).argmin(1)
    best = (best + rivals * torch.arange(len(best), device=best.device)).repeat_interleave(rivals)
    away = (parameters - parameters[best]).abs().amax(1)
    is_other = best != torch.arange(len(best), device=best.device)
    return value - value[best], is_other & (away < SAME)


def solve(matrix: Tensor, vectors: Tensor) -> Tensor:
    """Solve for symmetric matrices (B, N, N) and vectors (B, N, M); NaN where a matrix is not positive definite."""
    factor, failed = torch.linalg.cholesky_ex(matrix)
    solved = torch.cholesky_solve(vectors, factor)
    return torch.where((failed == 0)[:, None, None], solved, float("nan"))


def movable(
    parameters: Tensor, gradient: Tensor, is_free: Tensor, bounds: tuple[Tensor, Tensor], columns: tuple[int, ...]
) -> Tensor:
    """Say which of the columns may move: free, and not pushed against a bound; (B, N) as numbers."""
    some = list(columns)
    low, high, place = bounds[0][some], bounds[1][some], parameters[:, some]
    pushes_out = ((place <= low) & (gradient > 0)) | ((place >= high) & (gradient < 0))
    return (is_free & ~pushes_out).to(gradient.dtype)


def _step(
    place: Place,
    parameters: Tensor,
    is_free: Tensor,
    damping: Tensor,
    bounds: tuple[Tensor, Tensor],
    columns: tuple[int, ...],
) -> tuple[Tensor, Tensor, Tensor]:
    """One damped step of parameters and levels, and the decrease that it promises."""
    reduced = reduce(place)
    moves = movable(parameters, reduced.gradient, is_free, bounds, columns)
    matrix = reduced.curvature * moves[:, :, None] * moves[:, None, :]
    diagonal = torch.diagonal(place.curvature, dim1=1, dim2=2)
    extra = torch.where(moves > 0, damping[:, None] * diagonal + 1e-9, 1.0)
    push = reduced.gradient * moves
    step = -solve(matrix + torch.diag_embed(extra), push[..., None])[..., 0] * moves
    # Rounding left no positive curvature: go down the slope, as far as the undamped diagonal allows.
    step = torch.where(torch.isfinite(step), step, -push / (diagonal + 1e-9) * moves)
    limit = step.new_tensor([LONGEST_STEP.get(column, float("inf")) for column in columns])
    step = step / (step.abs() / limit).amax(1, keepdim=True).clamp(min=1.0)
    level_step = reduced.level_step + (reduced.level_slope * step[:, None, :]).sum(-1)
    promise = -(push * step).sum(1) - (place.level_gradient * reduced.level_step).sum(1)
    return step, level_step.clamp(-2.0, 2.0), promise
