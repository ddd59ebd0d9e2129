"""Compare runs sweep by sweep."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.errors import UsageError
from potrun.core.records import FloatArray, IntArray
from potrun.core.table import Cell, Table
from potrun.results.run_result import RunResult
from potrun.results.statistics import illumination

CLOSE_V = 10.0


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs and the sweeps that they share; the first run is what the others are compared with.

    Parameters
    ----------
    labels : tuple of str
        A short name for each of the N runs.
    results : tuple of RunResult
        The runs.
    matched : (M, N) int64
        Index of each shared sweep in each run, in order of time.
    ambiguous : tuple of int
        Sweeps of each run left out because their start and spectrum number occur more than once in it.
    settings : dict
        Settings, code and inputs that are not the same in all runs, with the value that each run has.
    """

    labels: tuple[str, ...]
    results: tuple[RunResult, ...]
    matched: IntArray
    ambiguous: tuple[int, ...]
    settings: dict[str, tuple[Any, ...]]

    def values(self, name: str) -> NDArray[Any]:
        """Return one column of the shared sweeps, (M, N)."""
        return np.stack([result[name][self.matched[:, n]] for n, result in enumerate(self.results)], axis=1)

    def differences(self, name: str) -> FloatArray:
        """Return how a column of the shared sweeps differs from the first run's, (M, N - 1)."""
        values = self.values(name).astype(np.float64)
        return np.asarray(values[:, 1:] - values[:, :1])


def compare(results: Sequence[RunResult], labels: Sequence[str]) -> Comparison:
    """Match the sweeps of runs.

    Sweeps are the same where both the start time and the spectrum number in the source file are equal; a pair of the
    two that occurs more than once in a run is left out. Where a foreign file is among the results, which does not tell
    the number in the source file, the start time decides.

    Parameters
    ----------
    results : sequence of RunResult
        At least two runs.
    labels : sequence of str
        A short name for each.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        If there are fewer than two runs, or they share no sweep.
    """
    if len(results) < 2:
        raise UsageError(f"{len(results)} result given: a comparison needs two or more")
    has_number = all("spec_original_spec_no" in result for result in results)
    keys, ambiguous = zip(*(_sweep_keys(result, has_number) for result in results), strict=True)
    shared = set(keys[0]).intersection(*keys[1:])
    if not shared:
        spans = "; ".join(f"{label}: {_span(result)}" for label, result in zip(labels, results, strict=True))
        raise UsageError(f"the results share no sweep ({spans}): compare results of the same days")
    matched = np.array([[index[key] for index in keys] for key in sorted(shared)], dtype=np.int64)
    return Comparison(tuple(labels), tuple(results), matched, ambiguous, differing_settings(results))


def _sweep_keys(result: RunResult, has_number: bool) -> tuple[dict[tuple[str, int], int], int]:
    """Return the index of each sweep by start and spectrum number, and how many are not unique."""
    numbers = result["spec_original_spec_no"].tolist() if has_number else [0] * result.n_sweeps
    names = list(zip(result["spec_utc_start"].tolist(), numbers, strict=True))
    index: dict[tuple[str, int], int] = {}
    repeated = set()
    for place, name in enumerate(names):
        if name in index:
            repeated.add(name)
        index[name] = place
    for name in repeated:
        del index[name]
    return index, len(names) - len(index)


def _span(result: RunResult) -> str:
    start = sorted(result["spec_utc_start"].tolist())
    return f"{start[0]} to {start[-1]}" if start else "empty"


def differing_settings(results: Sequence[RunResult]) -> dict[str, tuple[Any, ...]]:
    """Return what the provenance of runs does not agree on.

    Returns
    -------
    dict
        From a setting, ``code``, ``version``, ``origin`` or ``input <name>`` to each run's value; None where it has
        none.
    """
    told = [_told(result.provenance) for result in results]
    names = sorted(set().union(*told), key=lambda name: (name.startswith("input "), name))
    return {
        name: tuple(one.get(name) for one in told)
        for name in names
        if len({json.dumps(one.get(name)) for one in told}) > 1
    }


