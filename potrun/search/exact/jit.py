"""How the functions of the search are compiled."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import binding
from numpy.typing import NDArray

_named: list[Any] = []
"""Keeps the types alive: Numba would name a deleted one anew."""

Function = TypeVar("Function", bound=Callable[..., Any])


def inlined(function: Function) -> Function:
    """Compile a function that only compiled code calls."""
    return cast(Function, numba.njit(nogil=True, error_model="numpy")(function))


def compiled(function: Function, folder: Path) -> Function:
    """Compile a function that Python calls at its first call and keep its code in a folder, or load it from there.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    # Numba takes no folder as an argument, and where it cannot write the one it is given it looks for another.
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} cannot be written")
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        return cast(Function, numba.njit(nogil=True, error_model="numpy", cache=True)(function))
    finally:
        numba.config.CACHE_DIR = before


def name_records(*arrays: NDArray[Any]) -> None:
    """Make Numba name the record types of arrays in this order.

    In machine code Numba names a record by the number of types that its process met before. Two processes that compile
    for different records would give both the same name, and where their code is loaded together each would run the
    other's.
    """
    _named.extend(numba.typeof(array) for array in arrays)


def compiler() -> str:
    """Say what turns sources into machine code, and for which processor: this one's, or what NUMBA_CPU_NAME names."""
    features = binding.get_host_cpu_features().flatten()
    asked = f"{numba.config.CPU_NAME} {numba.config.CPU_FEATURES} {numba.config.OPT} {numba.config.DISABLE_JIT}"
    versions = f"numba {numba.__version__} llvmlite {binding.llvm_version_info}"
    return f"{versions} {binding.get_host_cpu_name()} {features} {asked}"
