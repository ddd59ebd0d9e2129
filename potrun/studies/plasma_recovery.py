"""How well spacecraft potentials and plasma parameters that were put in come out again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import BoolArray
from potrun.core.table import Table
from potrun.results.run_result import RunResult

QUANTITIES = {
    "usc_v": ("Usc (V)", "Usc", "spec_spacecraft_potential", "spec_spacecraft_potential_sigma", False),
    "temperature_ev": ("Te (eV)", "Te", "spec_electron_temperature", "spec_electron_temperature_sigma", True),
    "density_m3": ("n (m-3)", "n", "spec_electron_density", "spec_electron_density_sigma", True),
    "kappa": ("kappa", "kappa", "spec_kappa_value", "spec_kappa_value_sigma", False),
}
"""Name in tables, key of the truth, columns of value and error, and whether errors are told as a part of the truth."""

COLUMNS = ("quantity", "spacecraft", "sweeps", "found", "bias", "scatter", "within 1 sigma", "within 2 sigma")


def plasma_recovery(result: RunResult, truth: Mapping[str, NDArray[Any]]) -> tuple[Table, dict[str, float]]:
    """Compare plasma parameters with the truth, for a spacecraft in sun and in shadow.

    Bias is the median error and scatter half the distance from its 16th to its 84th percentile, in the unit given; for
    temperature and density as a part of the truth.

    Parameters
    ----------
    result : RunResult
        What was found.
    truth : mapping of str to array
        What was put in.

    Returns
    -------
    Table
    dict of str to float
        The same numbers by metric name.
    """
    rows: list[list[str | float]] = []
    metrics: dict[str, float] = {}
    in_sun = truth["sc_sun"].astype(bool)
    for name, (title, key, column, sigma_column, is_relative) in QUANTITIES.items():
        scale = np.abs(truth[key]) if is_relative else np.ones(len(in_sun))
        error = (result[column] - truth[key]) / scale
        pull = np.abs(result[column] - truth[key]) / result[sigma_column]
        for side, chosen in (("sun", in_sun), ("shadow", ~in_sun)):
            numbers = _measures(error, pull, chosen)
            rows.append([f"{title}, relative" if is_relative else title, side, *numbers.values()])
            metrics |= {f"closure/{name}/{side}/{word}": value for word, value in numbers.items()}
    return Table("Spacecraft potential and plasma: found less true", COLUMNS, rows), metrics


def _measures(error: NDArray[Any], pull: NDArray[Any], chosen: BoolArray) -> dict[str, float]:
    found = chosen & np.isfinite(error)
    known = pull[found & np.isfinite(pull)]
    low, middle, high = np.percentile(error[found], [16, 50, 84]) if found.any() else (np.nan,) * 3
    return {
        "sweeps": float(chosen.sum()),
        "found": float(found.sum()),
        "bias": float(middle),
        "scatter": float((high - low) / 2),
        "within_1_sigma": float((known <= 1).mean()) if len(known) else float("nan"),
        "within_2_sigma": float((known <= 2).mean()) if len(known) else float("nan"),
    }
