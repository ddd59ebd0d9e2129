"""Read a result file back as named arrays."""

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.errors import DataError
from potrun.results.columns import BY_NAME, COLUMNS, ORIGINS, TEXT_KEYS
from potrun.results.run_result import RunResult

__all__ = ["RunResult", "load_results"]

_DAMAGE = (OSError, EOFError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What zipfile and numpy raise on damaged bytes; a method or a flag that makes no sense is a RuntimeError."""


class _FileColumns(Mapping[str, NDArray[Any]]):
    """Columns of a result file, each read when it is first asked for and kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._kept:
            try:
                with np.load(self._path, allow_pickle=False) as npz:
                    self._kept[name] = npz[name]
            except _DAMAGE as error:
                raise _damaged(self._path, error) from error
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(BY_NAME)

    def __len__(self) -> int:
        return len(BY_NAME)


def load_results(path: str | Path) -> RunResult:
    """Open a result file.

    Every array's checksum is verified here; the arrays themselves are read when they are first asked for.

    Parameters
    ----------
    path : str or Path
        An NPZ written by potrun.

    Returns
    -------
    RunResult

    Raises
    ------
    DataError
        If the file is missing, damaged, or not a result of potrun.
    """
    place = Path(path)
    if not place.is_file():
        raise DataError(f"no result file at {place}: give the path of an NPZ that potrun wrote")
    if not zipfile.is_zipfile(place):
        raise DataError(
            f"{place} is damaged or not an NPZ (no list of arrays at its end): run again with overwrite=true"
        )
    try:
        with np.load(place, allow_pickle=False) as npz:
            missing = [name for name in (*BY_NAME, *TEXT_KEYS) if name not in npz.files]
            if missing:
                names = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
                raise DataError(f"{place} is not a result of this potrun: it lacks {len(missing)} arrays ({names})")
            broken = npz.zip.testzip()
            if broken is not None:
                raise DataError(f"{place} is damaged (checksum of {broken}): run again with overwrite=true")
            _check_headers(place, npz)
            provenance = json.loads(str(npz["provenance"]))
            is_stated = isinstance(provenance, dict) and provenance.get("origin") == str(npz["origin"])
            if not is_stated or str(npz["origin"]) not in ORIGINS:
                raise DataError(f"{place} does not say whether it was simulated or measured: it is not potrun's")
    except _DAMAGE as error:
        raise _damaged(place, error) from error
    return RunResult(_FileColumns(place), provenance, place)


def _check_headers(path: Path, npz: Any) -> None:
    """Compare types and lengths with the table of columns, without reading the arrays."""
    lengths: dict[str, int] = {}
    for column in COLUMNS:
        with npz.zip.open(f"{column.name}.npy") as stream:
            np.lib.format.read_magic(stream)
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        expected = (lengths.setdefault(column.axis, shape[0] if shape else 0),)
        if dtype != column.dtype or shape != expected:
            raise DataError(f"{path}: array {column.name} is {dtype}{shape}, expected {column.dtype}{expected}")


def _damaged(path: Path, error: Exception) -> DataError:
    detail = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DataError(f"{path} is damaged or not an NPZ ({detail}): run again with overwrite=true")
