"""Intervals of U from the profile: U held, everything else at its best.

An end is where the profile has risen by a limit. Potential and nuisances go there together (Venzon & Moolgavkar 1988,
doi:10.2307/2347496): at every place the nuisances' next step says how high the profile lies and how steep it is. What
has not arrived after a few steps is bracketed, the nuisances at their minimum at every potential.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.search.likelihood.bracket import STEPS, Trials, bracketed
from potrun.search.likelihood.evaluate import EVERY, LOG_RATIO, T, evaluate
from potrun.search.likelihood.newton import Found, Reduced, descend, movable, reduce, solve
from potrun.search.likelihood.problem import Problem
from potrun.search.likelihood.spread import towards

LIMITS = {"68": 0.49, "95": 1.92}
"""By how much ln L may be lower: half the square of a normal deviate of 0.99 and 1.96."""

TOGETHER = 8
"""Steps of potential and nuisances together."""

NEAR = 0.02
"""Distance in ln L at which an end counts as reached: one more step of the potential alone leaves far less."""


@dataclass(frozen=True, eq=False)
class Ends:
    """Ends of the intervals of S sweeps.

    `t` (S, 4): low and high end of 68 %, then of 95 %, a bound where the profile does not rise so far. `spread` (S,):
    standard error of t from the curvature. `lowest` (S,): least objective met on the way, at `parameters` (S, P) and
    `level` (S, E).
    """

    t: Tensor
    spread: Tensor
    lowest: Tensor
    parameters: Tensor
    level: Tensor


def interval(
    problem: Problem,
    sweep: Tensor,
    best: Found,
    sigma: Tensor,
    is_free: Tensor,
    dispersion: Tensor,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
    columns: tuple[int, ...] = EVERY,
) -> Ends:
    """Find where the profile rises by each limit.

    Parameters
    ----------
    problem : Problem
    sweep : (S,) int64
        Which sweeps of the problem.
    best : Found
        Their minima.
    sigma : (S, P) float64
    is_free : (S, P) bool
    dispersion : (S,) float64
        Factor of the limits.
    bounds : two of (P,) float64
    settings : FitterConfig
    columns : tuple of int
        Parameters that may be free at all.

    Returns
    -------
    Ends
    """
    count = len(best.value)
    spread, direction = towards(best.curvature, is_free)
    each = torch.arange(count, device=spread.device).repeat_interleave(4)
    held = is_free[each].clone()
    held[:, T] = False
    trials = Trials(
        sweep=sweep[each],
        side=spread.new_tensor([-1.0, 1.0, -1.0, 1.0]).repeat(count),
        limit=spread.new_tensor([LIMITS["68"], LIMITS["68"], LIMITS["95"], LIMITS["95"]]).repeat(count)
        * dispersion[each],
        is_free=held,
        sigma=sigma[each],
        centre=best.parameters[each, T],
        base=best.value[each],
    )
    distance = torch.sqrt(2.0 * trials.limit) * spread[each]
    parameters = _bounded(best.parameters[each] + (trials.side * distance)[:, None] * direction[each], bounds)
    parameters, level, value, t, is_done = _together(
        problem, trials, parameters, best.level[each], bounds, settings, columns
    )
    rest = torch.nonzero(~is_done).squeeze(1)
    if len(rest):
        start = (best.parameters[each[rest]], best.level[each[rest]], distance[rest])
        t[rest], found = bracketed(problem, trials.take(rest), start, bounds, settings, columns)
        parameters[rest], level[rest], value[rest] = found.parameters, found.level, found.value
    lowest = value.reshape(count, 4).argmin(1) + 4 * torch.arange(count, device=each.device)
    return Ends(t.reshape(count, 4), spread, value[lowest], parameters[lowest], level[lowest])


def heights(
    problem: Problem,
    best: Found,
    places: Tensor,
    sigma: Tensor,
    is_free: Tensor,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
) -> Tensor:
    """Height of the profile of a problem's only sweep at given places.

    Parameters
    ----------
    problem : Problem
    best : Found
    places : (N,) float64
        In t.
    sigma : (1, P) float64
    is_free : (1, P) bool
    bounds : two of (P,) float64
    settings : FitterConfig

    Returns
    -------
    (N,) float64
    """
    count = len(places)
    _, direction = towards(best.curvature, is_free)
    parameters = _bounded(best.parameters + (places - best.parameters[0, T])[:, None] * direction, bounds)
    parameters[:, T] = places
    held = is_free.repeat(count, 1)
    held[:, T] = False
    start = (parameters, best.level.repeat(count, 1))
    sweep = torch.zeros(count, dtype=torch.int64, device=places.device)
    return descend(problem, sweep, start, held, sigma.repeat(count, 1), bounds, settings, 4 * STEPS).value


def _bounded(parameters: Tensor, bounds: tuple[Tensor, Tensor]) -> Tensor:
    return torch.minimum(torch.maximum(parameters, bounds[0]), bounds[1])


def _together(
    problem: Problem,
    trials: Trials,
    parameters: Tensor,
    level: Tensor,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
    columns: tuple[int, ...],
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Move potential and nuisances towards each end; parameters, levels, objective, t, and whether it arrived."""
    parameters, level, some = parameters.clone(), level.clone(), list(columns)
    value, t = torch.full_like(trials.base, float("inf")), parameters[:, T].clone()
    is_done = torch.zeros_like(trials.side, dtype=torch.bool)
    index = torch.arange(len(t), device=t.device)
    for _ in range(TOGETHER):
        now = trials.take(index)
        place = evaluate(problem, now.sweep, parameters[index], level[index], now.sigma, settings, columns)
        reduced = reduce(place)
        height, slope, step, follow = _profile_at(reduced, parameters[index], now.is_free[:, some], bounds, columns)
        rise, distance = height - now.base, (parameters[index, T] - now.centre).abs()
        lacks = place.value - height
        further = _root(rise, slope * now.side, distance, now.limit)
        # As long as the nuisances are far from their minimum, only they move.
        further = torch.where(lacks < 1.0, further, distance)
        goal = now.centre + now.side * further
        goal = torch.minimum(torch.maximum(goal, bounds[0][T]), bounds[1][T])
        moved = goal - parameters[index, T]
        is_settled = lacks < NEAR
        arrived = is_settled & ((rise - now.limit).abs() < NEAR)
        stuck = is_settled & (moved == 0.0) & (rise < now.limit)
        value[index], t[index] = place.value, goal
        is_done[index] = arrived | stuck
        step = step + follow * moved[:, None]
        longest = (step[:, some.index(LOG_RATIO)].abs() / 0.25).clamp(min=1.0)
        step = step / longest[:, None]
        step[:, some.index(T)] = moved
        goes_on = ~(arrived | stuck) & torch.isfinite(step).all(1)
        change = reduced.level_step + (reduced.level_slope * torch.nan_to_num(step)[:, None, :]).sum(-1)
        moving = index[goes_on]
        level[moving] += change[goes_on].clamp(-2.0, 2.0)
        trial = parameters[moving]
        trial[:, some] += step[goes_on]
        parameters[moving] = _bounded(trial, bounds)
        index = moving
        if not len(index):
            break
    return parameters, level, value, t, is_done


