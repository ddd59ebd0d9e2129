"""Name one sweep of a result: by time, by place, or by what is typical."""

import re

import numpy as np

from potrun.core.errors import UsageError
from potrun.results.run_result import RunResult

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")


def choose_sweep(result: RunResult, wanted: str | None) -> int:
    """Find the sweep that is meant.

    Parameters
    ----------
    result : RunResult
        The run.
    wanted : str or None
        A UTC such as ``1999-04-29T14:45`` (the sweep that starts nearest to it), a place counted from 0, or a number
        in ``spec_sweep_id``. None: the fitted sweep whose chi2 is the median.

    Returns
    -------
    int
        Its place in the result.

    Raises
    ------
    UsageError
        If there is no such sweep.
    """
    if wanted is None:
        return _typical(result)
    if TIME.fullmatch(wanted):
        if not result.n_sweeps:
            raise UsageError(f"study.sweep={wanted}: the result holds no sweep")
        return nearest_sweep(result, wanted)
    if not wanted.isdecimal():
        raise UsageError(
            f"study.sweep={wanted} names no sweep: give a time as 1999-04-29T14:45:00, a place or a number"
        )
    number = int(wanted)
    if number < result.n_sweeps:
        return number
    found = np.flatnonzero(result["spec_sweep_id"] == number)
    if not len(found):
        raise UsageError(f"study.sweep={wanted} is not in the result, which has places 0 to {result.n_sweeps - 1}")
    return int(found[0])


def nearest_sweep(result: RunResult, utc: str) -> int:
    """Return the place of the sweep that starts nearest to a time."""
    # A leap second is no time to numpy; the second before it is near enough.
    starts = np.array([text[:-2] + min(text[-2:], "59") for text in result["spec_utc_start"].tolist()])
    return int(np.argmin(np.abs(starts.astype("M8[s]") - np.datetime64(utc, "s"))))


def seconds_from(result: RunResult, sweep: int, utc: str) -> float:
    """Return how long after a time a sweep starts (s)."""
    start = str(result["spec_utc_start"][sweep])
    return float((np.datetime64(start[:-2] + min(start[-2:], "59"), "s") - np.datetime64(utc, "s")).astype(float))


def _typical(result: RunResult) -> int:
    fitted = np.flatnonzero(result["spec_has_fit"])
    if not len(fitted):
        raise UsageError("study.sweep=null stands for a typical fit, but no sweep was fitted: name one")
    order = np.argsort(result["spec_fit_chi2"][fitted], kind="stable")
    return int(fitted[order[len(order) // 2]])
