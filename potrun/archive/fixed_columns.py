"""Lines of one length whose fields end in the same columns, as the archive writes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from potrun.archive.decimals import Picture, parse_cells
from potrun.archive.lines import BLANK, Lines, blocks
from potrun.archive.rows import N_FIELDS, NUMBERS, RawRows
from potrun.core.records import BoolArray, IntArray
from potrun.core.utc import UTC_LENGTH

_TRIES = 20
"""Lines looked at to find one that shows the columns."""


class _Piece(NamedTuple):
    """Neighbouring fields of one width: their name, the first of that name, how many, first column, width of each."""

    name: str
    first: int
    n_cells: int
    column: int
    width: int


@dataclass(frozen=True)
class FixedColumns:
    """Columns behind each field of a line of some length; a field's cell begins where the one before it ends."""

    length: int
    stop: IntArray

    @classmethod
    def of(cls, lines: Lines) -> Self | None:
        """Take the columns from the first line of the usual length that has all its fields."""
        length = lines.usual_length
        for line in np.flatnonzero(lines.length == length)[:_TRIES]:
            text = lines.bytes_of(line)
            is_filled = np.concatenate([text != BLANK, [False]])
            stop = np.flatnonzero(is_filled[:-1] & ~is_filled[1:]) + 1
            if len(stop) == N_FIELDS and stop[0] >= UTC_LENGTH:
                return cls(length, stop)
        return None

    def read(self, lines: Lines, rows: RawRows) -> BoolArray:
        """Fill the rows whose lines have these columns.

        Parameters
        ----------
        lines : Lines
            The table.
        rows : RawRows
            One row a line; filled where a line can be read.

        Returns
        -------
        (lines,) bool
            True where the row was filled.
        """
        chosen = np.flatnonzero(lines.length == self.length)
        good = self._read_times(lines, chosen, rows)
        for piece in self._pieces():
            # Where these are not the columns after all, most lines fall out at the first numbers.
            chosen = chosen[good]
            good = self._read_piece(piece, lines, chosen, rows)
        chosen = chosen[good]
        is_read = np.zeros(len(lines), dtype=bool)
        is_read[chosen[rows.has_whole_number(chosen)]] = True
        return is_read

    def _read_piece(self, piece: _Piece, lines: Lines, chosen: IntArray, rows: RawRows) -> BoolArray:
        """Fill in neighbouring fields of the chosen lines; tell which lines have numbers there."""
        good = np.ones(len(chosen), dtype=bool)
        pictures: list[Picture] = []
        window = sliding_window_view(lines.text, piece.n_cells * piece.width)
        start = lines.start[chosen] + piece.column
        for block in blocks(np.arange(len(chosen)), piece.n_cells):
            cells = window[start[block]].reshape(len(block), piece.n_cells, piece.width)
            values, is_number = parse_cells(cells, pictures)
            rows.put(chosen[block], piece.name, values, piece.first)
            if not is_number.all():
                good[block] = is_number.all(axis=1)
        return good

    def _read_times(self, lines: Lines, chosen: IntArray, rows: RawRows) -> BoolArray:
        """Fill in the UTC; tell which lines have 19 characters there and nothing but blanks behind the last field."""
        first = sliding_window_view(lines.text, self.stop[0])[lines.start[chosen]]
        times = np.ascontiguousarray(first[:, -UTC_LENGTH:])
        rows.utc[chosen] = times.view(f"S{UTC_LENGTH}")[:, 0]
        good = (times != BLANK).all(axis=1) & (first[:, :-UTC_LENGTH] == BLANK).all(axis=1)
        if self.length > self.stop[-1]:
            tail = sliding_window_view(lines.text, self.length - self.stop[-1])[lines.start[chosen] + self.stop[-1]]
            good &= (tail == BLANK).all(axis=1)
        return np.asarray(good)

    def _pieces(self) -> Iterator[_Piece]:
        """Cut the numbers where their name or the width of their cells changes."""
        start = np.concatenate([[0], self.stop[:-1]])
        width = self.stop - start
        for name, fields in NUMBERS.items():
            own = width[fields]
            for piece in np.split(np.arange(len(own)), np.flatnonzero(np.diff(own)) + 1):
                first = int(piece[0])
                yield _Piece(name, first, len(piece), int(start[fields.start + first]), int(own[first]))
