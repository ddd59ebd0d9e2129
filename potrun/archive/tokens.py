"""Lines whose fields are separated by blanks, of any length."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from potrun.archive.decimals import Picture, parse_cells
from potrun.archive.lines import BLANK, Bytes, Lines, blocks
from potrun.archive.rows import N_FIELDS, NUMBERS, BadLine, RawRows
from potrun.archive.utc import UTC_LENGTH
from potrun.records import BoolArray, IntArray

_CELL_WIDTH = 24
"""One more than the longest number that is read."""

_IS_BLANK = np.isin(np.arange(256, dtype=np.uint8), np.frombuffer(b" \t\v\f\r\n", dtype=np.uint8))
_SPECTRUM_FIELD = NUMBERS["spectrum_number"].start


@dataclass(frozen=True, eq=False)
class Tokens:
    """First and last + 1 byte of every token of some text, and how many each of its lines has."""

    text: Bytes
    start: IntArray
    stop: IntArray
    count: IntArray

    @classmethod
    def of(cls, lines: Lines, chosen: IntArray) -> Self:
        """Find the tokens of the chosen lines."""
        blank = np.array([BLANK], dtype=np.uint8)
        text = np.concatenate([part for line in chosen for part in (blank, lines.bytes_of(line))] + [blank])
        is_blank = _IS_BLANK[text]
        start = np.flatnonzero(is_blank[:-1] & ~is_blank[1:]) + 1
        stop = np.flatnonzero(~is_blank[:-1] & is_blank[1:]) + 1
        line_stop = np.cumsum(lines.length[chosen] + 1)
        count = np.bincount(np.searchsorted(line_stop, start, side="right"), minlength=len(chosen))
        return cls(text, start, stop, count)

    @property
    def first(self) -> IntArray:
        """Index of the first token of each line."""
        return np.cumsum(self.count) - self.count

    def cells(self, index: NDArray[np.integer], width: int) -> NDArray[np.uint8]:
        """Right-justify tokens (any shape) in cells of some width; a longer one starts with a question mark."""
        column = self.stop[index][..., None] - width + np.arange(width)
        cells = self.text[np.maximum(column, 0)]
        cells[column < self.start[index][..., None]] = BLANK
        cells[self.stop[index] - self.start[index] > width - (width == _CELL_WIDTH)] = ord("?")
        return np.asarray(cells)


def read_tokens(lines: Lines, chosen: IntArray, rows: RawRows) -> tuple[BoolArray, list[BadLine]]:
    """Read lines by splitting them at blanks.

    Parameters
    ----------
    lines : Lines
        The table.
    chosen : (L,) int64
        Which of its lines to read.
    rows : RawRows
        Filled at the lines that are read.

    Returns
    -------
    is_read : (L,) bool
        False for damaged and for blank lines.
    bad : list of BadLine
        The damaged ones.
    """
    is_read = np.zeros(len(chosen), dtype=bool)
    bad: list[BadLine] = []
    pictures: dict[str, list[Picture]] = {name: [] for name in NUMBERS}
    done = 0
    for block in blocks(chosen, N_FIELDS):
        tokens = Tokens.of(lines, block)
        complete = np.flatnonzero(tokens.count == N_FIELDS)
        good = _read_complete(tokens, complete, block[complete], rows, pictures)
        is_read[done + complete] = good
        bad += _describe(tokens, block, complete[~good])
        done += len(block)
    return is_read, bad


def _read_complete(
    tokens: Tokens, complete: IntArray, lines: IntArray, rows: RawRows, pictures: dict[str, list[Picture]]
) -> BoolArray:
    """Read lines that have the right number of tokens; tell which of them hold numbers throughout."""
    good = np.ones(len(complete), dtype=bool)
    if not len(complete):
        return good
    index = tokens.first[complete][:, None] + np.arange(N_FIELDS)
    times = np.ascontiguousarray(tokens.cells(index[:, 0], UTC_LENGTH))
    rows.utc[lines] = times.view(f"S{UTC_LENGTH}")[:, 0]
    for name, fields in NUMBERS.items():
        values, is_number = parse_cells(tokens.cells(index[:, fields], _CELL_WIDTH), pictures[name])
        rows.put(lines, name, values)
        good &= is_number.all(axis=1)
    return good & rows.has_whole_number(lines)


def _describe(tokens: Tokens, block: IntArray, unreadable: IntArray) -> list[BadLine]:
    """Say what is wrong with the lines of a block that are not blank and were not read."""
    bad = []
    wrong_count = np.flatnonzero((tokens.count != N_FIELDS) & (tokens.count > 0))
    for line in sorted([*wrong_count.tolist(), *unreadable.tolist()]):
        reason = "unparsable number" if tokens.count[line] == N_FIELDS else "bad field count"
        number = None
        if tokens.count[line] > _SPECTRUM_FIELD:
            token = tokens.first[line] + _SPECTRUM_FIELD
            word = tokens.text[tokens.start[token] : tokens.stop[token]].tobytes()
            number = int(word) if word.isdigit() and len(word) <= 9 else None
        bad.append(BadLine(int(block[line]) + 1, reason, number))
    return bad
