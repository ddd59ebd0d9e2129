"""Lines whose fields are separated by blanks, of any length."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from potrun.archive.decimals import Picture, parse_cells
from potrun.archive.lines import BLANK, Bytes, Lines, blocks
from potrun.archive.rows import N_FIELDS, NUMBERS, BadLine, RawRows
from potrun.core.records import BoolArray, IntArray
from potrun.core.utc import UTC_LENGTH

_LONGEST = 23
"""Characters of the longest number that is read."""

_Pictures = dict[tuple[str, int], list[Picture]]
"""What numbers look like, by their name and the width of their cells."""

_MARGIN = np.full(_LONGEST + 1, BLANK, dtype=np.uint8)

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
        first, last = chosen[0], chosen[-1]
        if last - first + 1 == len(chosen):
            # Neighbouring lines stand in the text as they are, with their ends for blanks between them.
            begin = int(lines.start[first])
            body = lines.text[begin : lines.start[last] + lines.length[last]]
            line_start = lines.start[chosen] - begin
        else:
            gap = np.array([BLANK], dtype=np.uint8)
            body = np.concatenate([part for line in chosen for part in (lines.bytes_of(line), gap)])
            line_start = np.cumsum(lines.length[chosen] + 1) - lines.length[chosen] - 1
        text = np.concatenate([_MARGIN, body, _MARGIN[:1]])
        is_blank = _IS_BLANK[text]
        start = np.flatnonzero(is_blank[:-1] & ~is_blank[1:]) + 1
        stop = np.flatnonzero(~is_blank[:-1] & is_blank[1:]) + 1
        before = np.searchsorted(start, line_start + len(_MARGIN))
        return cls(text, start, stop, np.diff(before, append=len(start)))

    @property
    def first(self) -> IntArray:
        """Index of the first token of each line."""
        return np.cumsum(self.count) - self.count

    def words(self, index: IntArray, length: int) -> NDArray[np.bytes_]:
        """Return tokens of one length as texts; others come back empty."""
        words = sliding_window_view(self.text, length)[self.stop[index] - length]
        words[self.stop[index] - self.start[index] != length] = 0
        return np.asarray(words.view(f"S{length}")[..., 0])

    def cells(self, index: IntArray) -> NDArray[np.uint8]:
        """Right-justify tokens (any shape) in cells with a blank to the left.

        A token too long for a number turns into a question mark.
        """
        length = self.stop[index] - self.start[index]
        width = int(min(length.max(initial=1), _LONGEST)) + 1
        cells = sliding_window_view(self.text, width)[self.stop[index] - width]
        cells[np.arange(width) < width - length[..., None]] = BLANK
        cells[length > _LONGEST] = np.frombuffer(b"?".rjust(width), dtype=np.uint8)
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
    pictures: _Pictures = {}
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
    tokens: Tokens, complete: IntArray, lines: IntArray, rows: RawRows, pictures: _Pictures
) -> BoolArray:
    """Read lines that have the right number of tokens; tell which of them hold numbers throughout."""
    good = np.ones(len(complete), dtype=bool)
    if not len(complete):
        return good
    index = tokens.first[complete][:, None] + np.arange(N_FIELDS)
    rows.utc[lines] = tokens.words(index[:, 0], UTC_LENGTH)
    for name, fields in NUMBERS.items():
        cells = tokens.cells(index[:, fields])
        values, is_number = parse_cells(cells, pictures.setdefault((name, cells.shape[2]), []))
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
