"""Numbers that sum up a run, under the names they have in MLflow."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.instrument import N_CELLS
from potrun.core.records import BoolArray, Environment, FitStatus, FloatArray, PotentialStatus
from potrun.results.quality import QualityClass, count_flags, is_wanted

QUARTILES = {"p25": 25, "median": 50, "p75": 75}
CHI2_PERCENTILES = {"p05": 5, **QUARTILES, "p95": 95}
MIN_INTERVAL_WIDTH_V = 1.0
"""Narrower 68 % intervals weigh no more than this: the energy channels cannot tell less than a volt."""


def statistics(result: Mapping[str, NDArray[Any]], quality: str = "good") -> dict[str, float]:
    """Sum up a run.

    Fractions are of all sweeps; a number of nothing is NaN. Illumination is that of the sweep's footpoint, and a sweep
    without a footpoint is neither sunlit nor in shadow. Weighted medians count each identifiable sweep by the inverse
    of the width of its 68 % interval: the inverse square would leave the word to the few sweeps near 0 V, where
    widths are smallest.

    Parameters
    ----------
    result : mapping of str to array
        The columns of a run or of a day.
    quality : {"good", "usable", "all"}
        Whose potentials are summed up; ``quality/left_out`` counts the fitted sweeps that are not among them. Counts,
        chi2 and plasma are of all sweeps.

    Returns
    -------
    dict of str to float
        Names with slashes, such as ``chi2/median`` or ``potential_shadow_v/p25``; potentials in V, temperatures in eV,
        densities in m-3.
    """
    sweeps = len(result["spec_spec_no"])
    has_fit = result["spec_has_fit"]
    numbers = {
        "sweeps": float(sweeps),
        "rows": float(result["spec_row_count"].sum()),
        "days": float(len(result["source_name"]) or len(np.unique(result["spec_utc_start"].astype("<U10")))),
        "fitted": float(has_fit.sum()),
        "fit_fraction": _share(has_fit),
        "certified_fraction": _share_told(result, "spec_fit_certified", has_fit),
        "at_bound_fraction": _share_told(result, "spec_at_bound", has_fit),
        **_chi2(result["spec_fit_chi2"]),
        **_potentials(result, is_wanted(result, quality)),
        **_plasma(result),
    }
    for name, codes, column in (
        ("fit_status", FitStatus, "spec_fit_status"),
        ("potential_status", PotentialStatus, "spec_potential_status"),
        ("environment", Environment, "spec_environment_class"),
    ):
        if column in result:
            numbers |= {f"{name}/{code.name.lower()}": _share(result[column] == code) for code in codes}
    if "spec_sun_masked_fraction" in result:
        cells = result["spec_sun_masked_fraction"] * result["spec_row_count"] * N_CELLS
        numbers["sunlit_cells/left_out"] = float(np.nansum(cells).round())
        numbers["sunlit_cells/sweeps"] = float((cells > 0).sum())
    if "spec_quality_class" in result:
        numbers |= {
            f"quality/{word.name.lower()}": float((result["spec_quality_class"] == word).sum()) for word in QualityClass
        }
        numbers |= {f"quality_flag/{name}": float(count) for name, count in count_flags(result).items()}
    return numbers


def illumination(result: Mapping[str, NDArray[Any]]) -> dict[str, BoolArray]:
    """Tell sunlit from shadowed sweeps by their footpoints.

    Returns
    -------
    dict
        ``sun`` and ``shadow``, (S,) bool each; both False where there is no footpoint.
    """
    is_known = np.isfinite(result["spec_projection_latitude"])
    in_sun = result["spec_projection_in_sun"]
    return {"sun": is_known & in_sun, "shadow": is_known & ~in_sun}


def _share(flags: BoolArray) -> float:
    return float(flags.mean()) if len(flags) else float("nan")


def _share_told(result: Mapping[str, NDArray[Any]], name: str, among: BoolArray) -> float:
    """Return the share of sweeps among some that have a flag; NaN where the result does not tell."""
    return _share(result[name][among] != 0) if name in result else float("nan")


def _percentiles(values: FloatArray, wanted: Mapping[str, int]) -> dict[str, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return dict.fromkeys(wanted, float("nan"))
    return dict(zip(wanted, np.percentile(finite, list(wanted.values())).tolist(), strict=True))


def _chi2(chi2: FloatArray) -> dict[str, float]:
    finite = chi2[np.isfinite(chi2)]
    numbers = {
        "count": float(len(finite)),
        "mean": float(finite.mean()) if len(finite) else float("nan"),
        "max": float(finite.max()) if len(finite) else float("nan"),
        **_percentiles(finite, CHI2_PERCENTILES),
    }
    return {f"chi2/{name}": value for name, value in numbers.items()}


def _potentials(result: Mapping[str, NDArray[Any]], wanted: BoolArray) -> dict[str, float]:
    """U of sunlit and shadowed sweeps, and the same for those that an interval vouches for."""
    u = result["spec_u_surface"]
    width = result["spec_u_hi68"] - result["spec_u_lo68"]
    has_fit = np.isfinite(u)
    is_sure = has_fit & result["spec_u_identifiable"] & np.isfinite(width)
    numbers = {
        "identifiable": float(is_sure.sum()) if "spec_u_identifiable" in result else float("nan"),
        "identifiable_fraction": _share(is_sure[has_fit & np.isfinite(width)]),
        "interval_width68_v/median": _percentiles(width[has_fit], {"median": 50})["median"],
    }
    numbers["quality/left_out"] = float((has_fit & ~wanted).sum())
    for name, side in illumination(result).items():
        chosen = side & wanted
        potential = {
            "count": float((chosen & has_fit).sum()),
            **_percentiles(u[chosen], QUARTILES),
            "identifiable": float((chosen & is_sure).sum()),
            "weighted_median": weighted_median(
                u[chosen & is_sure], 1 / np.maximum(width[chosen & is_sure], MIN_INTERVAL_WIDTH_V)
            ),
        }
        numbers |= {f"potential_{name}_v/{key}": value for key, value in potential.items()}
    return numbers


def _plasma(result: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    named = {
        "spacecraft_potential_v": "spec_spacecraft_potential",
        "electron_temperature_ev": "spec_electron_temperature",
        "electron_density_m3": "spec_electron_density",
        "kappa": "spec_kappa_value",
    }
    return {f"{name}/median": _percentiles(result[key], {"median": 50})["median"] for name, key in named.items()}


def weighted_median(values: FloatArray, weights: FloatArray) -> float:
    """Return the value at which half of the weight lies to either side.

    Parameters
    ----------
    values : (N,) float64
        Finite values.
    weights : (N,) float64
        Positive weights.

    Returns
    -------
    float
        Midway between two values where the halves balance exactly; NaN without values.
    """
    if not len(values):
        return float("nan")
    order = np.argsort(values, kind="stable")
    ordered, total = values[order], np.cumsum(weights[order])
    half = total[-1] / 2
    low = ordered[np.searchsorted(total, half * (1 - 1e-12))]
    high = ordered[min(np.searchsorted(total, half * (1 + 1e-12), side="right"), len(ordered) - 1)]
    return float((low + high) / 2)
