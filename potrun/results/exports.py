"""A result in the formats that other tools open: netCDF, CDF, Parquet and CSV; in memory xarray and astropy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from potrun.core.atomic import atomic_file
from potrun.core.errors import UsageError
from potrun.results.columns import BY_NAME, COLUMNS, UTC, Axis
from potrun.results.istp import attributes, epoch_attributes, global_attributes
from potrun.results.npz import FAST_DEFLATE
from potrun.results.times import times

if TYPE_CHECKING:
    import xarray as xr
    from astropy.table import QTable

    from potrun.results.run_result import RunResult

NEEDS = {
    "netcdf": ("xarray", "h5netcdf"),
    "cdf": ("cdflib",),
    "parquet": ("pyarrow",),
    "csv": (),
    "xarray": ("xarray",),
    "qtable": ("astropy",),
}
"""The libraries behind each format, all of them in the extra ``potrun[export]``."""

SUFFIX = {"netcdf": ".nc", "cdf": ".cdf", "parquet": ".parquet", "csv": ".csv"}

ASTROPY_UNITS = {"": "", "UTC": "", "V": "V", "eV": "eV", "m-3": "m-3", "deg": "deg", "km": "km", "nT": "nT", "h": "h",
                 "s": "s", "s-1": "s-1", "Re": "earthRad", "byte": "byte"}  # fmt: skip
"""Units of columns in astropy's words; its Earth radius is 6378.1 km, potrun's 6378.137."""


def require_libraries(formats: Sequence[str]) -> None:
    """Refuse formats whose libraries are not installed.

    Raises
    ------
    UsageError
        Naming the library and the extra that brings it.
    """
    for name in formats:
        missing = [library for library in NEEDS[name] if find_spec(library) is None]
        if missing:
            raise UsageError(f"{name} needs {', '.join(missing)}: pip install 'potrun[export]'")


def to_xarray(result: RunResult) -> xr.Dataset:
    """Return a result as a dataset.

    Parameters
    ----------
    result : RunResult
        The run.

    Returns
    -------
    xarray.Dataset
        Columns of sweeps along ``sweep``, of rows along ``row``, of input files along ``file``; UTC as datetime64,
        ``Epoch`` (start of the sweep) and ``row_Epoch`` as their coordinates, units and meanings as attributes.
    """
    import xarray as xr

    dimension = {"sweeps": "sweep", "rows": "row", "files": "file"}
    variables: dict[str, Any] = {}
    for column in (BY_NAME[name] for name in result):
        values = times(result[column.name]) if column.dtype == UTC else result[column.name]
        values = values.astype(np.int8) if values.dtype == np.bool_ else values
        variables[column.name] = (dimension[column.axis], values, attributes(column))
    coordinates = {
        "Epoch": ("sweep", times(result["spec_utc_start"]), epoch_attributes("sweeps")),
        "row_Epoch": ("row", times(result["rows_utc"]), epoch_attributes("rows")),
    }
    return xr.Dataset(variables, coordinates, global_attributes(result))


def to_qtable(result: RunResult, axis: Axis) -> QTable:
    """Return the columns of one axis as an astropy table.

    Parameters
    ----------
    result : RunResult
        The run.
    axis : {"sweeps", "rows", "files"}
        One line a sweep, an energy row, or an input file.

    Returns
    -------
    astropy.table.QTable
        Numbers with a unit are quantities, UTC is :class:`astropy.time.Time`, which holds leap seconds; meanings stand
        in each column's description, what the result was made from in ``meta``.
    """
    from astropy.table import QTable
    from astropy.time import Time
    from astropy.units import Quantity

    table = QTable(meta={"origin": result.origin, "provenance": result.provenance})
    for column in COLUMNS:
        if column.axis != axis or column.name not in result:
            continue
        values = result[column.name]
        if column.dtype == UTC:
            table[column.name] = Time(values, format="isot", scale="utc")
        elif unit := ASTROPY_UNITS[column.unit] if column.dtype.kind in "if" else "":
            table[column.name] = Quantity(values, unit)
        else:
            table[column.name] = values
        table[column.name].info.description = column.meaning
    return table


def export(result: RunResult, formats: Sequence[str], stem: Path) -> list[Path]:
    """Write a result in some formats.

    Parameters
    ----------
    result : RunResult
        The run.
    formats : sequence of str
        Names in ``NEEDS``.
    stem : Path
        Place and name of the files, without a suffix.

    Returns
    -------
    list of Path
        One file a format; tables (Parquet, CSV) hold the sweeps.

    Raises
    ------
    UsageError
        If a library is missing.
    OutputError
        If a file cannot be written.
    """
    require_libraries(formats)
    paths = []
    for name in formats:
        path = stem.with_name(stem.name + SUFFIX[name])
        WRITE[name](result, path)
        paths.append(path)
    return paths


def _write_netcdf(result: RunResult, path: Path) -> None:
    dataset = to_xarray(result)
    packed = {"zlib": True, "complevel": FAST_DEFLATE, "shuffle": True}
    encoding = {
        name: packed for name, values in dataset.variables.items() if values.dtype.kind in "fiM" and values.size
    }
    with TemporaryDirectory() as folder:
        draft = Path(folder) / "result.nc"
        dataset.to_netcdf(draft, engine="h5netcdf", encoding=encoding)
        with atomic_file(path) as stream, draft.open("rb") as written:
            shutil.copyfileobj(written, stream)


def _write_cdf(result: RunResult, path: Path) -> None:
    from potrun.results.cdf import write_cdf

    write_cdf(result, path)


def _write_parquet(result: RunResult, path: Path) -> None:
    with atomic_file(path) as stream:
        result.to_dataframe("sweeps").to_parquet(stream, engine="pyarrow")


def _write_csv(result: RunResult, path: Path) -> None:
    with atomic_file(path) as stream:
        result.to_dataframe("sweeps").to_csv(stream, index=False)


WRITE: dict[str, Callable[[RunResult, Path], None]] = {
    "netcdf": _write_netcdf,
    "cdf": _write_cdf,
    "parquet": _write_parquet,
    "csv": _write_csv,
}
