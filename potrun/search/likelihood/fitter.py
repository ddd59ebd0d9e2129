"""Fit by likelihood, batched: a coarse grid, second-order steps from its best minima, then intervals."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from potrun.core.device import ResolvedDevice
from potrun.core.records import FitResult, FitStatus, FloatArray, IntArray, IntervalFlag, LikelihoodDetail, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.counted import LikelihoodBatch
from potrun.search.base import OnProgress, make_result
from potrun.search.intervals import with_intervals
from potrun.search.likelihood import batched, departures
from potrun.search.likelihood.evaluate import AMPLITUDE, ANISOTROPY, LOG_RATIO, U_OFFSET_V, T
from potrun.search.likelihood.limits import bounds_of
from potrun.search.likelihood.newton import Found
from potrun.search.likelihood.problem import Problem, make_problem
from potrun.search.likelihood.profile import LIMITS
from potrun.search.likelihood.spread import curvature_error

log = logging.getLogger(__name__)

CPU_CHUNK = 128
BYTES_PER_SWEEP = 4_000_000
"""What a sweep's table, its starts and the ends of its intervals take at once on a GPU, generously."""

MOST_ON_GPU = 8192
COLUMNS = ("u", "ratio", "amplitude", "anisotropy", "value", "deviance", "dispersion", "spread", "second_u",
           "second_worse", "statistical", "systematic", "usc", "lo68", "hi68", "lo95", "hi95", "apart")  # fmt: skip


@dataclass(frozen=True)
class _Outcome:
    index: IntArray
    numbers: dict[str, FloatArray]


class Search(Protocol):
    """How minima and intervals are found; :mod:`batched` and :mod:`conventional` are two ways."""

    def best_two(self, problem: Problem, bounds: tuple[Tensor, Tensor], settings: FitterConfig) -> tuple[Found, Found]:
        """Best and second best minimum on the nominal instrument; the same where there is but one."""
        ...

    def settle(
        self,
        problem: Problem,
        start: Found,
        is_free: Tensor,
        sigma: Tensor,
        bounds: tuple[Tensor, Tensor],
        settings: FitterConfig,
    ) -> Found:
        """Minima over all that is free, from given places."""
        ...

    def finish(
        self,
        problem: Problem,
        best: Found,
        is_free: Tensor,
        sigma: Tensor,
        dispersion: Tensor,
        bounds: tuple[Tensor, Tensor],
        settings: FitterConfig,
    ) -> tuple[Found, Tensor, Tensor]:
        """Minima, ends of the intervals (S, 4) and standard errors (S,) of t.

        ln L falls by `dispersion` (S,) times the limits at the ends; the standard errors are of a dispersion of 1.
        """
        ...


def sweeps_at_once(device: ResolvedDevice) -> int:
    """Choose how many sweeps a device fits together: on a GPU, what half of its free memory holds."""
    if device.name == "cpu":
        return CPU_CHUNK
    free = torch.cuda.mem_get_info()[0] if device.name == "cuda" else BYTES_PER_SWEEP * CPU_CHUNK
    return sweeps_in(free)


