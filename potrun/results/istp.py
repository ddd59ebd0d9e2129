"""What the columns of a result are, in the attributes that space physics files carry.

Names, units and meanings come from the one table of columns; the attributes follow the ISTP guidelines
(https://spdf.gsfc.nasa.gov/istp_guide/istp_guide.html), as far as they apply.
"""

from __future__ import annotations

import json
from enum import IntFlag
from typing import TYPE_CHECKING, Any

import numpy as np

from potrun.core.records import AtBound, Environment, FitStatus, IntervalFlag, PotentialStatus, Region
from potrun.results.columns import UTC, Column
from potrun.results.quality import Quality, QualityClass

if TYPE_CHECKING:
    from potrun.results.run_result import RunResult

FLOAT_FILL = np.float64(-1e31)

CODES = {
    "spec_fit_status": FitStatus,
    "spec_potential_status": PotentialStatus,
    "spec_environment_class": Environment,
    "rows_environment_class": Environment,
    "spec_region": Region,
    "spec_quality_class": QualityClass,
    "spec_quality": Quality,
    "spec_at_bound": AtBound,
    "spec_u_interval_flag": IntervalFlag,
}
"""What the integers of a column stand for."""

NAMED_RANGES = (
    ("_latitude", (-90.0, 90.0)),
    ("_longitude", (-180.0, 180.0)),
    ("_dip", (0.0, 90.0)),
    ("_polarity", (-1, 1)),
    ("_fraction", (0.0, 1.0)),
    ("_covered_by_earth", (0.0, 1.0)),
    ("_kappa_value", (1.5, 1000.0)),
    ("_bs_over_bm", (0.0, 2.0)),
    ("_beam_amp", (0.0, 1000.0)),
    ("_potential", (-20_000.0, 1000.0)),
    ("_u_surface", (-20_000.0, 1000.0)),
    ("_tail_distance", (0.0, 100.0)),
    ("_b_magnitude", (0.0, 1000.0)),
    ("_b_spread", (0.0, 1000.0)),
)
"""Values that can be, by the end of a column's name; they come before those by unit."""

UNIT_RANGES = {
    "deg": (0.0, 180.0),
    "h": (0.0, 24.0),
    "km": (0.0, 20_000.0),
    "V": (-20_000.0, 20_000.0),
    "eV": (0.0, 1e6),
    "m-3": (0.0, 1e12),
    "nT": (-1000.0, 1000.0),
    "Re": (-100.0, 100.0),
    "s": (0.0, 1e10),
}


def valid_range(column: Column) -> tuple[Any, Any]:
    """Return the least and the greatest value that a number in a column can have, in its own type."""
    dtype = np.dtype(np.int8) if column.dtype.kind == "b" else column.dtype
    low: float
    high: float
    if column.dtype.kind == "b":
        low, high = 0, 1
    elif column.name in CODES:
        codes = CODES[column.name]
        total = sum(code.value for code in codes)
        low, high = 0, total if issubclass(codes, IntFlag) else max(code.value for code in codes)
    else:
        named = [limits for ending, limits in NAMED_RANGES if column.name.endswith(ending)]
        if named:
            low, high = named[0]
        elif dtype.kind == "i":
            low, high = 0, int(np.iinfo(dtype.name).max)
        else:
            low, high = UNIT_RANGES.get(column.unit, (-1e30, 1e30))
    return dtype.type(low), dtype.type(high)


def attributes(column: Column) -> dict[str, Any]:
    """Return the ISTP attributes of a column; numbers have the column's type."""
    is_number = column.dtype.kind in "fib"
    is_time = column.dtype == UTC
    codes = CODES.get(column.name)
    told = f"; {', '.join(f'{code.value} {code.name}'.lower() for code in codes)}" if codes else ""
    named: dict[str, Any] = {
        "CATDESC": column.meaning[:80],
        "VAR_NOTES": column.meaning + told,
        "FIELDNAM": column.name,
        "LABLAXIS": column.name.split("_", 1)[1][:20],
        "long_name": column.meaning,
        "UNITS": column.unit or " ",
        "VAR_TYPE": "data" if is_number and column.axis != "files" else "support_data" if is_time else "metadata",
    }
    if column.unit and not is_time:
        named["units"] = column.unit
    if column.axis != "files":
        named["DEPEND_0"] = "Epoch" if column.axis == "sweeps" else "row_Epoch"
    if not is_number:
        named["FORMAT"] = " " if is_time else f"A{column.dtype.itemsize // 4}"
        return named
    low, high = valid_range(column)
    named |= {"VALIDMIN": low, "VALIDMAX": high}
    if column.dtype.kind == "f":
        named |= {"FILLVAL": FLOAT_FILL, "FORMAT": "E12.4"}
    else:
        fill = low.dtype.type(np.iinfo(low.dtype.name).min)
        named |= {"FILLVAL": fill, "FORMAT": f"I{len(str(fill))}"}
    if column.axis != "files":
        named["DISPLAY_TYPE"] = "time_series"
    return named


def epoch_attributes(axis: str) -> dict[str, str]:
    """Return the attributes of the times along which the columns of an axis lie."""
    name, what = ("Epoch", "start of the sweep") if axis == "sweeps" else ("row_Epoch", "time of the row")
    return {
        "VAR_TYPE": "support_data",
        "CATDESC": f"{what}, UTC",
        "VAR_NOTES": f"{what}, UTC",
        "FIELDNAM": name,
        "LABLAXIS": name,
        "FORMAT": " ",
    }


def global_attributes(result: RunResult) -> dict[str, str]:
    """Return what a file says of itself, its provenance among it."""
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
