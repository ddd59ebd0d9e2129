"""Where the exact search computes: on processor cores, or on a CUDA device if it is asked for by name."""

from dataclasses import dataclass

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
        If the device asked for by name is not there, or cannot run the search.
    """
    if settings.name not in ("auto", "cpu"):
        raise UsageError(
            f"device.name={settings.name}, but the exact search of halekas and lillis runs on the CPU: use device=cpu"
        )
    dtype = "float32" if settings.dtype == "auto" else settings.dtype
    threads = settings.threads or available_cores()
    counted = f"{threads} thread{'s' if threads > 1 else ''}"
    return SearchDevice("cpu", dtype, threads, f"CPU, compiled search, {dtype} tables, {counted}")
