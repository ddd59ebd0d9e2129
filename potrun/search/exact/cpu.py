"""The search on one processor core; several threads may search at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from potrun.core.instrument import N_CELLS, N_CHANNELS
from potrun.core.records import SweepBatch
from potrun.core.settings import FitterConfig
from potrun.search.exact.batch import SearchResult, cells_of, empty_answers, result_from
from potrun.search.exact.heap import new_heap
from potrun.search.exact.jit import compiled, name_records
from potrun.search.exact.keep import machine_code
from potrun.search.exact.kernel import process_sweeps
from potrun.search.exact.records import new_rows, new_scratch, problem_of


class CpuSearch:
    """Search sweeps one by one in machine code.

    Parameters
    ----------
    settings : FitterConfig
    dtype : {"float32", "float64"}
        Format of the tables that bounds are read from.
    process : callable or None
        The compiled :func:`~potrun.search.exact.kernel.process_sweeps`; None takes what is kept.
    """

    def __init__(self, settings: FitterConfig, dtype: str, process: Callable[..., None] | None = None) -> None:
        self.settings = settings
        self.dtype = dtype
        self.problem = problem_of(settings, dtype)
        self._process_sweeps = process or machine_code(load, dtype)

    def search(self, sweeps: SweepBatch) -> SearchResult:
        """Find the minimum of each sweep.

        Raises
        ------
        UsageError
            If the tables' number format cannot hold the costs that the settings lead to.
        """
        cells, answers = cells_of(sweeps, self.problem, self.settings), empty_answers(sweeps.n_sweeps, self.settings)
        # Memory to work in is this call's own, so that threads do not meet.
        memory = new_rows(self.dtype), new_heap(self.problem.max_boxes), new_scratch(self.problem)
        self._process_sweeps(self.problem, *cells, *answers, *memory)
        return result_from(answers, self.dtype, sweeps, self.settings)


def load(dtype: str, folder: Path) -> Callable[..., None]:
    """Return the search for tables of a format after a first call: loaded from a folder, or compiled and kept there."""
    # Whatever this process is to compile, it names the records of both formats as any other would.
    name_records(new_rows("float32"), new_rows("float64"), new_scratch(problem_of(FitterConfig(), dtype)))
    process = compiled(process_sweeps, folder)
    CpuSearch(FitterConfig(), dtype, process).search(_no_sweeps())
    return process


def _no_sweeps() -> SweepBatch:
    """Return a batch of the right types without a sweep."""
    rows, cells = np.zeros((0, N_CHANNELS)), np.zeros((0, N_CHANNELS, N_CELLS))
    return SweepBatch(
        energy_ev=rows,
        usc_v=rows,
        pitch_deg=cells,
        flux=cells,
        mask=cells.astype(np.bool_),
        status=np.zeros(0, np.int8),
    )
