"""The result of a run as named arrays."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, get_args

import numpy as np
from numpy.typing import NDArray

from potrun.core.atomic import atomic_file
from potrun.core.errors import UsageError
from potrun.core.records import BoolArray
from potrun.results.columns import BY_NAME, COLUMNS, FOREIGN, UTC, Axis
from potrun.results.day import DayResult, check_columns
from potrun.results.foreign import missing_value
from potrun.results.merge import write_texts
from potrun.results.npz import NpzWriter
from potrun.results.quality import is_wanted
from potrun.results.times import times

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from astropy.table import QTable

AXES = get_args(Axis)


class RunResult(Mapping[str, NDArray[Any]]):
    """The columns of a run by name, as items or as attributes, and where they come from.

    A file that another program wrote lacks columns: they are not listed, ``name in result`` is False, and asking for
    one gives what stands for "not determined" (NaN, False, 0 or no text).

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
        self.left_out = 0
        """Fitted sweeps that were left out for their quality."""
        self.whole: RunResult = self
        """The result that this one was taken from by quality, else itself."""

    @classmethod
    def from_days(cls, days: Sequence[DayResult], provenance: Mapping[str, Any]) -> Self:
        """Join the results of days in memory, ordered by date."""
        ordered = sorted(days, key=lambda day: day.date)
        from potrun.results.join import join_columns

        return cls(join_columns([day.columns for day in ordered]), provenance)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name in BY_NAME and name not in self._columns:
            axis = BY_NAME[name].axis
            length = {"rows": self.n_rows, "sweeps": self.n_sweeps, "files": 0}[axis]
            return missing_value(BY_NAME[name], length)
        return self._columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name in BY_NAME:
            return self[name]
        raise AttributeError(f"a result has no {name!r}; its columns are listed in potrun.results.columns")

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        place = f" from {self.path}" if self.path else ""
        return f"<RunResult of {self.n_sweeps} sweeps, {self.origin}{place}>"

    @property
    def origin(self) -> str:
        """``simulated``, ``measured``, or ``foreign`` for a file that another program wrote."""
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
            Its columns have the names of the NPZ keys, UTC as datetime64; the units are in its ``attrs["units"]``.

        Raises
        ------
        UsageError
            If there is no such axis.
        """
        import pandas as pd

        _require_axis(axis)
        chosen = [column for column in COLUMNS if column.axis == axis and column.name in self]
        table = pd.DataFrame(
            {column.name: times(self[column.name]) if column.dtype == UTC else self[column.name] for column in chosen}
        )
        table.attrs["units"] = {column.name: column.unit for column in chosen}
        return table

    def to_xarray(self) -> "xr.Dataset":
        """Return the result as a dataset with units, meanings and times; see :func:`potrun.results.exports.to_xarray`.

        Raises
        ------
        UsageError
            If xarray is not installed.
        """
        from potrun.results.exports import require_libraries, to_xarray

        require_libraries(["xarray"])
        return to_xarray(self)

    def to_qtable(self, axis: Axis = "sweeps") -> "QTable":
        """Return one axis as an astropy table with units and times; see :func:`potrun.results.exports.to_qtable`.

        Parameters
        ----------
        axis : {"sweeps", "rows", "files"}
            One line a sweep, an energy row, or an input file.

        Raises
        ------
        UsageError
            If astropy is not installed or there is no such axis.
        """
        from potrun.results.exports import require_libraries, to_qtable

        require_libraries(["qtable"])
        _require_axis(axis)
        return to_qtable(self, axis)

    def of_quality(self, wanted: str) -> Self:
        """Return the sweeps of a quality, remembering how many fitted ones that leaves out.

        Parameters
        ----------
        wanted : {"good", "usable", "all"}
            ``usable`` takes the good ones as well.
        """
        chosen = is_wanted(self, wanted)
        result = self.select(chosen)
        result.whole = self
        result.left_out = int((self["spec_has_fit"] & ~chosen).sum())
        return result

    def select(self, sweeps: BoolArray) -> Self:
        """Return the result of some sweeps alone, with their rows.

        Parameters
        ----------
        sweeps : (S,) bool
            True for the sweeps to keep.
        """
        return type(self)(_Selection(self._columns, sweeps), self.provenance, self.path)

    def save(self, path: str | Path) -> Path:
        """Write the result as an NPZ, the same bytes as a merge of its days' shards gives."""
        out = Path(path)
        if self.origin == FOREIGN:
            raise UsageError(f"{self.path} was written by another program: it lacks columns and is not saved again")
        check_columns({name: self[name] for name in BY_NAME})
        with atomic_file(out) as stream, NpzWriter(stream) as npz:
            for column in COLUMNS:
                npz.add_array(column.name, self[column.name], column.is_repetitive)
            write_texts(npz, self.provenance)
        return out


def _require_axis(axis: str) -> None:
    if axis not in AXES:
        raise UsageError(f"axis={axis!r} is not allowed: choose one of {', '.join(AXES)}")


class _Selection(Mapping[str, NDArray[Any]]):
    """Columns of some sweeps, cut out when they are asked for."""

    def __init__(self, columns: Mapping[str, NDArray[Any]], sweeps: BoolArray) -> None:
        self._columns = columns
        self._sweeps = sweeps

    def __getitem__(self, name: str) -> NDArray[Any]:
        axis = BY_NAME[name].axis
        if axis == "sweeps":
            return self._columns[name][self._sweeps]
        if axis == "rows":
            return self._columns[name][np.repeat(self._sweeps, self._columns["spec_row_count"])]
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)
