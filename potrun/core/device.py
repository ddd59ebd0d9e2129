"""Which device and number formats batched stages compute with: decided once, said aloud, never changed silently."""

from dataclasses import dataclass

import numpy as np
import torch

from potrun.core.errors import UsageError
from potrun.core.machine import available_cores
from potrun.core.settings import DeviceConfig

DTYPES = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}

HALF_PRECISION_CAPABILITY = 7
"""CUDA compute capability from which float16 tables pay."""


@dataclass(frozen=True)
class ResolvedDevice:
    """A device that exists.

    `name` is "cpu", "cuda" or "mps"; `dtype` the format of look-up tables; `engine` "compiled" or "torch", which the
    exact search runs on; `description` one line for the log and for
    provenance. Results are always finished and reported in float64, whatever `dtype`.
    """

    name: str
    torch_device: torch.device
    dtype: torch.dtype
    engine: str
    threads: int
    description: str

    @property
    def dtype_name(self) -> str:
        """Name of the table format, as in the settings."""
        return str(self.dtype).removeprefix("torch.")


def resolve_device(settings: DeviceConfig) -> ResolvedDevice:
    """Turn the device settings into a device.

    Parameters
    ----------
    settings : DeviceConfig

    Returns
    -------
    ResolvedDevice

    Raises
    ------
    UsageError
        If the device asked for by name is not there, or cannot hold the number format asked for by name.
    """
    name = _first_working() if settings.name == "auto" else settings.name
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("device.name=cuda, but torch finds no CUDA device: use device=cpu or device=auto")
    if name == "mps" and not _mps_works():
        raise UsageError(
            "device.name=mps, but torch finds no MPS device that computes in float64, which proofs need: use device=cpu"
        )
    capability = torch.cuda.get_device_capability()[0] if name == "cuda" else 0
    dtype = settings.dtype
    if dtype == "auto":
        dtype = "float16" if capability >= HALF_PRECISION_CAPABILITY else "float32"
    if dtype == "float16" and name == "cuda" and capability < HALF_PRECISION_CAPABILITY:
        raise UsageError(
            f"device.dtype=float16, but this GPU has compute capability {capability}, "
            f"expected {HALF_PRECISION_CAPABILITY} or more: use device.dtype=float32"
        )
    engine = settings.engine
    if engine == "auto":
        engine = "compiled" if name == "cpu" else "torch"
    if engine == "compiled" and name != "cpu":
        raise UsageError(
            f"device.engine=compiled is for the CPU, but device.name={name}: use device.engine=torch, or device=cpu"
        )
    if engine == "compiled" and dtype == "float16":
        raise UsageError(
            "device.dtype=float16 saves memory traffic on a GPU and is unknown to a CPU's compiled search: use "
            "device.dtype=float32, or device.engine=torch"
        )
    label = torch.cuda.get_device_name() if name == "cuda" else name.upper()
    threads = search_threads(settings, engine)
    counted = f", {threads} thread{'s' if threads > 1 else ''}" if name == "cpu" else ""
    return ResolvedDevice(
        name=name,
        torch_device=torch.device(name),
        dtype=DTYPES[dtype],
        engine=engine,
        threads=threads,
        description=f"{label}, {engine} engine, {dtype} tables{counted}, torch {torch.__version__}",
    )


def search_threads(settings: DeviceConfig, engine: str) -> int:
    """Threads that sweeps are searched on: as many as asked for, else one a core where that pays."""
    if settings.threads is not None:
        return settings.threads
    return available_cores() if engine == "compiled" else 1


def _first_working() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if _mps_works() else "cpu"


def _mps_works() -> bool:
    """Try MPS on what the search needs, float64 above all: where a build lacks it, no answer could be proven."""
    if not torch.backends.mps.is_available():
        return False
    try:
        there = torch.arange(8, dtype=torch.float64).to("mps")
        answer = torch.cumsum(there, 0).sort().values.cpu().numpy()
    except (NotImplementedError, RuntimeError, TypeError):
        return False
    return bool(np.array_equal(answer, np.cumsum(np.arange(8.0))))
