"""Read a result file back as named arrays."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.errors import DataError
from potrun.results.columns import BY_NAME, COLUMNS, FOREIGN, ORIGINS, TEXT_KEYS
from potrun.results.foreign import REQUIRED, ForeignColumns
from potrun.results.join import join_results
from potrun.results.run_result import RunResult
from potrun.results.stated import read_provenance

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
        An NPZ written by potrun or, of the same documented keys, by another program; or a folder of such files, one or
        more days each (``potential_batch_*.npz``), which are joined by date.

    Returns
    -------
    RunResult

    Raises
    ------
    DataError
        If the file is missing, damaged, or not a result; if files of a folder hold the same day twice or are of
        different origin.

    Notes
    -----
    A foreign file has the origin ``foreign`` and lacks the columns that are potrun's own. Pickles are never loaded.
    """
    place = Path(path)
    if place.is_dir():
        return _load_folder(place)
    if not place.is_file():
        raise DataError(f"no result file at {place}: give the path of an NPZ that potrun wrote")
    if not zipfile.is_zipfile(place):
        raise DataError(
            f"{place} is damaged or not an NPZ (no list of arrays at its end): run again with overwrite=true"
        )
    try:
        with np.load(place, allow_pickle=False) as npz:
            broken = npz.zip.testzip()
            if broken is not None:
                raise DataError(f"{place} is damaged (checksum of {broken}): run again with overwrite=true")
            if not set(TEXT_KEYS) & set(npz.files) and set(REQUIRED) <= set(npz.files):
                columns = ForeignColumns(place, npz.__getitem__, set(npz.files))
                return RunResult(columns, {"origin": FOREIGN}, place)
            missing = [name for name in (*BY_NAME, *TEXT_KEYS) if name not in npz.files]
            if missing:
                names = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
                raise DataError(f"{place} is not a result of this potrun: it lacks {len(missing)} arrays ({names})")
            _check_headers(place, npz)
            provenance = read_provenance(str(npz["provenance"]))
            if provenance.get("origin") != str(npz["origin"]) or str(npz["origin"]) not in ORIGINS:
                raise DataError(f"{place} does not say whether it was simulated or measured: it is not potrun's")
    except _DAMAGE as error:
        raise _damaged(place, error) from error
    return RunResult(_FileColumns(place), provenance, place)


def _load_folder(folder: Path) -> RunResult:
    """Join the result files of a folder."""
    files = sorted(folder.glob("potential_batch_*.npz"))
    if not files:
        raise DataError(f"no potential_batch_*.npz in {folder}: give a result file or a folder of them")
    parts = [load_results(file) for file in files]
    columns, provenance = join_results(parts, folder)
    return RunResult(columns, provenance, folder)


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
