"""Time a fitter and watch its memory, in a process that does nothing else."""

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psutil

from potrun.core.records import SweepBatch
from potrun.core.settings import DeviceConfig, FitterConfig
from potrun.search import make_fitter

WARM_UP_SWEEPS = 32
SAMPLE_EVERY_S = 0.01
MEGABYTE = 1e6


@dataclass(frozen=True)
class FitMeasure:
    """What a fitter was seen to do; numbers by name, NaN where there is no such device."""

    device: str
    repeats: int
    numbers: dict[str, float]


def measure_fit(
    batch: SweepBatch, fitter: FitterConfig, device: DeviceConfig, fast: bool, seconds: float
) -> FitMeasure:
    """Fit a batch once to warm up, then again and again.

    Memory of the fit is what the process holds at most above what it held before, with its libraries loaded and a few
    sweeps fitted.

    Parameters
    ----------
    batch : SweepBatch
        The sweeps.
    fitter : FitterConfig
        The fit's settings.
    device : DeviceConfig
        Where it computes, in batches of which size, with which number type.
    fast : bool
        Which solver `fitter.solver` "auto" stands for.
    seconds : float
        For about how long; at least one fit of the batch is timed.

    Returns
    -------
    FitMeasure
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        solver = make_fitter(fitter, device, fast)
        solver.fit(batch.take(slice(0, WARM_UP_SWEEPS)))
        gpu = _Gpu(getattr(solver, "device", None))
        gpu.reset()
        laps: list[float] = []
        with MemoryWatch() as memory:
            while not laps or sum(laps) < seconds:
                started = time.perf_counter()
                solver.fit(batch)
                laps.append(time.perf_counter() - started)
    numbers = {
        "sweeps_per_second": len(laps) * batch.n_sweeps / sum(laps),
        "best_sweeps_per_second": batch.n_sweeps / min(laps),
        "fit_memory_mb": memory.rise_mb,
        "process_memory_mb": memory.peak_mb,
        **gpu.peak_mb(),
    }
    return FitMeasure(gpu.description, len(laps), numbers)


class _Gpu:
    """The GPU's own account of its memory, where a solver works on one with torch."""

    def __init__(self, device: Any) -> None:
        self.description = getattr(device, "description", "the CPU")
        torch_device = getattr(device, "torch_device", None)
        self._is_cuda = torch_device is not None and torch_device.type == "cuda"

    def reset(self) -> None:
        if self._is_cuda:
            import torch

            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def peak_mb(self) -> dict[str, float]:
        if not self._is_cuda:
            return {"gpu_memory_mb": float("nan"), "gpu_reserved_mb": float("nan")}
        import torch

        return {
            "gpu_memory_mb": torch.cuda.max_memory_allocated() / MEGABYTE,
            "gpu_reserved_mb": torch.cuda.max_memory_reserved() / MEGABYTE,
        }


class MemoryWatch:
    """Samples the resident memory of this process from a thread of its own."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._before = self._peak = 0

    def __enter__(self) -> Self:
        self._before = self._peak = self._process.memory_info().rss
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(SAMPLE_EVERY_S):
            self._peak = max(self._peak, self._process.memory_info().rss)

    @property
    def peak_mb(self) -> float:
        """Most memory that was seen."""
        return self._peak / MEGABYTE

    @property
    def rise_mb(self) -> float:
        """How much more that is than at the start."""
        return (self._peak - self._before) / MEGABYTE
