"""First and last lines of a table, read just far enough to tell which sweep each belongs to."""

import datetime as dt
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

from potrun.core.utc import split_utc

EDGE_BYTES = 131_072
"""End and beginning of a table that are looked at: some 80 rows, five sweeps."""

Row = tuple[str, float]
"""UTC and energy, which no two rows of the instrument share."""

_PADDING = b"\0\x1a \t\r\n"


@dataclass(frozen=True)
class Line:
    """What a readable line begins with, and the line; `second` counts from the midnight between two days."""

    utc: str
    unix_time_s: float
    energy_ev: float
    spectrum_number: int
    second: int
    text: bytes

    @property
    def row(self) -> Row:
        """What tells this row from all others."""
        return self.utc, self.energy_ev


Lines = list[Line | None]
"""Lines in their order; None stands for a damaged one, which the reader of its own day counts."""


def last_lines(path: Path, midnight: dt.date) -> Lines:
    """Read the end of a table; `midnight` is the day with which `Line.second` begins."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - EDGE_BYTES))
        lines = stream.read().rstrip(_PADDING).splitlines()
    return _read(lines[1:] if size > EDGE_BYTES else lines, midnight)


def first_lines(path: Path, midnight: dt.date) -> Lines:
    """Read the beginning of a table; `midnight` is the day with which `Line.second` begins."""
    with path.open("rb") as stream:
        data = stream.read(EDGE_BYTES)
    lines = data.removeprefix(b"\xef\xbb\xbf").splitlines()
    return _read(lines[:-1] if len(data) == EDGE_BYTES else lines, midnight)


def first_sweep(lines: Lines) -> list[Line]:
    """Return the lines of the first spectrum number; none where a damaged line stands before or behind them."""
    number = lines[0].spectrum_number if lines and lines[0] is not None else None
    run = list(takewhile(lambda line: line is not None and line.spectrum_number == number, lines))
    is_damaged = lines[len(run) : len(run) + 1] == [None]
    return [] if is_damaged else [line for line in run if line is not None]


def last_sweep(lines: Lines) -> list[Line]:
    """Return the lines of the last spectrum number; none where a damaged line stands before or behind them."""
    return first_sweep(lines[::-1])[::-1]


def _read(texts: list[bytes], midnight: dt.date) -> Lines:
    texts = [text for text in texts if text.strip(_PADDING)]
    words = [text.split(maxsplit=4) for text in texts]
    utc = np.array([line[0].decode("ascii", "replace") for line in words], dtype=np.str_)
    if not len(utc):
        return []
    day, second, is_time = split_utc(utc)
    since = (day - (midnight - dt.date(1970, 1, 1)).days) * 86400 + second
    out: Lines = []
    for text, line, time, apart, is_good in zip(texts, words, utc.tolist(), since.tolist(), is_time, strict=True):
        try:
            unix, energy, number = float(line[1]), float(line[2]), int(line[3])
        except (IndexError, ValueError):
            is_good = False
        out.append(Line(time, unix, energy, number, apart, text) if is_good else None)
    return out
