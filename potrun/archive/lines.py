"""Where the lines of a text stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import IntArray

Bytes = NDArray[np.uint8]

BLANK = 32
_NEWLINE, _RETURN = 10, 13
_BLOCK_CELLS = 45_056
"""Fields worked on at once: a few hundred kB, so that they stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Lines:
    """First byte and length of each line, without its end (LF or CR LF)."""

    text: Bytes
    start: IntArray
    length: IntArray

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Find the lines; what follows the last line end is a line too, unless it is nothing."""
        text = np.frombuffer(data, dtype=np.uint8)
        stop = np.flatnonzero(text == _NEWLINE)
        if len(text) and text[-1] != _NEWLINE:
            stop = np.append(stop, len(text))
        start = np.concatenate([[0], stop[:-1] + 1])[: len(stop)]
        length = stop - start
        return cls(text, start, length - ((length > 0) & (text[stop - 1] == _RETURN)))

    def __len__(self) -> int:
        return len(self.start)

    @property
    def usual_length(self) -> int:
        """The most frequent length."""
        values, count = np.unique(self.length, return_counts=True)
        return int(values[count.argmax()])

    def bytes_of(self, line: int) -> Bytes:
        """Return one line."""
        return self.text[self.start[line] : self.start[line] + self.length[line]]


def blocks(lines: IntArray, cells_a_line: int) -> Iterator[IntArray]:
    """Cut a list of lines into blocks of the size that is read fastest."""
    size = max(1, _BLOCK_CELLS // cells_a_line)
    for first in range(0, len(lines), size):
        yield lines[first : first + size]
