"""What the lines of a table say, before anyone judges it."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from potrun.core.instrument import N_CELLS
from potrun.core.records import BoolArray, FloatArray, IntArray, axes
from potrun.core.utc import UTC_LENGTH

NUMBERS = {
    "unix_time_s": slice(1, 2),
    "energy_ev": slice(2, 3),
    "spectrum_number": slice(3, 4),
    "b_scd_nt": slice(4, 7),
    "flux": slice(7, 7 + N_CELLS),
    "phi_deg": slice(7 + N_CELLS, 7 + 2 * N_CELLS),
}
"""Which fields of a line, counted from 0, are which numbers; field 0 is the UTC."""

N_FIELDS = NUMBERS["phi_deg"].stop
"""Fields of a line."""


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

    @classmethod
    def allocate(cls, n: int) -> Self:
        """Make room for n rows."""
        utc = np.zeros(n, dtype=f"S{UTC_LENGTH}")
        shapes = {"flux": (n, N_CELLS), "phi_deg": (n, N_CELLS), "b_scd_nt": (n, 3)}
        return cls(line=np.arange(1, n + 1), utc=utc, **{name: np.empty(shapes.get(name, n)) for name in NUMBERS})

    def put(self, rows: IntArray, name: str, values: FloatArray, first: int = 0) -> None:
        """Store (n, K) numbers of some rows, from the `first` of that name on."""
        into = getattr(self, name)
        if into.ndim == 1:
            into[rows] = values[:, 0]
        else:
            into[rows, first : first + values.shape[1]] = values

    def has_whole_number(self, rows: IntArray) -> BoolArray:
        """Tell where the spectrum number is one: whole and of sensible size."""
        number = self.spectrum_number[rows]
        return np.asarray((number == np.floor(number)) & (np.abs(number) < 2**31))

    def take(self, chosen: BoolArray) -> Self:
        """Return the chosen rows, without copying if they are all."""
        if chosen.all():
            return self
        return type(self)(**{item.name: getattr(self, item.name)[chosen] for item in fields(self)})


@dataclass(frozen=True)
class BadLine:
    """A line that is no row; `spectrum_number` is what its field seems to say, None if nothing."""

    line: int
    reason: str
    spectrum_number: int | None
