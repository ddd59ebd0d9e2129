"""How well potentials that were put in come out again: errors, intervals, and groups of sweeps to judge them in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import BoolArray, FloatArray, IntervalFlag
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination

SIGMAS = {"68": 0.994, "95": 1.960}
"""Half-widths of central intervals of a normal distribution, in standard deviations."""

EDGES: dict[str, tuple[str, tuple[float, ...]]] = {
    "u_v": ("|U| (V)", (0, 20, 50, 100, 200, 500, 1000, np.inf)),
    "r": ("r", (0, 0.5, 0.7, 0.85, np.inf)),
    "temperature_ev": ("Te (eV)", (0, 15, 30, 80, 150, np.inf)),
    "counts": ("counts (millions)", (0, 5, 10, 20, 50, np.inf)),
}
"""Quantities that sweeps are grouped by: their name in tables and the limits of the groups."""

DECADES_V = (20, 100, 1000)


@dataclass(frozen=True, eq=False)
class Recovery:
    """True and found potential of S sweeps that have both; intervals in V, infinite where they are open.

    `sigma_usc_v` is the part of U's standard error that comes from the spacecraft potential, where the intervals do
    not hold it already; else 0.
    """

    u_true_v: FloatArray
    u_found_v: FloatArray
    low_v: Mapping[str, FloatArray]
    high_v: Mapping[str, FloatArray]
    sigma_usc_v: FloatArray
    is_identifiable: BoolArray

    @classmethod
    def of(cls, result: RunResult, u_true_v: FloatArray) -> "Recovery":
        """Take all sweeps of a result; those without a fit or a truth are NaN."""
        flag = result["spec_u_interval_flag"]
        # The flags speak of the 95 % interval; an end of the 68 % interval is open where it is the same end.
        opens_low = flag & int(IntervalFlag.LOWER_OPEN) != 0
        opens_high = flag & int(IntervalFlag.UPPER_OPEN) != 0
        low, high = ({p: result[f"spec_u_{end}{p}"] for p in SIGMAS} for end in ("lo", "hi"))
        return cls(
            u_true_v=u_true_v,
            u_found_v=np.where(np.isfinite(u_true_v), result["spec_u_surface"], np.nan),
            low_v={p: _opened(low[p], opens_low & (low[p] == low["95"]), -np.inf) for p in SIGMAS},
            high_v={p: _opened(high[p], opens_high & (high[p] == high["95"]), np.inf) for p in SIGMAS},
            # The intervals of the likelihood fit hold it: nothing is to be added.
            sigma_usc_v=np.where(
                np.isfinite(result["spec_u_sigma_statistical"]), 0.0, np.nan_to_num(result["spec_u_sigma_usc"], nan=0.0)
            ),
            is_identifiable=result["spec_u_identifiable"].copy(),
        )

    @property
    def error_v(self) -> FloatArray:
        """(S,) found less true; negative: found more strongly charged than it is."""
        return self.u_found_v - self.u_true_v

    @property
    def has_interval(self) -> BoolArray:
        """(S,) True where there is a fit and an interval."""
        return np.isfinite(self.u_found_v) & ~np.isnan(self.low_v["95"]) & ~np.isnan(self.high_v["95"])

    def is_covered(self, percent: str, with_usc: bool = False) -> BoolArray:
        """Tell which intervals hold the truth.

        Parameters
        ----------
        percent : {"68", "95"}
            Which interval.
        with_usc : bool
            Widen each side, in quadrature, by the error that comes from the spacecraft potential.
        """
        extra = SIGMAS[percent] * self.sigma_usc_v if with_usc else 0.0
        below = np.hypot(np.maximum(self.u_found_v - self.low_v[percent], 0.0), extra)
        above = np.hypot(np.maximum(self.high_v[percent] - self.u_found_v, 0.0), extra)
        return (self.u_true_v >= self.u_found_v - below) & (self.u_true_v <= self.u_found_v + above)


def measures(found: Recovery, chosen: BoolArray) -> dict[str, float]:
    """Sum up some sweeps; a number of nothing is NaN.

    Bias is the median error, scatter half the distance from its 16th to its 84th percentile; the relative ones divide
    each error by the true size. A potential is off by 2 if it is less than half or more than twice the true one.
    Coverage is the share of intervals that hold the truth. All but the counts are told of the fitted sweeps, and of the
    identifiable ones among them alone.

    Parameters
    ----------
    found : Recovery
        All sweeps.
    chosen : (S,) bool
        Those to sum up.

    Returns
    -------
    dict of str to float
    """
    fitted = chosen & np.isfinite(found.error_v)
    sure = fitted & found.is_identifiable
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = found.error_v / np.abs(found.u_true_v)
    numbers = {
        "sweeps": float(chosen.sum()),
        "fitted": float(fitted.sum()),
        "identifiable_fraction": _share(found.is_identifiable[fitted]) if found.has_interval.any() else float("nan"),
    }
    for prefix, members in (("", fitted), ("identifiable_", sure)):
        numbers[f"{prefix}bias_v"], numbers[f"{prefix}scatter_v"] = _middle_and_spread(found.error_v[members])
        numbers[f"{prefix}bias_relative"], numbers[f"{prefix}scatter_relative"] = _middle_and_spread(relative[members])
        numbers[f"{prefix}off_by_2_fraction"] = _share((relative[members] < -1) | (relative[members] > 0.5))
        judged = members & found.has_interval
        for percent in SIGMAS:
            numbers[f"{prefix}coverage{percent}"] = _share(found.is_covered(percent)[judged])
            numbers[f"{prefix}coverage{percent}_with_usc"] = _share(found.is_covered(percent, with_usc=True)[judged])
    return numbers


def groups(result: RunResult, truth: Mapping[str, NDArray[Any]], counts: FloatArray) -> dict[str, dict[str, BoolArray]]:
    """Sort sweeps by what may decide how well U is found.

    Parameters
    ----------
    result : RunResult
        Tells whether footpoints are sunlit.
    truth : mapping of str to array
        What was put in.
    counts : (S,) float64
        Counts of each sweep.

    Returns
    -------
    dict of str to dict of str to (S,) bool
        From a quantity to its groups; sweeps without a field line to the Moon are in none, and empty groups are left
        out.
    """
    size = np.abs(truth["U"])
    known = np.isfinite(size)
    values = {"u_v": size, "r": truth["r"], "temperature_ev": truth["Te"], "counts": counts / 1e6}
    light = illumination(result)
    found: dict[str, dict[str, BoolArray]] = {"all": {"all": known}}
    found |= {name: _between(values[name], EDGES[name][1], known) for name in EDGES}
    found["light"] = {side: known & chosen for side, chosen in light.items()}
    found["decade"] = {
        f"{decade}_{side}": inside & chosen
        for decade, inside in _between(size, DECADES_V, known).items()
        for side, chosen in light.items()
    }
    found["beam"] = {"with": known & (truth["A"] > 0), "without": known & ~(truth["A"] > 0)}
    return {name: {key: chosen for key, chosen in members.items() if chosen.any()} for name, members in found.items()}


def _between(values: FloatArray, edges: Sequence[float], known: BoolArray) -> dict[str, BoolArray]:
    return {_span(low, high): known & (values >= low) & (values < high) for low, high in pairwise(edges)}


def _span(low: float, high: float) -> str:
    if low == 0:
        return f"below {high:g}"
    return f"above {low:g}" if np.isinf(high) else f"{low:g}-{high:g}"


def _opened(values: FloatArray, is_open: BoolArray, end: float) -> FloatArray:
    return np.where(is_open & ~np.isnan(values), end, values)


def _middle_and_spread(values: FloatArray) -> tuple[float, float]:
    if not len(values):
        return float("nan"), float("nan")
    low, middle, high = np.percentile(values, [16, 50, 84])
    return float(middle), float((high - low) / 2)


def _share(flags: BoolArray) -> float:
    return float(flags.mean()) if len(flags) else float("nan")
