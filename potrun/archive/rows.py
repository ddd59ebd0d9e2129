"""What the lines of a table say, and which of them are damaged, before anyone judges the sweeps."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from potrun.core.instrument import N_CELLS, N_CHANNELS
from potrun.core.records import BoolArray, FloatArray, IntArray, axes
from potrun.core.utc import UTC_LENGTH

NUL_TAIL = "NUL bytes at the end"

_BOM = b"\xef\xbb\xbf"
_PADDING = b"\0\x1a \t\r\n"
_SPECTRUM_FIELD = 3


@dataclass(frozen=True, eq=False)
class RawRows:
    """The readable lines of a table in their order; `line` is 1-based. Missing values are NaN."""

    line: IntArray = axes("R")
    utc: NDArray[np.bytes_] = axes("R")
    unix_time_s: FloatArray = axes("R")
    energy_ev: FloatArray = axes("R")
    spectrum_number: FloatArray = axes("R")
    b_scd_nt: FloatArray = axes("R", 3)
    flux: FloatArray = axes("R", N_CELLS)
    phi_deg: FloatArray = axes("R", N_CELLS)

    def take(self, chosen: BoolArray) -> Self:
        """Return the chosen rows, without copying if they are all."""
        if chosen.all():
            return self
        return type(self)(**{item.name: getattr(self, item.name)[chosen] for item in fields(self)})


@dataclass(frozen=True)
class BadLine:
    """A line that is no row; `spectrum_number` is what its field seems to say, None if nothing.

    `rows` is how many rows may be lost in it, judged by its length: bytes that were overwritten join lines to one.
    """

    line: int
    reason: str
    spectrum_number: int | None
    rows: int = 1


def read_rows(data: bytes) -> tuple[RawRows, list[BadLine]]:
    """Read the lines of a table.

    In a table of fixed records a line of another length than those around it is damaged: where a byte was lost, each
    of its fields may still look like a number. A byte order mark and what an editor of old left behind the last line
    (blanks, ^Z) are no part of the table.

    Parameters
    ----------
    data : bytes
        Content of the file.

    Returns
    -------
    rows : RawRows
        The readable lines.
    bad : list of BadLine
        The damaged ones, in their order.
    """
    # Numba takes a second to import; a table that was read before needs none.
    from potrun.archive import scanner

    first = len(_BOM) if data.startswith(_BOM) else 0
    last, tail = len(data), data[-64:]
    if b"\0" in tail or b"\x1a" in tail:
        last = max(first, len(data.rstrip(_PADDING)))
    text = np.frombuffer(data, dtype=np.uint8)[first:last]
    bounds, state, utc, (head, flux, phi) = scanner.scan(text)
    length = bounds[:, 1] - bounds[:, 0]
    is_row = state == scanner.GOOD
    number = head[:, 2]
    with np.errstate(invalid="ignore"):
        # Where a line is no row its numbers were never filled in.
        is_row &= (number == np.floor(number)) & (np.abs(number) < 2**31)
    reasons = {scanner.WRONG_COUNT: "bad field count"}
    odd = is_row & ~_has_record_length(length, is_row)
    is_row &= ~odd
    usual = float(np.median(length[is_row])) if is_row.any() else np.inf
    bad = []
    for line in np.flatnonzero(~is_row & (state != scanner.BLANK_LINE)).tolist():
        reason = "line of another length" if odd[line] else reasons.get(int(state[line]), "unparsable number")
        named = _spectrum_number(text[bounds[line, 0] : bounds[line, 1]].tobytes())
        bad.append(BadLine(line + 1, reason, named, max(1, round(float(length[line]) / usual))))
    if b"\0" in data[last:]:
        bad.append(BadLine(len(state) + 1, NUL_TAIL, None, 0))
    rows = RawRows(
        line=np.arange(1, len(state) + 1),
        utc=utc.view(f"S{UTC_LENGTH}")[:, 0],
        unix_time_s=head[:, 0],
        energy_ev=head[:, 1],
        spectrum_number=number,
        b_scd_nt=head[:, 3:],
        flux=flux,
        phi_deg=phi,
    )
    return rows.take(is_row), bad


def _has_record_length(length: IntArray, is_row: BoolArray) -> BoolArray:
    """Tell which lines have a length that is kept for as many lines as a sweep has.

    All pass in a table whose lines mostly keep none.
    """
    mine = length[is_row]
    start = np.flatnonzero(np.diff(mine, prepend=-1) != 0)
    size = np.diff(start, append=len(mine))
    kept = np.unique(mine[start[size >= N_CHANNELS]])
    has = np.isin(length, kept)
    return has if 2 * np.count_nonzero(has & is_row) > len(mine) else np.ones_like(has)


def _spectrum_number(line: bytes) -> int | None:
    """Spectrum number that a damaged line seems to name."""
    words = line[:400].split()
    word = words[_SPECTRUM_FIELD] if len(words) > _SPECTRUM_FIELD else b""
    return int(word) if word.isdigit() and len(word) <= 9 else None
