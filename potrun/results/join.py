"""Several results as one: files of one day each, days of a run in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.errors import DataError
from potrun.results.columns import BY_NAME, Axis
from potrun.results.day import file_offsets

if TYPE_CHECKING:
    from potrun.results.run_result import RunResult


def join_results(parts: Sequence[RunResult], path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Join columns and provenance of results by date; columns that not all of them have are absent.

    Spectrum numbers and indices of files are moved on, as where the days of a run are merged.

    Parameters
    ----------
    parts : sequence of RunResult
        At least one.
    path : Path
        Where they lie.

    Raises
    ------
    DataError
        If two of them hold sweeps of one day's table, or their origins or settings differ.
    """
    ordered = sorted(parts, key=lambda part: min(part["spec_utc_start"].tolist()) if part.n_sweeps else "")
    origins = sorted({part.origin for part in parts})
    if len(origins) > 1:
        raise DataError(f"{path} holds {' and '.join(origins)} results: keep them in folders of their own")
    _refuse_repeated(ordered, path)
    columns = join_columns([{name: part[name] for name in part} for part in ordered])
    return columns, _provenance(ordered, path)


def join_columns(parts: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Put the columns of several results one after the other."""
    names = [name for name in BY_NAME if all(name in part for part in parts)]
    joined = {
        name: np.concatenate([np.empty(0, BY_NAME[name].dtype), *(part[name] for part in parts)]) for name in names
    }
    offsets = file_offsets([int(p["spec_spec_no"].max()) if len(p["spec_spec_no"]) else None for p in parts])
    files = [len(part["source_name"]) if "source_name" in part else 0 for part in parts]
    moved: dict[str, tuple[Axis, list[int]]] = {
        "spec_spec_no": ("sweeps", offsets),
        "rows_spec_no": ("rows", offsets),
        "spec_source_file": ("sweeps", [0, *np.cumsum(files).tolist()][: len(files)]),
    }
    for name, (axis, shifts) in moved.items():
        if name in joined:
            key = "rows_spec_no" if axis == "rows" else "spec_spec_no"
            joined[name] = joined[name] + np.repeat(np.array(shifts, np.int64), [len(part[key]) for part in parts])
    return joined


def _refuse_repeated(parts: Sequence[RunResult], path: Path) -> None:
    seen: set[tuple[str, int]] = set()
    for part in parts:
        keys = set(zip(part["spec_utc_start"].tolist(), part["spec_row_count"].tolist(), strict=True))
        if keys & seen:
            raise DataError(f"{path}: two files hold the sweep of {min(keys & seen)[0]}: keep each day once")
        seen |= keys


def _provenance(parts: Sequence[RunResult], path: Path) -> dict[str, Any]:
    """Join what the parts were made from; their settings must be equal but for the days."""
    first = dict(parts[0].provenance)
    days = ("year", "month", "day")
    settings = [
        {key: value for key, value in part.provenance.get("settings", {}).items() if key not in days} for part in parts
    ]
    if any(one != settings[0] for one in settings):
        raise DataError(f"{path} holds results of different settings: keep them in folders of their own")
    if "settings" in first:
        first["settings"] = {**first["settings"], **dict.fromkeys(days)}
    for name in ("inputs", "defects"):
        if name in first:
            first[name] = [item for part in parts for item in part.provenance.get(name, [])]
    return first
