"""Read a result file back as named arrays."""

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from potrun.errors import DataError, UsageError
from potrun.results.atomic import atomic_file
from potrun.results.columns import BY_NAME, COLUMNS, ORIGINS, TEXT_KEYS, Axis
from potrun.results.day import DayResult, check_columns
from potrun.results.merge import write_texts
from potrun.results.npz import NpzWriter

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

AXES = get_args(Axis)
_DAMAGE = (OSError, EOFError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What zipfile and numpy raise on damaged bytes; a method or a flag that makes no sense is a RuntimeError."""


class RunResult(Mapping[str, NDArray[Any]]):
    """The columns of a run by name, as items or as attributes, and where they come from.

    Parameters
    ----------
    columns : mapping of str to array
        Arrays as listed in :mod:`potrun.results.columns`; they may be read from a file when first asked for.
    provenance : mapping
        What the result was made from; its key ``origin`` is ``simulated`` or ``measured``.
    path : Path, optional
        The file the columns come from.

    Examples
    --------
    >>> result = load_results("potential_batch_1998.npz")  # doctest: +SKIP
    >>> result.spec_u_surface[result.spec_u_identifiable]  # doctest: +SKIP
    """

    def __init__(
        self, columns: Mapping[str, NDArray[Any]], provenance: Mapping[str, Any], path: Path | None = None
    ) -> None:
        self._columns = columns
        self.provenance = dict(provenance)
        self.path = path

    @classmethod
    def from_days(cls, days: Sequence[DayResult], provenance: Mapping[str, Any]) -> "RunResult":
        """Join the results of days in memory, ordered by date."""
        ordered = sorted(days, key=lambda day: day.date)
        columns = {
            column.name: np.concatenate([np.empty(0, column.dtype), *(day.columns[column.name] for day in ordered)])
            for column in COLUMNS
        }
        files = [len(day.columns["source_name"]) for day in ordered]
        earlier = np.cumsum([0, *files])[:-1] if files else np.empty(0, np.int64)
        columns["spec_source_file"] += np.repeat(earlier, [day.n_sweeps for day in ordered]).astype(np.int64)
        return cls(columns, provenance)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name in BY_NAME:
            return self[name]
        raise AttributeError(f"a result has no {name!r}; its columns are listed in potrun.results.columns")

    def __iter__(self) -> Iterator[str]:
        return iter(BY_NAME)

    def __len__(self) -> int:
        return len(BY_NAME)

    def __repr__(self) -> str:
        place = f" from {self.path}" if self.path else ""
        return f"<RunResult of {self.n_sweeps} sweeps, {self.origin}{place}>"

    @property
    def origin(self) -> str:
        """``simulated`` or ``measured``."""
        return str(self.provenance["origin"])

    @property
    def n_sweeps(self) -> int:
        """Number of sweeps."""
        return len(self["spec_spec_no"])

    @property
    def n_rows(self) -> int:
        """Number of energy rows."""
        return len(self["rows_spec_no"])

    def to_dataframe(self, axis: Axis = "sweeps") -> "pd.DataFrame":
        """Return the columns of one axis as a table.

        Parameters
        ----------
        axis : {"sweeps", "rows", "files"}
            One line a sweep, an energy row, or an input file.

        Returns
        -------
        pandas.DataFrame
            Its columns have the names of the NPZ keys; the units are in its ``attrs["units"]``.

        Raises
        ------
        UsageError
            If there is no such axis.
        """
        import pandas as pd

        if axis not in AXES:
            raise UsageError(f"axis={axis!r} is not allowed: choose one of {', '.join(AXES)}")
        chosen = [column for column in COLUMNS if column.axis == axis]
        table = pd.DataFrame({column.name: self[column.name] for column in chosen})
        table.attrs["units"] = {column.name: column.unit for column in chosen}
        return table

    def plot(self, kind: str = "map") -> "Figure":
        """Draw one picture of the result.

        Parameters
        ----------
        kind : str
            One of the names in :data:`potrun.results.pictures.KINDS`.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from potrun.results.pictures import draw

        return draw(self, kind)

    def save(self, path: str | Path) -> Path:
        """Write the result as an NPZ, the same bytes as a merge of its days' shards gives."""
        out = Path(path)
        check_columns({name: self[name] for name in BY_NAME})
        with atomic_file(out) as stream, NpzWriter(stream) as npz:
            for column in COLUMNS:
                npz.add_array(column.name, self[column.name], column.is_repetitive)
            write_texts(npz, self.provenance)
        return out


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
