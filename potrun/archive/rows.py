"""What the lines of a table say, before anyone judges it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potrun.instrument import N_CELLS
from potrun.records import FloatArray, IntArray, axes

N_FIELDS = 7 + 2 * N_CELLS
"""Fields of a line: UTC, Unix time, energy, spectrum number, three of B, fluxes, azimuths."""


@dataclass(frozen=True, eq=False)
class RawRows:
    """The readable lines of a table in their order; `line` is 1-based. Missing-value flags still stand."""

    line: IntArray = axes("R")
    utc: NDArray[np.bytes_] = axes("R")
    unix_time_s: FloatArray = axes("R")
    energy_ev: FloatArray = axes("R")
    spectrum_number: FloatArray = axes("R")
    b_scd_nt: FloatArray = axes("R", 3)
    flux: FloatArray = axes("R", N_CELLS)
    phi_deg: FloatArray = axes("R", N_CELLS)


@dataclass(frozen=True)
class BadLine:
    """A line that is no row; `spectrum_number` is what its field seems to say, None if nothing."""

    line: int
    reason: str
    spectrum_number: int | None
