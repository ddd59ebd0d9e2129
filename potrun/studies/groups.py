"""Sweeps of a result by region, light and orbit, and the quantiles of their potentials."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import BoolArray, FloatArray, IntArray, Region
from potrun.results.statistics import illumination
from potrun.results.times import times

ORBIT_S = 7080.0
"""Period of the spacecraft's orbit: sweeps of one orbit see the same plasma and are not independent."""

PERCENTILES = (5, 25, 50, 75, 95)
RESAMPLES = 400


def region_name(region: int) -> str:
    """Return a region's name in words."""
    return Region(region).name.lower().replace("_", " ")


def by_region_and_light(result: Mapping[str, NDArray[Any]]) -> dict[tuple[str, str], BoolArray]:
    """Sort sweeps with a footpoint by region and by its illumination.

    Parameters
    ----------
    result : mapping of str to array
        The columns of a run.

    Returns
    -------
    dict of (str, str) to (S,) bool
        By the region's name and ``sun`` or ``shadow``, every pair of them; a sweep without a footpoint is in none.
    """
    light = illumination(result)
    return {
        (region_name(region), side): chosen & (result["spec_region"] == region)
        for region in (*(region for region in Region if region), Region.UNKNOWN)
        for side, chosen in light.items()
    }


def quantiles(values: FloatArray) -> list[float]:
    """Return the 5th, 25th, 50th, 75th and 95th percentile; NaN of nothing."""
    finite = values[np.isfinite(values)]
    return np.percentile(finite, PERCENTILES).tolist() if len(finite) else [float("nan")] * len(PERCENTILES)


def orbit_of(result: Mapping[str, NDArray[Any]]) -> IntArray:
    """Return the number of the orbit that each sweep belongs to, (S,) int64: steps of :data:`ORBIT_S`."""
    return np.asarray(times(result["spec_utc_start"]).astype("M8[s]").astype(np.int64) // int(ORBIT_S))


def bootstrap_over_groups(values: FloatArray, groups: IntArray) -> tuple[float, float]:
    """Return the 68 % range of the mean when whole groups are drawn again with replacement; NaN below three groups."""
    _, index = np.unique(groups, return_inverse=True)
    number = int(index.max()) + 1 if len(index) else 0
    if number < 3:
        return float("nan"), float("nan")
    total, size = np.bincount(index, values), np.bincount(index)
    drawn = np.random.default_rng(0).integers(0, number, (RESAMPLES, number))
    means = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    low, high = np.percentile(means, [16, 84])
    return float(low), float(high)


def share_and_interval(hits: int, trials: int) -> tuple[float, float, float]:
    """Return a share and its exact 95 % interval (Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404).

    Sweeps count as independent, which those of one orbit are not: the number of orbits stands beside it.
    """
    from scipy.stats import binomtest

    if not trials:
        return float("nan"), 0.0, 1.0
    interval = binomtest(hits, trials).proportion_ci(0.95, "exact")
    return hits / trials, float(interval.low), float(interval.high)
