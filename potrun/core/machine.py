"""What the machine gives a process: cores and memory."""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 256 * 2**20
_MOST_FROM_HEAP_BYTES = 32 * 2**20
"""The largest array that glibc will take from memory it holds already."""


def available_cores() -> int:
    """Count the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def has_cuda_driver() -> bool:
    """Tell whether the driver of NVIDIA devices can be loaded, without a library that would take seconds to ask."""
    names = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
    try:
        ctypes.CDLL(names[sys.platform])
    except (KeyError, OSError):
        return False
    return True


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, up to 256 MB.

    Every stage of a day makes arrays of some ten megabytes. By its own rules glibc returns each to the system when it
    is freed and asks for it again at once, and the system clears page after page: a tenth of a day's time.

    Returns
    -------
    bool
        False where the C library has no such setting, and nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(
        mallopt(name, size) == 1
        for name, size in ((_TRIM_THRESHOLD, _KEPT_BYTES), (_MMAP_THRESHOLD, _MOST_FROM_HEAP_BYTES))
    )
