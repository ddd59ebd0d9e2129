"""Sweeps in, proven minima out: chunks and threads around the search.

A sweep's result depends on nothing but the sweep: chunks only decide what is computed together.
"""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from potrun.core.records import BoolArray, CodeArray, FitResult, FitStatus, FloatArray, IntArray, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.objectives import divisor
from potrun.search.base import OnProgress, make_result
from potrun.search.exact.batch import SearchResult
from potrun.search.exact.device import SearchDevice
from potrun.search.exact.tuning import FLOOR
from potrun.search.intervals import intervals_of, with_intervals

CPU_CHUNK = 64
"""Sweeps per call on a CPU thread: enough to outweigh the cost of the call, few enough for its cache."""

CUDA_CHUNK = 16384
"""Sweeps per call on a CUDA device: several for each warp that it can hold."""


class Search(Protocol):
    """Searches sweeps; what it finds of each depends on that sweep alone."""

    def search(self, sweeps: SweepBatch) -> SearchResult:
        """Find the minimum of each sweep."""
        ...


@dataclass(frozen=True)
class _Outcome:
    """Results of one chunk."""

    index: IntArray
    parameters: FloatArray
    chi2: FloatArray
    gap: FloatArray
    is_certified: BoolArray
    bound_flags: CodeArray
    ends: FloatArray


class BranchAndBoundFitter:
    """Fit by branch and bound: the global minimum of each sweep with a certificate.

    Parameters
    ----------
    settings : FitterConfig
    device : SearchDevice
    batch_size : int or None
        Sweeps searched together; None takes a good number. Results do not depend on it.
    """

    def __init__(self, settings: FitterConfig, device: SearchDevice, batch_size: int | None = None) -> None:
        self.settings = settings
        self.device = device
        self.batch_size = batch_size or (CUDA_CHUNK if device.name == "cuda" else CPU_CHUNK)
        self._search = _search_on(settings, device)

    def fit(self, batch: SweepBatch, on_progress: OnProgress | None = None) -> FitResult:
        """Fit every sweep whose status is OK.

        Parameters
        ----------
        batch : SweepBatch
        on_progress : callable or None
            Called after every chunk.

        Returns
        -------
        FitResult

        Raises
        ------
        UsageError
            If the tables' number format cannot hold the costs that these settings lead to.
        """
        parameters = np.full((batch.n_sweeps, 3), np.nan)
        chi2 = np.full(batch.n_sweeps, np.nan)
        gap = np.full(batch.n_sweeps, np.nan)
        is_certified = np.zeros(batch.n_sweeps, np.bool_)
        bound_flags = np.zeros(batch.n_sweeps, np.int8)
        ends = np.full((batch.n_sweeps, 5), np.nan)
        finished = int((batch.status != FitStatus.OK).sum())
        for outcome in self._outcomes(batch):
            parameters[outcome.index] = outcome.parameters
            chi2[outcome.index] = outcome.chi2
            gap[outcome.index] = outcome.gap
            is_certified[outcome.index] = outcome.is_certified
            bound_flags[outcome.index] = outcome.bound_flags
            ends[outcome.index] = outcome.ends
            finished += len(outcome.index)
            if on_progress is not None:
                on_progress(finished, outcome.chi2)
        result = make_result(
            batch, parameters, self.settings, chi2=chi2, gap=gap, is_certified=is_certified, bound_flags=bound_flags
        )
        return with_intervals(result, ends, self.settings) if self.settings.intervals else result

    def _outcomes(self, batch: SweepBatch) -> Iterator[_Outcome]:
        """Search all chunks on the given number of threads and yield them as they finish."""
        fitted = np.flatnonzero(batch.status == FitStatus.OK)
        chunks = [fitted[start : start + self.batch_size] for start in range(0, len(fitted), self.batch_size)]
        if self.device.threads == 1:
            for chunk in chunks:
                yield self._search_chunk(batch, chunk)
            return
        pool = ThreadPoolExecutor(self.device.threads)
        try:
            pending: set[Future[_Outcome]] = {pool.submit(self._search_chunk, batch, chunk) for chunk in chunks}
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            # After an error or a signal the chunks that are still waiting are dropped.
            pool.shutdown(cancel_futures=True)

    def _search_chunk(self, batch: SweepBatch, index: IntArray) -> _Outcome:
        """Search some sweeps and compute how far each minimum is proven."""
        sweeps = batch.take(index)
        found = self._search.search(sweeps)
        reduced_by = divisor(sweeps.mask, self.settings)
        below = np.maximum(found.chi2 - found.lower_bound / reduced_by, 0.0)
        gap = np.divide(below, found.chi2, out=np.zeros_like(below), where=found.chi2 > 0.0)
        no_ends = np.full((len(index), 5), np.nan)
        smallest = np.maximum(self.settings.branch_and_bound.tolerance * found.chi2, 2.0 * FLOOR / reduced_by)
        return _Outcome(
            index=index,
            parameters=found.parameters,
            chi2=found.chi2,
            gap=gap,
            bound_flags=found.bound_flags,
            ends=no_ends if found.profile is None else intervals_of(found.profile, self.settings),
            is_certified=below <= smallest,
        )


def _search_on(settings: FitterConfig, device: SearchDevice) -> Search:
    """Build the launcher of a device."""
    if device.name == "cuda":
        from potrun.search.exact.cuda import CudaSearch

        return CudaSearch(settings, device.dtype)
    from potrun.search.exact.cpu import CpuSearch

    return CpuSearch(settings, device.dtype)