def sweeps_in(free_bytes: int) -> int:
    """Return how many sweeps half of some memory holds, at least one and at most `MOST_ON_GPU`."""
    return max(1, min(MOST_ON_GPU, free_bytes // 2 // BYTES_PER_SWEEP))


class LikelihoodFitter:
    """Fit counts with the folded model.

    Parameters
    ----------
    settings : FitterConfig
    device : ResolvedDevice
    batch_size : int or None
        Sweeps fitted together; results do not depend on it.
    search : Search
        By default the batched one; another takes sweep by sweep, in double precision.
    """

    def __init__(
        self,
        settings: FitterConfig,
        device: ResolvedDevice,
        batch_size: int | None = None,
        search: Search = batched,
    ) -> None:
        self.search = search
        self.kind = device.dtype if search is batched else torch.float64
        self.settings = settings
        self.device = device
        self.batch_size = batch_size or sweeps_at_once(device)

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
                for piece in pieces:
                    yield from self._halving(batch, piece)
            else:
                with ThreadPoolExecutor(self.device.threads) as pool:
                    yield from pool.map(lambda piece: self._chunk(batch, piece), pieces)
        finally:
            torch.set_num_threads(before)

    def _halving(self, batch: LikelihoodBatch, index: IntArray) -> Iterator[_Outcome]:
        """Fit a piece, or its halves where the device has not enough memory for the whole."""
        try:
            outcome = self._chunk(batch, index)
        except torch.OutOfMemoryError:
            if len(index) == 1:
                raise
            outcome = None
        if outcome is not None:
            yield outcome
            return
        log.info("%s: no memory for %d sweeps at once, halved", self.device.description, len(index))
        if self.device.name == "cuda":
            torch.cuda.empty_cache()
        middle = len(index) // 2
        yield from self._halving(batch, index[:middle])
        yield from self._halving(batch, index[middle:])

    def _chunk(self, batch: LikelihoodBatch, index: IntArray) -> _Outcome:
        settings, device = self.settings, self.device.torch_device
        torch.set_num_threads(1)
        problem = make_problem(batch.take(index), settings, device, self.kind)
        bounds = bounds_of(settings, device)
        best, second = self.search.best_two(problem, bounds, settings)
        is_free, _ = departures.nominal(problem.n_sweeps, settings, device)
        numbers = {name: torch.zeros_like(best.value) for name in COLUMNS}
        for part in departures.depart(self.search, batch.take(index), problem, best, bounds, settings):
            for name, values in self._with_departures(part, bounds).items():
                numbers[name][part.index] = values
        size = U_OFFSET_V - numbers["u"]
        narrow = torch.minimum(curvature_error(best.curvature, is_free), numbers["spread"])
        numbers |= {
            "second_u": (torch.exp(best.parameters[:, T]) - torch.exp(second.parameters[:, T])).abs(),
            "second_worse": second.value - best.value,
            "statistical": size * narrow,
            "systematic": size * torch.sqrt(numbers["spread"] ** 2 - narrow**2),
        }
        second_u = U_OFFSET_V - torch.exp(second.parameters[:, T])
        outside = (second_u < numbers["lo95"]) | (second_u > numbers["hi95"])
        for percent, bit in (("68", IntervalFlag.DISJOINT_68), ("95", IntervalFlag.DISJOINT_95)):
            apart = outside & (numbers["second_worse"] <= LIMITS[percent] * numbers["dispersion"])
            numbers["apart"] += apart * float(bit)
            low, high = f"lo{percent}", f"hi{percent}"
            numbers[low] = torch.where(apart, torch.minimum(numbers[low], second_u), numbers[low])
            numbers[high] = torch.where(apart, torch.maximum(numbers[high], second_u), numbers[high])
        return _Outcome(index, {name: values.cpu().numpy() for name, values in numbers.items()})

    def _with_departures(self, part: departures.Part, bounds: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Columns of sweeps that may depart from the nominal instrument."""
        deviance = departures.deviance_per_freedom(part, self.settings)
        dispersion = departures.dispersion(deviance, self.settings)
        full, ends, spread = self.search.finish(
            part.problem, part.found, part.is_free, part.sigma, dispersion, bounds, self.settings
        )
        size, u = torch.exp(full.parameters[:, T]), U_OFFSET_V - torch.exp(ends)
        wider = torch.sqrt(dispersion)
        return {
            "value": full.value,
            "deviance": deviance,
            "dispersion": dispersion,
            "spread": spread * wider,
            "u": U_OFFSET_V - size,
            "ratio": torch.exp(full.parameters[:, LOG_RATIO]),
            "amplitude": full.parameters[:, AMPLITUDE],
            "anisotropy": full.parameters[:, ANISOTROPY],
            "usc": departures.usc_effect(self.search, part, full, bounds, self.settings),
            "lo68": u[:, 1],
            "hi68": u[:, 0],
            "lo95": u[:, 3],
            "hi95": u[:, 2],
        }

    def _result(self, batch: LikelihoodBatch, numbers: dict[str, FloatArray]) -> FitResult:
        parameters = np.stack([numbers["u"], numbers["ratio"], numbers["amplitude"]], axis=1)
        result = make_result(batch, parameters, self.settings, chi2=2.0 * numbers["value"])
        with np.errstate(invalid="ignore"):
            detail = LikelihoodDetail(
                anisotropy=numbers["anisotropy"],
                deviance_per_freedom=numbers["deviance"],
                is_misfit=numbers["deviance"] > self.settings.likelihood.misfit_max,
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
