"""Where the exact search computes: on processor cores, or on a CUDA device if it is asked for by name."""

import os
from dataclasses import dataclass
from importlib.util import find_spec

from potrun.core.errors import UsageError
from potrun.core.machine import available_cores
from potrun.core.settings import DeviceConfig


@dataclass(frozen=True)
class SearchDevice:
    """A device that exists.

    `name` is "cpu" or "cuda", `dtype` the format of the tables that bounds are read from ("float32" or "float64"),
    `threads` how many search at once on a CPU, `description` one line for the log and for provenance.
    """

    name: str
    dtype: str
    threads: int
    description: str


def search_device(settings: DeviceConfig) -> SearchDevice:
    """Turn the device settings into where the exact search computes.

    Parameters
    ----------
    settings : DeviceConfig
        `name` "auto" stands for the CPU.

    Returns
    -------
    SearchDevice

    Raises
    ------
    UsageError
        If the device asked for by name is not there, or cannot run the search, or the compiler is turned off.
    """
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        raise UsageError(
            "NUMBA_DISABLE_JIT is set, but the exact search of halekas and lillis is compiled code: unset it, or use "
            "fast=false"
        )
    dtype = "float32" if settings.dtype == "auto" else settings.dtype
    if settings.name == "cuda":
        return SearchDevice("cuda", dtype, 1, f"{_cuda_name()}, compiled search, {dtype} tables")
    if settings.name not in ("auto", "cpu"):
        raise UsageError(
            f"device.name={settings.name}, but the exact search of halekas and lillis runs on a CPU or with CUDA: "
            "use device=cpu"
        )
    threads = settings.threads or available_cores()
    counted = f"{threads} thread{'s' if threads > 1 else ''}"
    return SearchDevice("cpu", dtype, threads, f"CPU, compiled search, {dtype} tables, {counted}")


def _cuda_name() -> str:
    """Name of the CUDA device, which numba-cuda and a driver must be there for."""
    if find_spec("numba_cuda") is None:
        raise UsageError(
            "device.name=cuda, but halekas and lillis need the package numba-cuda for it, which is not installed: "
            "pip install 'potrun[cuda]', or use device=cpu"
        )
    from numba import cuda

    if not cuda.is_available():
        raise UsageError("device.name=cuda, but numba-cuda finds no CUDA device or no driver for it: use device=cpu")
    return str(cuda.get_current_device().name.decode())
