"""Which device the stages that run in torch compute on: decided once, said aloud, never changed silently."""

from dataclasses import dataclass

import numpy as np
import torch

from potrun.core.errors import UsageError
from potrun.core.settings import DeviceConfig

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class ResolvedDevice:
    """A device that exists.

    `name` is "cpu", "cuda" or "mps"; `dtype` the format of large tables; `description` one line for the log and for
    provenance. Results are always finished and reported in float64, whatever `dtype`.
    """

    name: str
    torch_device: torch.device
    dtype: torch.dtype
    threads: int
    description: str

    @property
    def dtype_name(self) -> str:
        """Name of the table format, as in the settings."""
        return str(self.dtype).removeprefix("torch.")


def resolve_device(settings: DeviceConfig) -> ResolvedDevice:
    """Turn the device settings into a device of torch.

    Parameters
    ----------
    settings : DeviceConfig

    Returns
    -------
    ResolvedDevice

    Raises
    ------
    UsageError
        If the device asked for by name is not there.
    """
    name = _first_working() if settings.name == "auto" else settings.name
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("device.name=cuda, but torch finds no CUDA device: use device=cpu or device=auto")
    if name == "mps" and not _mps_works():
        raise UsageError(
            "device.name=mps, but torch finds no MPS device that computes in float64, which fits need: use device=cpu"
        )
    dtype = "float32" if settings.dtype == "auto" else settings.dtype
    label = torch.cuda.get_device_name() if name == "cuda" else name.upper()
    return ResolvedDevice(
        name=name,
        torch_device=torch.device(name),
        dtype=DTYPES[dtype],
        # Two torch threads on one small array cost more than they bring.
        threads=settings.threads or 1,
        description=f"{label}, {dtype} tables, torch {torch.__version__}",
    )


def _first_working() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if _mps_works() else "cpu"


def _mps_works() -> bool:
    """Try MPS on float64 above all: where a build lacks it, no fit could be finished."""
    if not torch.backends.mps.is_available():
        return False
    try:
        there = torch.arange(8, dtype=torch.float64).to("mps")
        answer = torch.cumsum(there, 0).sort().values.cpu().numpy()
    except (NotImplementedError, RuntimeError, TypeError):
        return False
    return bool(np.array_equal(answer, np.cumsum(np.arange(8.0))))
