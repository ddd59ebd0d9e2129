"""Minima and intervals of many sweeps at once: a coarse grid, then second-order steps from its best minima."""

from collections.abc import Iterator

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.search.likelihood import departures, grid
from potrun.search.likelihood.evaluate import (
    AMPLITUDE,
    BARRIER,
    BARRIER_FIELD,
    EVERY,
    LOG_RATIO,
    N_PARAMETERS,
    NOMINAL,
    USC,
    T,
)
from potrun.search.likelihood.newton import SAME, Found, descend
from potrun.search.likelihood.problem import Problem
from potrun.search.likelihood.profile import interval
from potrun.search.likelihood.spread import curvature_error

STEPS = 25

VAGUE = 0.1
"""Standard error of t above which a sweep is searched again from more places, with less beam and with more."""

HOP = 1.0
"""Standard errors of t from which a minimum is gone down to once more."""

MORE_STARTS = 6
AMPLITUDES = (0.0, 2.0)

PASSES = 3
BETTER = 1e-3
"""By how much lower in ln L a place must be to search on from there."""


def kinds(is_free: Tensor) -> Iterator[tuple[Tensor, tuple[int, ...]]]:
    """Part sweeps by the parameters that are free, which costs each no more than it needs."""
    departs, usc, barrier = is_free.clone(), is_free[:, USC], is_free[:, BARRIER]
    departs[:, [*NOMINAL, USC, BARRIER, BARRIER_FIELD]] = False
    wide = departs.any(1) & ~barrier
    flat = tuple(column for column in EVERY if column not in (BARRIER, BARRIER_FIELD))
    few = ~wide & ~barrier
    for chosen, columns in (
        (barrier, EVERY),
        (wide, flat),
        (few & usc, (*NOMINAL, USC)),
        (few & ~usc, NOMINAL),
    ):
        index = torch.nonzero(chosen).squeeze(1)
        if len(index):
            yield index, columns


def settle(
    problem: Problem,
    start: Found,
    is_free: Tensor,
    sigma: Tensor,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
) -> Found:
    """Go down from given places over all that is free."""
    full = start.take(torch.arange(len(start.value), device=start.value.device))
    for index, columns in kinds(is_free):
        place = (start.parameters[index], start.level[index])
        found = descend(problem, index, place, is_free[index], sigma[index], bounds, settings, STEPS, columns)
        full.put(index, found)
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
    """Let departures in, and find intervals: minima, ends of the intervals (S, 4) and standard errors (S,) of t."""
    full = best.take(torch.arange(len(best.value), device=best.value.device))
    ends, spread = full.value.new_zeros(len(full.value), 4), torch.zeros_like(full.value)
    for every, columns in kinds(is_free):
        start, index = (best.parameters[every], best.level[every]), every
        for _ in range(PASSES):
            free, prior = is_free[index], sigma[index]
            found = descend(problem, index, start, free, prior, bounds, settings, STEPS, columns)
            end = interval(problem, index, found, prior, free, dispersion[index], bounds, settings, columns)
            full.put(index, found)
            ends[index], spread[index] = end.t, end.spread
            # The profile may come upon a lower place than the search did: then again from there.
            lower = end.lowest < found.value - BETTER
            if not lower.any():
                break
            start, index = (end.parameters[lower], end.level[lower]), index[lower]
    return full, ends, spread


def best_two(problem: Problem, bounds: tuple[Tensor, Tensor], settings: FitterConfig) -> tuple[Found, Found]:
    """Best and second best minimum on the nominal instrument; the same where all starts end at one place."""
    number = settings.likelihood.starts
    places = grid.starts(problem, settings, max(number, MORE_STARTS))
    count, device = problem.n_sweeps, problem.usc.device
    best, second = _descend_all(problem, torch.arange(count, device=device), places, number, 0.3, bounds, settings)
    is_free, sigma = departures.nominal(count, settings, device)
    _hop(problem, best, is_free, sigma, bounds, settings)
    vague = torch.nonzero(curvature_error(best.curvature, is_free) > VAGUE).squeeze(1)
    for amplitude in AMPLITUDES if len(vague) else ():
        other, another = _descend_all(problem, vague, places, MORE_STARTS, amplitude, bounds, settings)
        rivals = [best.take(vague), second.take(vague), other, another]
        first, next_best = _rank(rivals)
        best.put(vague, first)
        second.put(vague, next_best)
    return best, second


def _hop(
    problem: Problem, best: Found, is_free: Tensor, sigma: Tensor, bounds: tuple[Tensor, Tensor], settings: FitterConfig
) -> None:
    """Go down once more from either side: the share of a cell has kinks, at which a descent can stop."""
    spread = curvature_error(best.curvature, is_free)
    every = torch.arange(len(spread), device=spread.device)
    for side in (-HOP, HOP):
        parameters = best.parameters.clone()
        parameters[:, T] += side * spread
        parameters = torch.minimum(torch.maximum(parameters, bounds[0]), bounds[1])
        found = descend(problem, every, (parameters, best.level), is_free, sigma, bounds, settings, STEPS, NOMINAL)
        better = torch.nonzero(found.value < best.value).squeeze(1)
        best.put(better, found.take(better))


def _descend_all(
    problem: Problem,
    sweep: Tensor,
    places: grid.Starts,
    number: int,
    amplitude: float,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
) -> tuple[Found, Found]:
    """Go down from the first places of each of some sweeps; its best and second best."""
    trial = sweep.repeat_interleave(number)
    parameters = torch.zeros(len(trial), N_PARAMETERS, dtype=torch.float64, device=trial.device)
    parameters[:, T] = places.t[sweep, :number].reshape(-1)
    parameters[:, LOG_RATIO] = places.log_ratio[sweep, :number].reshape(-1)
    fixed = settings.beam_amplitude_fixed
    parameters[:, AMPLITUDE] = min(amplitude, settings.beam_amplitude_max) if fixed is None else fixed
    is_free, sigma = departures.nominal(len(trial), settings, trial.device)
    level = places.level[sweep, :number].reshape(len(trial), -1)
    found = descend(problem, trial, (parameters, level), is_free, sigma, bounds, settings, STEPS, NOMINAL, number)
    first = number * torch.arange(len(sweep), device=trial.device)
    return _rank([found.take(first + place) for place in range(number)])


def _rank(rivals: list[Found]) -> tuple[Found, Found]:
    """Best of each sweep, and the best of those elsewhere in t; the best again where there is none."""
    value = torch.stack([rival.value for rival in rivals], dim=1)
    here = torch.stack([rival.parameters[:, T] for rival in rivals], dim=1)
    best = torch.argmin(value, dim=1)
    same = ~torch.isfinite(value) | ((here - here.gather(1, best[:, None])).abs() < SAME)
    second = torch.argmin(torch.where(same, float("inf"), value), dim=1)
    second = torch.where(same.all(1), best, second)
    return _choose(rivals, best), _choose(rivals, second)


def _choose(rivals: list[Found], which: Tensor) -> Found:
    chosen = rivals[0].take(torch.arange(len(which), device=which.device))
    for place, rival in enumerate(rivals):
        index = torch.nonzero(which == place).squeeze(1)
        chosen.put(index, rival.take(index))
    return chosen
