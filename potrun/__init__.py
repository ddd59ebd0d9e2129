"""potrun: the electrostatic potential of the lunar surface from Lunar Prospector electrons.

Examples
--------
>>> from potrun import run
>>> result = run("year=1998", "month=4", "fitter=lillis")  # doctest: +SKIP
>>> result.plot("map")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"
__all__ = ["RunResult", "__version__", "load_results", "process_day", "run"]

if TYPE_CHECKING:
    from potrun.api import load_results, process_day, run
    from potrun.results.run_result import RunResult

_HOMES = {
    "run": "potrun.api",
    "process_day": "potrun.api",
    "RunResult": "potrun.results.run_result",
    "load_results": "potrun.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that the command line's errors need no numpy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'potrun' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
