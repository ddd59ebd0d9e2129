"""Fit by likelihood, batched: a coarse grid, second-order steps from its best minima, then intervals."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from potrun.core.device import ResolvedDevice
from potrun.core.records import FitResult, FitStatus, FloatArray, IntArray, IntervalFlag, LikelihoodDetail, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.counted import LikelihoodBatch
from potrun.search.base import OnProgress, make_result
from potrun.search.intervals import with_intervals
from potrun.search.likelihood import departures, grid
from potrun.search.likelihood.evaluate import (
    AMPLITUDE,
    ANISOTROPY,
    EVERY,
    LOG_RATIO,
    N_PARAMETERS,
    NOMINAL,
    U_OFFSET_V,
    USC,
    T,
)
from potrun.search.likelihood.newton import SAME, Found, descend
from potrun.search.likelihood.problem import Problem, make_problem
from potrun.search.likelihood.profile import LIMITS, curvature_error, interval

CPU_CHUNK = 128
GPU_CHUNK = 1024
STEPS = 25

PASSES = 3
BETTER = 1e-3
"""By how much lower in ln L a place must be to search on from there."""

COLUMNS = ("u", "ratio", "amplitude", "anisotropy", "value", "freedom", "second_u", "second_worse", "statistical",
           "systematic", "usc", "lo68", "hi68", "lo95", "hi95", "apart")  # fmt: skip


@dataclass(frozen=True)
class _Outcome:
    index: IntArray
    numbers: dict[str, FloatArray]


def bounds_of(settings: FitterConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    """Lowest and highest value of every parameter, two of (P,)."""
    fixed = settings.beam_amplitude_fixed
    low_a, high_a = (fixed, fixed) if fixed is not None else (0.0, settings.beam_amplitude_max)
    low = [np.log(U_OFFSET_V - settings.u_max_v), np.log(settings.ratio_min), low_a, -0.9, -3.0, -2.0, -50.0, -1.0]
    high = [np.log(U_OFFSET_V - settings.u_min_v), np.log(settings.ratio_max), high_a, 9.0, 3.0, 2.0, 50.0, 1.0]
    return (
        torch.tensor([*low, -20.0, -20.0], dtype=torch.float64, device=device),
        torch.tensor([*high, 20.0, 20.0], dtype=torch.float64, device=device),
    )


class LikelihoodFitter:
    """Fit counts with the folded model.

    Parameters
    ----------
    settings : FitterConfig
    device : ResolvedDevice
    batch_size : int or None
        Sweeps fitted together; results do not depend on it.
    """

    def __init__(self, settings: FitterConfig, device: ResolvedDevice, batch_size: int | None = None) -> None:
        self.settings = settings
        self.device = device
        self.batch_size = batch_size or (CPU_CHUNK if device.name == "cpu" else GPU_CHUNK)

    def fit(self, batch: SweepBatch, on_progress: OnProgress | None = None) -> FitResult:
        """Fit every sweep whose status is OK; see :class:`potrun.search.base.Fitter`.

        Raises
        ------
        TypeError
            If the batch holds fluxes alone.
        """
        if not isinstance(batch, LikelihoodBatch):
            raise TypeError(f"{type(batch).__name__} found, LikelihoodBatch expected: build it with method=likelihood")
        numbers = {name: np.full(batch.n_sweeps, np.nan) for name in COLUMNS}
        finished = int((batch.status != FitStatus.OK).sum())
        for outcome in self._outcomes(batch):
            for name, values in outcome.numbers.items():
                numbers[name][outcome.index] = values
            finished += len(outcome.index)
            if on_progress is not None:
                on_progress(finished, 2.0 * outcome.numbers["value"])
        return self._result(batch, numbers)

    def _outcomes(self, batch: LikelihoodBatch) -> Iterator[_Outcome]:
        good = np.flatnonzero(batch.status == FitStatus.OK)
        size = min(self.batch_size, max(1, -(-len(good) // self.device.threads)))
        pieces = [good[i : i + size] for i in range(0, len(good), size)]
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            if self.device.name != "cpu" or self.device.threads == 1:
                yield from (self._chunk(batch, piece) for piece in pieces)
            else:
                with ThreadPoolExecutor(self.device.threads) as pool:
                    yield from pool.map(lambda piece: self._chunk(batch, piece), pieces)
        finally:
            torch.set_num_threads(before)

    def _chunk(self, batch: LikelihoodBatch, index: IntArray) -> _Outcome:
        settings, device = self.settings, self.device.torch_device
        torch.set_num_threads(1)
        problem = make_problem(batch.take(index), settings, device)
        bounds = bounds_of(settings, device)
        best, second = best_two(problem, bounds, settings)
        freedom = problem.weight.sum((1, 2)) - (problem.weight.amax(2)).sum(1) - 4.0
        is_free, _ = departures.nominal(problem.n_sweeps, settings, device)
        numbers = {
            "value": best.value,
            "freedom": freedom,
            "second_u": (torch.exp(best.parameters[:, T]) - torch.exp(second.parameters[:, T])).abs(),
            "second_worse": second.value - best.value,
        }
        narrow = curvature_error(best.curvature, is_free)
        deviance = 2.0 * best.value / freedom.clamp(min=1.0)
        wider, prior = departures.departing(deviance, problem.usc_sigma, settings, device)
        full, ends, spread = finish(problem, best, wider, prior, bounds, settings)
        size = torch.exp(full.parameters[:, T])
        u = U_OFFSET_V - torch.exp(ends)
        numbers |= {
            "u": U_OFFSET_V - size,
            "ratio": torch.exp(full.parameters[:, LOG_RATIO]),
            "amplitude": full.parameters[:, AMPLITUDE],
            "anisotropy": full.parameters[:, ANISOTROPY],
            "statistical": size * torch.minimum(narrow, spread),
            "systematic": size * torch.sqrt((spread**2 - narrow**2).clamp(min=0.0)),
            "usc": size * _usc_part(full, wider, spread),
            "lo68": u[:, 1],
            "hi68": u[:, 0],
            "lo95": u[:, 3],
            "hi95": u[:, 2],
        }
        second_u = U_OFFSET_V - torch.exp(second.parameters[:, T])
        outside = (second_u < numbers["lo95"]) | (second_u > numbers["hi95"])
        numbers["apart"] = torch.zeros_like(second_u)
        for percent, bit in (("68", IntervalFlag.DISJOINT_68), ("95", IntervalFlag.DISJOINT_95)):
            apart = outside & (numbers["second_worse"] <= LIMITS[percent])
            numbers["apart"] += apart * float(bit)
            low, high = f"lo{percent}", f"hi{percent}"
            numbers[low] = torch.where(apart, torch.minimum(numbers[low], second_u), numbers[low])
            numbers[high] = torch.where(apart, torch.maximum(numbers[high], second_u), numbers[high])
        return _Outcome(index, {name: values.cpu().numpy() for name, values in numbers.items()})

    def _result(self, batch: LikelihoodBatch, numbers: dict[str, FloatArray]) -> FitResult:
        parameters = np.stack([numbers["u"], numbers["ratio"], numbers["amplitude"]], axis=1)
        result = make_result(batch, parameters, self.settings, chi2=2.0 * numbers["value"])
        deviance = 2.0 * numbers["value"] / np.maximum(numbers["freedom"], 1.0)
        with np.errstate(invalid="ignore"):
            detail = LikelihoodDetail(
                anisotropy=numbers["anisotropy"],
                deviance_per_freedom=deviance,
                is_misfit=deviance > self.settings.likelihood.misfit_max,
                second_u_v=numbers["second_u"],
                second_worse_by=numbers["second_worse"],
                sigma_statistical_v=numbers["statistical"],
                sigma_systematic_v=numbers["systematic"],
                sigma_usc_v=numbers["usc"],
            )
            result = replace(result, likelihood=detail)
            if not self.settings.intervals:
                return result
            flag = (
                np.nan_to_num(numbers["apart"])
                + (numbers["lo95"] <= self.settings.u_min_v + 1e-6) * int(IntervalFlag.LOWER_OPEN)
                + (numbers["hi95"] >= self.settings.u_max_v - 1e-6) * int(IntervalFlag.UPPER_OPEN)
                + (numbers["hi95"] >= 0.0) * int(IntervalFlag.UPPER_LIMIT_ONLY)
            )
        ends = np.stack([numbers[name] for name in ("lo68", "hi68", "lo95", "hi95")] + [flag], axis=1)
        return with_intervals(result, ends, self.settings)


def kinds(is_free: Tensor) -> Iterator[tuple[Tensor, tuple[int, ...]]]:
    """Part sweeps by the parameters that are free, which costs each no more than it needs."""
    departs, usc = is_free.clone(), is_free[:, USC]
    departs[:, [*NOMINAL, USC]] = False
    wide = departs.any(1)
    for chosen, columns in ((wide, EVERY), (~wide & usc, (*NOMINAL, USC)), (~wide & ~usc, NOMINAL)):
        index = torch.nonzero(chosen).squeeze(1)
        if len(index):
            yield index, columns


def finish(
    problem: Problem,
    best: Found,
    is_free: Tensor,
    sigma: Tensor,
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
            end = interval(problem, index, found, prior, free, bounds, settings, columns)
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
    start = grid.starts(problem, settings)
    count, number = start.t.shape
    device = start.t.device
    sweep = torch.arange(count, device=device).repeat_interleave(number)
    parameters = torch.zeros(len(sweep), N_PARAMETERS, dtype=torch.float64, device=device)
    parameters[:, T], parameters[:, LOG_RATIO] = start.t.reshape(-1), start.log_ratio.reshape(-1)
    fixed = settings.beam_amplitude_fixed
    parameters[:, AMPLITUDE] = 0.3 * min(1.0, settings.beam_amplitude_max) if fixed is None else fixed
    is_free, sigma = departures.nominal(len(sweep), settings, device)
    level = start.level.reshape(len(sweep), -1)
    found = descend(problem, sweep, (parameters, level), is_free, sigma, bounds, settings, STEPS, NOMINAL, number)
    value = found.value.reshape(count, number)
    best = torch.argmin(value, dim=1)
    here = found.parameters[:, T].reshape(count, number)
    same = ~torch.isfinite(value) | ((here - here.gather(1, best[:, None])).abs() < SAME)
    second = torch.argmin(torch.where(same, float("inf"), value), dim=1)
    second = torch.where(same.all(1), best, second)
    first = number * torch.arange(count, device=device)
    return found.take(first + best), found.take(first + second)


def _usc_part(found: Found, is_free: Tensor, spread: Tensor) -> Tensor:
    """Part of the standard error of t that vanishes if the spacecraft potential is held, (S,)."""
    held = is_free.clone()
    held[:, USC] = False
    return torch.sqrt((spread**2 - curvature_error(found.curvature, held) ** 2).clamp(min=0.0))
