"""A result as a CDF file, with cdflib.

Columns go in one by one: the library's way through xarray turns every time into a number by itself, which takes longer
than the fits, and knows no leap second.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.atomic import atomic_file
from potrun.core.records import IntArray
from potrun.results.columns import BY_NAME, UTC, Column
from potrun.results.istp import FLOAT_FILL, attributes, epoch_attributes, global_attributes
from potrun.results.npz import FAST_DEFLATE
from potrun.results.times import is_utc, second_of_day

if TYPE_CHECKING:
    from potrun.results.run_result import RunResult

TYPES = {"<f8": "CDF_DOUBLE", "<i8": "CDF_INT8", "<i4": "CDF_INT4", "|i1": "CDF_INT1", "|b1": "CDF_INT1"}
NO_TIME = np.int64(np.iinfo(np.int64).min)


def write_cdf(result: RunResult, path: Path) -> None:
    """Write all columns with their attributes: numbers, UTC as TT2000 and texts.

    Parameters
    ----------
    result : RunResult
        The run.
    path : Path
        Where the file goes.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    from cdflib.cdfwrite import CDF

    with TemporaryDirectory() as folder:
        draft = Path(folder) / "result.cdf"
        with CDF(draft) as cdf:
            cdf.write_globalattrs({name: {0: value} for name, value in global_attributes(result).items()})
            for axis, name in (("sweeps", "spec_utc_start"), ("rows", "rows_utc")):
                told = epoch_attributes(axis)
                _add(cdf, told["FIELDNAM"], "CDF_TIME_TT2000", tt2000(result[name]), _of_times(told))
            for column in (BY_NAME[name] for name in result):
                _add_column(cdf, column, result[column.name])
        with atomic_file(path) as stream, draft.open("rb") as written:
            shutil.copyfileobj(written, stream)


def tt2000(texts: NDArray[Any]) -> IntArray:
    """Turn UTC texts into TT2000: nanoseconds since 2000-01-01T12:00 TT, leap seconds counted.

    Returns
    -------
    (N,) int64
        The least number that there is where a text is no time.
    """
    from cdflib.epochs import CDFepoch

    found = np.full(len(texts), NO_TIME)
    good = is_utc(texts)
    dates, place = np.unique(texts[good].astype("<U10"), return_inverse=True)
    midnights = [CDFepoch.compute_tt2000([*map(int, date.split("-")), 0, 0, 0, 0, 0, 0]) for date in dates.tolist()]
    found[good] = np.array(midnights, np.int64)[place] + 10**9 * second_of_day(texts[good])
    return found


def _of_times(told: dict[str, Any]) -> dict[str, Any]:
    """Complete the attributes of a variable of times."""
    first, last = tt2000(np.array(["1998-01-01T00:00:00", "2000-01-01T00:00:00"])).tolist()
    limits = {"FILLVAL": NO_TIME, "VALIDMIN": first, "VALIDMAX": last}
    return {
        **told,
        **{name: [int(value), "CDF_TIME_TT2000"] for name, value in limits.items()},
        "UNITS": "ns",
        "TIME_BASE": "J2000",
        "TIME_SCALE": "Terrestrial Time",
        "SCALETYP": "linear",
    }


def _add_column(cdf: Any, column: Column, values: NDArray[Any]) -> None:
    # Names in lower case are those of the CF conventions, which netCDF has.
    told = {name: value for name, value in attributes(column).items() if not name.islower()}
    if column.dtype == UTC:
        _add(cdf, column.name, "CDF_TIME_TT2000", tt2000(values), _of_times(told))
    elif column.dtype.kind == "U":
        _add(cdf, column.name, "CDF_CHAR", values, {**told, "FILLVAL": " "})
    else:
        kind = TYPES[column.dtype.str]
        numbers = values.astype(np.int8) if column.dtype.kind == "b" else values
        if column.dtype.kind == "f":
            numbers = np.where(np.isnan(numbers), FLOAT_FILL, numbers)
        typed = {name: [told[name].item(), kind] for name in ("FILLVAL", "VALIDMIN", "VALIDMAX")}
        _add(cdf, column.name, kind, numbers, told | typed)


def _add(cdf: Any, name: str, kind: str, values: NDArray[Any], told: dict[str, Any]) -> None:
    """Write one variable, a record for each value."""
    width = 1
    data: Any = values
    if kind == "CDF_CHAR":
        encoded = np.char.encode(values, "utf-8")
        width = max(encoded.dtype.itemsize, 1)
        data = np.char.ljust(encoded, width).tobytes() if len(values) else None
    elif not len(values):
        data = None
    spec = {
        "Variable": name,
        "Data_Type": getattr(cdf, kind),
        "Num_Elements": width,
        "Rec_Vary": True,
        "Dim_Sizes": [],
        "Compress": FAST_DEFLATE,
    }
    cdf.write_var(spec, var_attrs=told, var_data=data)
