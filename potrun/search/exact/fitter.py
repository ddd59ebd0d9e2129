"""Sweeps in, proven minima out: chunks, threads and memory around the search.

A sweep's result depends on nothing but the sweep: chunks only decide what is computed together. An engine may ask for
sweeps of one kind at a time, which is a property of each; they are searched chunk by chunk. On a CPU each thread works
on chunks of its own, one torch thread each, so that no sum is ever split between threads.
"""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import psutil
import torch

from potrun.core.device import ResolvedDevice
from potrun.core.records import BoolArray, CodeArray, FitResult, FitStatus, FloatArray, IntArray, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.objectives import divisor
from potrun.search.base import OnProgress, make_result
from potrun.search.exact.engines import Engine
from potrun.search.exact.intervals import intervals_of, with_intervals
from potrun.search.exact.tuning import FLOOR

COMPILED_CHUNK = 64
"""Sweeps that the compiled engine is handed at once: enough to forget the call, few enough for the cache."""

CPU_CHUNK = 320
"""Sweeps that the batched engine has in work on a CPU at most, over all threads: more gain little and cost memory."""

GPU_CHUNK = 65536
"""Sweeps searched together on a GPU at most."""

PROBE = 256
"""Sweeps of the chunk that memory is measured with on a GPU."""

BYTES_PER_SWEEP = 1_000_000
"""Memory that a sweep needs on a CPU at its peak, measured and rounded up; a GPU is measured as it works."""

MEMORY_SHARE = 0.5
"""Share of the free memory that chunks may take."""


@dataclass(frozen=True)
class _Outcome:
    """Results of one chunk."""

    index: IntArray
    parameters: FloatArray
    chi2: FloatArray
    gap: FloatArray
    is_certified: BoolArray
    touches: CodeArray
    ends: FloatArray


class BranchAndBoundFitter:
    """Fit by branch and bound: the global minimum of each sweep with a certificate.

    Parameters
    ----------
    settings : FitterConfig
    device : ResolvedDevice
    batch_size : int or None
        Sweeps searched together; None chooses from the free memory. Results do not depend on it.
    """

    def __init__(self, settings: FitterConfig, device: ResolvedDevice, batch_size: int | None = None) -> None:
        self.settings = settings
        self.device = device
        self.engine = _engine_of(settings, device)
        self.batch_size = batch_size
        self._bytes_per_sweep: float | None = None

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
        touches = np.zeros(batch.n_sweeps, np.int8)
        ends = np.full((batch.n_sweeps, 5), np.nan)
        finished = int((batch.status != FitStatus.OK).sum())
        for outcome in self._outcomes(batch):
            parameters[outcome.index] = outcome.parameters
            chi2[outcome.index] = outcome.chi2
            gap[outcome.index] = outcome.gap
            is_certified[outcome.index] = outcome.is_certified
            touches[outcome.index] = outcome.touches
            ends[outcome.index] = outcome.ends
            finished += len(outcome.index)
            if on_progress is not None:
                on_progress(finished, outcome.chi2)
        result = make_result(
            batch, parameters, self.settings, chi2=chi2, gap=gap, is_certified=is_certified, touches=touches
        )
        return with_intervals(result, ends, self.settings) if self.settings.intervals else result

    def _outcomes(self, batch: SweepBatch) -> Iterator[_Outcome]:
        """Search all chunks, on as many threads as asked for, and yield them as they finish."""
        kinds = self.engine.kinds(batch)
        groups = [np.flatnonzero((kinds == kind) & (batch.status == FitStatus.OK)) for kind in np.unique(kinds)]
        if self.device.name != "cpu" or self.device.threads == 1:
            with _one_torch_thread():
                for group in groups:
                    yield from self._search_group(batch, group)
            return
        pieces = [
            piece for group in groups if len(group) for piece in np.array_split(group, -(-len(group) // self._chunk()))
        ]
        pool = ThreadPoolExecutor(self.device.threads)
        with _one_torch_thread():
            try:
                pending: set[Future[list[_Outcome]]] = {
                    pool.submit(lambda piece: list(self._search_group(batch, piece)), piece) for piece in pieces
                }
                while pending:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield from future.result()
            finally:
                # After an error or a signal nobody wants the chunks that are still waiting.
                pool.shutdown(cancel_futures=True)

    def _search_group(self, batch: SweepBatch, group: IntArray) -> Iterator[_Outcome]:
        """Search sweeps of one kind chunk by chunk, in smaller chunks once memory runs out."""
        start = 0
        largest = len(group)
        while start < len(group):
            piece = group[start : start + min(self._chunk(), largest)]
            outcome = None
            try:
                outcome = self._search_chunk(batch, piece)
            except (torch.OutOfMemoryError, MemoryError):
                if len(piece) == 1:
                    raise
                largest = len(piece) // 2
            if outcome is not None:
                start += len(piece)
                yield outcome
            elif self.device.name == "cuda":
                # Only now, for until here the error held on to the tensors of the call that failed.
                torch.cuda.empty_cache()

    def _search_chunk(self, batch: SweepBatch, index: IntArray) -> _Outcome:
        """Search some sweeps and evaluate the public objective at what was found."""
        sweeps = batch.take(index)
        if self.device.name == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device.torch_device)
        found = self.engine.search(sweeps)
        if self.device.name == "cuda":
            self._bytes_per_sweep = torch.cuda.max_memory_allocated(self.device.torch_device) / len(index)
        chi2 = found.chi2
        reduced_by = divisor(sweeps.mask, self.settings)
        below = np.maximum(chi2 - found.lower_bound / reduced_by, 0.0)
        gap = np.divide(below, chi2, out=np.zeros_like(below), where=chi2 > 0.0)
        no_ends = np.full((len(index), 5), np.nan)
        return _Outcome(
            index=index,
            parameters=found.parameters,
            chi2=chi2,
            gap=gap,
            touches=found.touches,
            ends=no_ends if found.profile is None else intervals_of(found.profile, self.settings),
            is_certified=below <= np.maximum(self.settings.branch_and_bound.tolerance * chi2, 2.0 * FLOOR / reduced_by),
        )

    def _chunk(self) -> int:
        """Choose how many sweeps to search together."""
        if self.batch_size is not None:
            return self.batch_size
        if self.device.name == "cuda":
            if self._bytes_per_sweep is None:
                return PROBE
            free = torch.cuda.mem_get_info(self.device.torch_device)[0]
            return int(np.clip(MEMORY_SHARE * free / self._bytes_per_sweep, 1, GPU_CHUNK))
        if self.device.engine == "compiled":
            return COMPILED_CHUNK
        share = psutil.virtual_memory().available / self.device.threads
        return int(np.clip(MEMORY_SHARE * share / BYTES_PER_SWEEP, 1, max(CPU_CHUNK // self.device.threads, 1)))


def _engine_of(settings: FitterConfig, device: ResolvedDevice) -> Engine:
    """Build the engine that a device works with."""
    if device.engine == "compiled":
        from potrun.search.exact.engine import CompiledEngine

        return CompiledEngine(settings, device.dtype_name)
    from potrun.search.exact.batched.engine import BatchedEngine

    return BatchedEngine(settings, device)


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Hold torch to one thread an operation, and give back what was there."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
