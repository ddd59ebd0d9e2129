"""From a chunk of sweeps to what the search found, on one core; several threads may search at once."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from potrun.core.errors import UsageError
from potrun.core.instrument import N_CELLS, N_CHANNELS
from potrun.core.records import BoolArray, FloatArray, IntArray, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.model import beam_pitch_profile, pitch_sine_squared
from potrun.search.base import public_chi2
from potrun.search.exact.engines import Profile, Searched
from potrun.search.exact.heap import new_heap
from potrun.search.exact.jit import compiled, name_records
from potrun.search.exact.keep import machine_code
from potrun.search.exact.kernel import process_sweeps
from potrun.search.exact.records import new_rows, new_scratch, problem_of
from potrun.search.exact.tuning import GRID_RATIO, GRID_U, N_NODES

ArrayT = TypeVar("ArrayT", FloatArray, BoolArray)

PIECES = 8
"""Into how many boxes one is cut at most."""


class CompiledEngine:
    """Search sweeps one by one in machine code.

    Parameters
    ----------
    settings : FitterConfig
    dtype : {"float32", "float64"}
        Format of the tables that bounds are read from.
    process : callable or None
        The compiled :func:`~potrun.search.exact.kernel.process_sweeps`; None takes what is kept.
    """

    def __init__(self, settings: FitterConfig, dtype: str, process: Callable[..., float] | None = None) -> None:
        self.settings = settings
        self.dtype = dtype
        self.problem = problem_of(settings, dtype)
        self._process_sweeps = process or machine_code(load, dtype)

    def kinds(self, batch: SweepBatch) -> IntArray:
        """All sweeps are of one kind; (S,) int64."""
        return np.zeros(batch.n_sweeps, np.int64)

    def search(self, sweeps: SweepBatch) -> Searched:
        """Find the minimum of each sweep."""
        return self._process(sweeps, None)

    def finish(self, sweeps: SweepBatch, parameters: FloatArray) -> Searched:
        """Centre best parameters (S, 3) that another search has found, and profile U around them; nothing is proven."""
        return self._process(sweeps, parameters)

    def _process(self, sweeps: SweepBatch, known: FloatArray | None) -> Searched:
        """Hand sweeps to the compiled code, with memory of this call's own."""
        problem, n_sweeps = self.problem, sweeps.n_sweeps
        pitch = np.where(sweeps.mask, sweeps.pitch_deg, 0.0)
        data = np.where(sweeps.mask, sweeps.flux, 1.0)
        points = np.zeros((n_sweeps, 3)) if known is None else np.array(known, dtype=np.float64)
        lower_bound, touches = np.zeros(n_sweeps), np.zeros(n_sweeps, np.int8)
        n_nodes = N_NODES if self.settings.intervals else 0
        profile = Profile(np.zeros((n_sweeps, n_nodes)), np.zeros((n_sweeps, n_nodes)))
        largest = self._process_sweeps(
            problem,
            _plain(sweeps.energy_ev),
            _plain(sweeps.usc_v),
            pitch_sine_squared(pitch),
            pitch > 90.0,
            np.log(data + problem.log_offset) if problem.is_logarithmic else data,
            beam_pitch_profile(pitch, self.settings.beam_angle_deg),
            _plain(sweeps.mask),
            known is not None,
            points,
            lower_bound,
            touches,
            profile.u,
            profile.worse_by,
            new_rows(self.dtype),
            new_heap(problem.max_boxes + GRID_U * GRID_RATIO + PIECES),
            new_scratch(problem),
        )
        if not largest <= 0.5 * float(np.finfo(self.dtype).max):
            raise UsageError(
                f"device.dtype={self.dtype} cannot hold costs up to {largest:.3g}: use device.dtype=float64, or raise "
                "fitter.log_offset"
            )
        return Searched(
            parameters=points,
            chi2=public_chi2(sweeps, points, self.settings),
            lower_bound=lower_bound,
            touches=touches,
            profile=profile if n_nodes else None,
        )


def load(dtype: str, folder: Path) -> Callable[..., float]:
    """Return the search for tables of a format after a first call: loaded from a folder, or compiled and kept there."""
    # Whatever this process is to compile, it names the records of both formats as any other would.
    name_records(new_rows("float32"), new_rows("float64"), new_scratch(problem_of(FitterConfig(), dtype)))
    process = compiled(process_sweeps, folder)
    CompiledEngine(FitterConfig(), dtype, process).search(_no_sweeps())
    return process


def _plain(array: ArrayT) -> ArrayT:
    """Return an array of the one kind that code is compiled for; of another, 30 s of compiling would begin."""
    return np.require(array, requirements=("C", "W"))


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