def _told(provenance: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(provenance.get("settings", {}))
    told |= {name: provenance.get(name) for name in ("origin", "code", "version")}
    for item in provenance.get("inputs", []):
        told[f"input {item['name']}"] = str(item["sha256"])[:12]
    return told


def summary(comparison: Comparison) -> dict[str, list[float]]:
    """Sum a comparison up: one number for each run in every line.

    Differences are to the first run, over the sweeps fitted in both, and NaN for the first run itself; sun and shadow
    are told by the first run's footpoints. Medians of potentials and chi2 are over the shared sweeps that the run
    fitted.

    Returns
    -------
    dict of str to list of float
        From what is measured, with its unit, to the N values.
    """
    results = comparison.results
    u, chi2 = comparison.values("spec_u_surface"), comparison.values("spec_fit_chi2")
    has_fit = comparison.values("spec_has_fit")
    sides = [illumination(result) for result in results]
    table: dict[str, list[float]] = {
        "sweeps": [float(result.n_sweeps) for result in results],
        "shared sweeps": [float(len(comparison.matched))] * len(results),
        "fitted": has_fit.sum(0).astype(float).tolist(),
        "fit fraction": has_fit.mean(0).tolist(),
        "chi2, median": [_median(column) for column in chi2.T],
    }
    for name, title in (("sun", "U in sun, median (V)"), ("shadow", "U in shadow, median (V)")):
        chosen = np.stack([side[name][comparison.matched[:, n]] for n, side in enumerate(sides)], axis=1)
        table[title] = [_median(u[chosen[:, n], n]) for n in range(len(results))]
    delta_u, delta_chi2 = comparison.differences("spec_u_surface"), comparison.differences("spec_fit_chi2")
    nan = [float("nan")]
    table |= {
        "fitted in both": nan + np.isfinite(delta_u).sum(0).astype(float).tolist(),
        "difference of U, median (V)": nan + [_median(column) for column in delta_u.T],
        "|difference of U|, median (V)": nan + [_median(np.abs(column)) for column in delta_u.T],
        "|difference of U|, 95 % (V)": nan + [_percentile(np.abs(column), 95) for column in delta_u.T],
        f"within {CLOSE_V:g} V": nan + [_fraction_within(column, CLOSE_V) for column in delta_u.T],
        "same U to the bit": nan + [_fraction_within(column, 0.0) for column in delta_u.T],
        "difference of chi2, median": nan + [_median(column) for column in delta_chi2.T],
        "difference of fit fraction": nan + (has_fit.mean(0)[1:] - has_fit.mean(0)[0]).tolist(),
    }
    for name, chosen in sides[0].items():
        moved = delta_u[chosen[comparison.matched[:, 0]]]
        table |= {
            f"difference of U in {name}, median (V)": nan + [_median(column) for column in moved.T],
            f"|difference of U| in {name}, median (V)": nan + [_median(np.abs(column)) for column in moved.T],
            f"|difference of U| in {name}, 95 % (V)": nan + [_percentile(np.abs(column), 95) for column in moved.T],
        }
    return table


def sweeps_table(comparison: Comparison) -> Table:
    """Lay the shared sweeps out: one line a sweep, one column a run for U, chi2 and whether there is a fit."""
    columns = {"u_surface_v": "spec_u_surface", "chi2": "spec_fit_chi2", "has_fit": "spec_has_fit"}
    values = [comparison.values(key).tolist() for key in columns.values()]
    values.append(comparison.differences("spec_u_surface").tolist())
    first, place = comparison.results[0], comparison.matched[:, 0]
    names = [
        "time_start_utc",
        "original_spectrum_number",
        *(f"{name} [{label}]" for name in columns for label in comparison.labels),
        *(f"u_difference_v [{label}]" for label in comparison.labels[1:]),
    ]
    start, number = first["spec_utc_start"][place].tolist(), first["spec_original_spec_no"][place].tolist()
    rows = [
        [start[line], number[line], *(cell for block in values for cell in block[line])] for line in range(len(place))
    ]
    return Table("shared sweeps", names, rows)


def summary_table(comparison: Comparison) -> Table:
    """Lay out the summary and the settings that differ."""
    rows: list[list[Cell]] = [[name, *numbers] for name, numbers in summary(comparison).items()]
    rows += [[f"setting {name}", *values] for name, values in comparison.settings.items()]
    return Table("summary", ["quantity", *comparison.labels], rows)


def _percentile(values: FloatArray, percent: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.percentile(finite, percent)) if len(finite) else float("nan")


def _median(values: FloatArray) -> float:
    return _percentile(values, 50)


def _fraction_within(differences: FloatArray, limit: float) -> float:
    finite = differences[np.isfinite(differences)]
    return float((np.abs(finite) <= limit).mean()) if len(finite) else float("nan")
