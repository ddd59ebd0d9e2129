"""Result files of the same format that another program wrote: their documented keys, as potrun's columns.

Such a file has at least the 19 keys in ``REQUIRED``; later versions of it have more. What can be told from its rows is
(a sweep's fit, its place, its times); the columns that are potrun's own stay absent.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.errors import DataError
from potrun.core.records import IntArray
from potrun.results.columns import BY_NAME, Column

REQUIRED = (
    "rows_spec_no", "rows_utc", "rows_time", "rows_spacecraft_latitude", "rows_spacecraft_longitude",
    "rows_projection_latitude", "rows_projection_longitude", "rows_spacecraft_potential", "rows_projected_potential",
    "rows_bs_over_bm", "rows_beam_amp", "rows_fit_chi2", "rows_spacecraft_in_sun", "rows_projection_in_sun",
    "spec_spec_no", "spec_time_start", "spec_time_end", "spec_has_fit", "spec_row_count",
)  # fmt: skip
"""The keys that every such file has."""

_FROM_FIRST_ROW = {
    "spec_utc_start": "rows_utc",
    "spec_u_surface": "rows_projected_potential",
    "spec_bs_over_bm": "rows_bs_over_bm",
    "spec_beam_amp": "rows_beam_amp",
    "spec_fit_chi2": "rows_fit_chi2",
    "spec_spacecraft_potential": "rows_spacecraft_potential",
    "spec_electron_temperature": "rows_electron_temperature",
    "spec_electron_density": "rows_electron_density",
    "spec_kappa_value": "rows_kappa_value",
    "spec_environment_class": "rows_environment_class",
}
"""Columns of sweeps that all rows of a sweep carry."""

_FROM_MIDDLE_ROW = {
    f"spec_{place}_{what}": f"rows_{place}_{what}"
    for place in ("spacecraft", "projection")
    for what in ("latitude", "longitude", "in_sun")
}


def missing_value(column: Column, length: int) -> NDArray[Any]:
    """Return what stands for a column that a file does not have: NaN, False, 0 or no text."""
    empty = np.zeros(length, column.dtype)
    if column.dtype.kind == "f":
        empty[:] = np.nan
    return empty


class ForeignColumns(Mapping[str, NDArray[Any]]):
    """Columns of a file that another program wrote; those that it does not tell are absent.

    Parameters
    ----------
    path : Path
        The file, for messages.
    read : callable
        Gives an array of the file by its key.
    keys : set of str
        Keys of the file.

    Raises
    ------
    DataError
        If an array has another type or length than documented, or the rows do not belong to the sweeps.
    """

    def __init__(self, path: Path, read: Callable[[str], NDArray[Any]], keys: set[str]) -> None:
        self._path = path
        self._kept: dict[str, NDArray[Any]] = {}
        numbers, counts = (self._typed(name, read(name)) for name in ("spec_spec_no", "spec_row_count"))
        rows = self._typed("rows_spec_no", read("rows_spec_no"))
        self._order = self._row_order(rows, numbers, counts)
        lengths = {"rows": len(rows), "sweeps": len(numbers)}
        for name in sorted(keys & set(BY_NAME)):
            column = BY_NAME[name]
            array = self._typed(name, read(name))
            if len(array) != lengths.get(column.axis, len(array)):
                raise DataError(f"{path}: array {name} has {len(array)} entries, expected {lengths[column.axis]}")
            self._kept[name] = array[self._order] if column.axis == "rows" else array
        first = np.cumsum(counts) - counts
        self._derive(_FROM_FIRST_ROW, first)
        self._derive(_FROM_MIDDLE_ROW, self._middle(first, counts))
        self._derive({"spec_utc_end": "rows_utc"}, first + counts - 1)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in BY_NAME if name in self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def _typed(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Give an array the documented type; texts of another width are taken as they are if they fit."""
        dtype = BY_NAME[name].dtype
        is_alike = array.dtype.kind == dtype.kind or (array.dtype.kind in "iu" and dtype.kind == "i")
        if array.ndim != 1 or not is_alike:
            raise DataError(f"{self._path}: array {name} is {array.dtype}{array.shape}, expected {dtype}(n,)")
        if dtype.kind == "U" and len(array) and np.strings.str_len(array).max() > dtype.itemsize // 4:
            raise DataError(f"{self._path}: array {name} holds texts such as {array[0]!r}, too long for {dtype}")
        return array.astype(dtype)

    def _row_order(self, rows: IntArray, numbers: IntArray, counts: IntArray) -> IntArray:
        """Return the order of rows in which they follow their sweeps."""
        known = np.argsort(numbers, kind="stable")
        place = np.searchsorted(numbers[known], rows).clip(0, max(len(numbers) - 1, 0))
        if len(np.unique(numbers)) != len(numbers) or (len(rows) and not len(numbers)):
            raise DataError(f"{self._path}: spec_spec_no does not name each sweep once")
        sweep = known[place] if len(rows) else rows
        if not np.array_equal(numbers[sweep], rows) or not np.array_equal(
            np.bincount(sweep, minlength=len(numbers)), counts
        ):
            raise DataError(f"{self._path}: the rows do not belong to the sweeps as spec_row_count says")
        return np.argsort(sweep, kind="stable")

    def _middle(self, first: IntArray, counts: IntArray) -> IntArray:
        """Choose the middle one of each sweep's rows with a footpoint, of all rows where there is none."""
        has = np.isfinite(self._kept["rows_projection_latitude"])
        total = np.concatenate([[0], np.cumsum(has)])
        before, after = total[first], total[first + counts]
        connected, middle = np.flatnonzero(has), first + counts // 2
        found = after > before
        middle[found] = connected[(before + (after - before) // 2)[found]]
        return middle

    def _derive(self, names: Mapping[str, str], row: IntArray) -> None:
        for name, source in names.items():
            if name not in self._kept and source in self._kept:
                self._kept[name] = self._kept[source][row].astype(BY_NAME[name].dtype)
