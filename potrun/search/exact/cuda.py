"""The search on a CUDA device: the functions of the CPU, compiled by numba-cuda, a thread for each sweep of a queue."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numba
import numpy as np
from numba import cuda
from numba.cuda.cudadrv import nvvm

from potrun.core.instrument import N_CELLS, N_CHANNELS
from potrun.core.records import BoolArray, FloatArray, IntArray, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.search.exact.batch import Answers, Cells, SearchResult, cells_of, empty_answers, result_from
from potrun.search.exact.heap import new_heap
from potrun.search.exact.kernel import process_sweep
from potrun.search.exact.records import Problem, Rows, Scratch, new_rows, new_scratch, problem_of

BLOCK = 32
"""Threads of a block: one warp, so that a block whose sweeps are done makes room for the next."""

MEMORY_SHARE = 0.5
"""Share of the free memory that the workers may take."""

MAX_WORKERS = 65536
"""Workers at most, far more than a device runs at once."""


def search_queue(
    problem: Problem,
    energy: FloatArray,
    usc: FloatArray,
    sine: FloatArray,
    is_reflected: BoolArray,
    data: FloatArray,
    beam: FloatArray,
    mask: BoolArray,
    points: FloatArray,
    lower_bound: FloatArray,
    bound_flags: Any,
    nodes: FloatArray,
    worse_by: FloatArray,
    largest: FloatArray,
    rows: Rows,
    heap: FloatArray,
    scratch: Scratch,
    queue: IntArray,
) -> None:
    """Take sweep after sweep off the queue, each thread with memory of its own."""
    worker = cuda.grid(1)
    while worker < len(scratch):
        i = cuda.atomic.add(queue, 0, 1)
        if i >= len(energy):
            return
        process_sweep(
            i,
            problem,
            energy,
            usc,
            sine,
            is_reflected,
            data,
            beam,
            mask,
            points,
            lower_bound,
            bound_flags,
            nodes,
            worse_by,
            largest,
            rows[worker],
            heap[worker],
            scratch[worker],
        )


_kernel = cuda.jit(search_queue)


class CudaSearch:
    """Search sweeps on the current CUDA device.

    Parameters
    ----------
    settings : FitterConfig
    dtype : {"float32", "float64"}
        Format of the tables that bounds are read from.
    """

    def __init__(self, settings: FitterConfig, dtype: str) -> None:
        self.settings = settings
        self.dtype = dtype
        self.problem = problem_of(settings, dtype)

    def search(self, sweeps: SweepBatch) -> SearchResult:
        """Find the minimum of each sweep.

        Raises
        ------
        UsageError
            If the tables' number format cannot hold the costs that the settings lead to.
        """
        cells = (cuda.to_device(array) for array in cells_of(sweeps, self.problem, self.settings))
        answers = [cuda.to_device(array) for array in empty_answers(sweeps.n_sweeps, self.settings)]
        free, _ = cuda.current_context().get_memory_info()
        memory = _memory_of(self.problem, self.dtype)
        workers = int(min(sweeps.n_sweeps, MAX_WORKERS, max(MEMORY_SHARE * free // sum(a.nbytes for a in memory), 1)))
        room = [cuda.device_array((workers, *array.shape), array.dtype) for array in memory[:2]]
        scratch = cuda.to_device(np.repeat(memory[2], workers))
        queue = cuda.to_device(np.zeros(1, np.int64))
        # The first launch compiles.
        with unfused():
            _kernel[-(-workers // BLOCK), BLOCK](self.problem, *cells, *answers, *room, scratch, queue)
        found = Answers(*(array.copy_to_host() for array in answers))
        return result_from(found, self.dtype, sweeps, self.settings)


def signature_of(settings: FitterConfig, dtype: str) -> tuple[Any, ...]:
    """Types of the arguments of :func:`search_queue`."""
    problem = problem_of(settings, dtype)
    rows, cells = np.zeros((1, N_CHANNELS)), np.zeros((1, N_CHANNELS, N_CELLS))
    is_true = np.zeros(cells.shape, np.bool_)
    arrays = [*Cells(rows, rows, cells, is_true, cells, cells, is_true), *empty_answers(1, settings)]
    memory = _memory_of(problem, dtype)
    arrays += [memory[0][None], memory[1][None], memory[2], np.zeros(1, np.int64)]
    return tuple(numba.typeof(argument) for argument in (problem, *arrays))


def _memory_of(problem: Problem, dtype: str) -> tuple[Any, ...]:
    """Memory that one worker works in."""
    return new_rows(dtype), new_heap(problem.max_boxes), new_scratch(problem)


@contextmanager
def unfused() -> Iterator[None]:
    """Compile multiplications and additions apart, each rounded as on a CPU; numba-cuda has no setting for it."""
    plain: Callable[..., Any] = nvvm.compile_ir
    nvvm.compile_ir = partial(plain, fma=False)
    try:
        yield
    finally:
        nvvm.compile_ir = plain
