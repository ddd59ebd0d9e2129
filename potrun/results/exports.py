"""A result in the formats that other tools open: netCDF, CDF, Parquet and CSV.

Names, units and meanings come from the one table of columns; attributes follow the ISTP guidelines
(https://spdf.gsfc.nasa.gov/istp_guide/istp_guide.html), as far as they apply.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.atomic import atomic_file
from potrun.core.errors import UsageError
from potrun.results.columns import BY_NAME, UTC, Column

if TYPE_CHECKING:
    import xarray as xr

    from potrun.results.run_result import RunResult

log = logging.getLogger(__name__)

NEEDS = {
    "netcdf": ("xarray", "h5netcdf"),
    "cdf": ("xarray", "cdflib"),
    "parquet": ("pyarrow",),
    "csv": (),
}
"""The libraries behind each format, all of them in the extra ``potrun[export]``."""

SUFFIX = {"netcdf": ".nc", "cdf": ".cdf", "parquet": ".parquet", "csv": ".csv"}


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
            raise UsageError(f"export={name} needs {', '.join(missing)}: pip install 'potrun[export]'")


def times(texts: NDArray[Any]) -> NDArray[np.datetime64]:
    """Turn UTC texts into datetime64[ns]; a leap second becomes the second before it, what is no time NaT."""
    plain = [re.sub(r":60$", ":59", text) for text in texts.tolist()]
    is_time = [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text) is not None for text in plain]
    return np.array([text if good else "NaT" for text, good in zip(plain, is_time, strict=True)], "M8[ns]")


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
        variables[column.name] = (dimension[column.axis], values, _attributes(column))
    epoch = {
        "VAR_TYPE": "support_data",
        "CATDESC": "start of the sweep, UTC",
        "FIELDNAM": "Epoch",
        "LABLAXIS": "Epoch",
        "FORMAT": " ",
    }
    coordinates = {
        "Epoch": ("sweep", times(result["spec_utc_start"]), epoch),
        "row_Epoch": ("row", times(result["rows_utc"]), epoch | {"CATDESC": "time of the row, UTC"}),
    }
    return xr.Dataset(variables, coordinates, _global_attributes(result))


def _attributes(column: Column) -> dict[str, Any]:
    """Return the ISTP attributes of a column."""
    is_data = column.dtype.kind != "U" and column.axis != "files"
    named: dict[str, Any] = {
        "CATDESC": column.meaning[:80],
        "VAR_NOTES": column.meaning,
        "FIELDNAM": column.name,
        "LABLAXIS": column.name.split("_", 1)[1][:20],
        "long_name": column.meaning,
        "UNITS": column.unit or " ",
        "VAR_TYPE": "data" if is_data else "metadata",
    }
    if column.dtype == UTC:
        named["FORMAT"] = " "
    elif column.unit:
        named["units"] = column.unit
    if column.axis != "files":
        named["DEPEND_0"] = "Epoch" if column.axis == "sweeps" else "row_Epoch"
    if is_data:
        named["DISPLAY_TYPE"] = "time_series"
        named["FORMAT"] = "E12.4" if column.dtype.kind == "f" else "I10"
    if column.dtype.kind == "f":
        named |= {"FILLVAL": np.float64(-1e31), "VALIDMIN": np.float64(-1e30), "VALIDMAX": np.float64(1e30)}
    elif column.dtype.kind in "ib":
        kind = np.dtype(np.int8) if column.dtype.kind == "b" else column.dtype
        limits = np.iinfo(kind.name)
        named |= {"FILLVAL": kind.type(limits.min), "VALIDMIN": kind.type(limits.min + 1)}
        named["VALIDMAX"] = kind.type(limits.max)
    return named


def _global_attributes(result: RunResult) -> dict[str, str]:
    source = "lp_er_potential"
    return {
        "Project": "Lunar Prospector",
        "Source_name": "LP>Lunar Prospector",
        "Discipline": "Planetary Physics>Fields",
        "Data_type": "L3>surface potential",
        "Descriptor": "ER>Electron Reflectometer",
        "Data_version": "1",
        "Logical_source": source,
        "Logical_file_id": f"{source}_{result.path.stem if result.path else 'memory'}",
        "Logical_source_description": "Electrostatic potential of the lunar surface from loss cones of electrons",
        "PI_name": "see Acknowledgement",
        "PI_affiliation": "see Acknowledgement",
        "TEXT": "Method: Halekas et al. 2008, doi:10.1029/2008JA013194; columns: potrun/results/columns.py",
        "Instrument_type": "Electron Precipitation Bounce",
        "Mission_group": "Lunar Prospector",
        "Acknowledgement": "Lunar Prospector ER data: NASA Planetary Data System, PPI node",
        "origin": result.origin,
        "provenance": json.dumps(result.provenance, sort_keys=True),
    }


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
    content = dataset.to_netcdf(engine="h5netcdf")
    with atomic_file(path) as stream:
        stream.write(bytes(content))


def _write_cdf(result: RunResult, path: Path) -> None:
    """Write sweeps and rows; texts are left to the other formats, as the library writes numbers and times alone."""
    from cdflib.xarray import xarray_to_cdf

    dataset = to_xarray(result)
    texts = [name for name, values in dataset.data_vars.items() if values.dtype.kind == "U" or "file" in values.dims]
    path.unlink(missing_ok=True)
    remarks = io.StringIO()
    # The library warns of each attribute of time that it fills in by itself.
    theirs = logging.getLogger("cdflib.logging")
    handler = logging.StreamHandler(remarks)
    theirs.addHandler(handler)
    theirs.propagate = False
    try:
        xarray_to_cdf(dataset.drop_vars(texts), str(path), istp=True, record_dimensions=["sweep", "row"])
    finally:
        theirs.removeHandler(handler)
        theirs.propagate = True
    for line in remarks.getvalue().splitlines():
        log.debug("%s: %s", path.name, line)


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