def _profile_at(
    reduced: Reduced, parameters: Tensor, is_free: Tensor, bounds: tuple[Tensor, Tensor], columns: tuple[int, ...]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Height and slope of the profile here, the nuisances' step to their minimum, and how they follow t."""
    here = columns.index(T)
    moves = movable(parameters, reduced.gradient, is_free, bounds, columns)
    matrix = reduced.curvature * moves[:, :, None] * moves[:, None, :]
    diagonal = torch.diagonal(matrix, dim1=1, dim2=2)
    matrix = matrix + torch.diag_embed(torch.where(moves > 0, 1e-9 * diagonal + 1e-9, 1.0))
    push, coupling = reduced.gradient * moves, reduced.curvature[:, :, here] * moves
    solved = solve(matrix, torch.stack([push, coupling], dim=-1))
    step, follow = -solved[..., 0] * moves, -solved[..., 1] * moves
    height = reduced.value + 0.5 * (push * step).sum(1)
    slope = reduced.gradient[:, here] + (coupling * step).sum(1)
    return height, slope, step, follow


def _root(rise: Tensor, outward: Tensor, distance: Tensor, limit: Tensor) -> Tensor:
    """Guess at which distance the limit is reached: the root of the rise is nearly a straight line."""
    height, wanted = torch.sqrt(2.0 * rise.clamp(min=1e-6)), torch.sqrt(2.0 * limit)
    steep = outward / height
    # Where the profile is flat or falls outwards, its end lies further out.
    guess = torch.where(steep > 1e-9, distance + (wanted - height) / steep.clamp(min=1e-9), 2.0 * distance)
    return torch.minimum(torch.maximum(guess, 0.3 * distance), 2.0 * distance)
