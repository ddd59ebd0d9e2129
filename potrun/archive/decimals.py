"""Decimal numbers in right-justified cells of text, many at once, correctly rounded.

Most cells of a table look alike: the point and the exponent stand in the same columns. Such a *picture* is decoded for
all cells together: mantissa and power of ten below 10^15 and 10^22 are exact in double precision, so one
multiplication or division rounds once, as it should (Clinger 1990, doi:10.1145/93542.93557). Cells that differ are
tried with further pictures, and what is left goes through Python's own parser.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import BoolArray, FloatArray

Cells = NDArray[np.uint8]
"""Character codes, (n, K, W): rows, cells of a row, columns of a cell; at least one blank (32) on the left."""

_BLANK, _PLUS, _COMMA, _MINUS, _POINT, _ZERO = b" +,-.0"
_MAX_DIGITS = 15
_MAX_EXACT_POWER = 22
_MAX_PICTURES = 8
_POWERS = np.array([float(f"1e{power}") for power in range(_MAX_EXACT_POWER + 1)])
_NUMBER = re.compile(rb" +([+-]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d+)?)")
_PLAIN = re.compile(rb" +[+-]?\d+(\.\d*)?([EeDd][+-]\d{1,3})?")


@dataclass(frozen=True)
class Picture:
    """Where things stand in a cell: columns of the first possible character, last integer digit, point and exponent."""

    width: int
    first: int
    units: int
    point: int | None
    exponent: int | None

    @classmethod
    def of(cls, cell: bytes) -> Self | None:
        """Read the picture off an example; None if the example is not of the plain kind."""
        match = _PLAIN.fullmatch(cell)
        if match is None:
            return None
        exponent = match.start(2) if match[2] else None
        point = match.start(1) if match[1] else None
        last = (exponent if exponent is not None else len(cell)) - 1
        units = point - 1 if point is not None else last
        digits_end = last - (point is not None)
        # Room for two more characters than the example has, so that 9.5 and -10.5 share a picture.
        start = len(cell) - len(cell.lstrip(b" "))
        first = max(start - 2, digits_end - _MAX_DIGITS + 1, 1)
        return cls(len(cell), first, units, point, exponent) if units >= first else None

    @cached_property
    def digit_columns(self) -> list[int]:
        """Columns of the mantissa, the leading ones of which may be blank or a sign."""
        stop = self.exponent if self.exponent is not None else self.width
        return [column for column in range(self.first, stop) if column != self.point]

    @cached_property
    def decimals(self) -> int:
        """Digits behind the point."""
        return sum(column > self.units for column in self.digit_columns)

    @cached_property
    def kind(self) -> type[np.floating]:
        """Type that holds the mantissa, and every sum of its digits' weights, exactly."""
        return np.float32 if len(self.digit_columns) <= 7 else np.float64

    @cached_property
    def weights(self) -> NDArray[np.floating]:
        """(W,) what a digit in each column is worth in the integer mantissa."""
        weights = np.zeros(self.width, dtype=self.kind)
        weights[self.digit_columns] = 10.0 ** np.arange(len(self.digit_columns) - 1, -1, -1)
        return weights


def parse_cells(cells: Cells, pictures: list[Picture]) -> tuple[FloatArray, BoolArray]:
    """Read numbers.

    Parameters
    ----------
    cells : (n, K, W) uint8
        Character codes of right-justified texts.
    pictures : list of Picture
        Pictures worth trying, most frequent first; new ones are added.

    Returns
    -------
    values : (n, K) float64
        NaN where the text is no finite number.
    is_number : (n, K) bool
        True where it is.
    """
    if not cells.size:
        return np.full(cells.shape[:2], np.nan), np.zeros(cells.shape[:2], dtype=bool)
    if not pictures:
        _learn(cells[0, 0], pictures)
    if not pictures:
        return _parse_singly(cells)
    values, is_number = _decode(cells, pictures[0])
    if is_number.all():
        return values, is_number
    rest = np.nonzero(~is_number)
    remaining, tried = cells[rest][:, None, :], 1
    found, good = np.full(len(remaining), np.nan), np.zeros(len(remaining), dtype=bool)
    while not good.all():
        todo = np.flatnonzero(~good)
        if tried == len(pictures):
            _learn(remaining[todo[0], 0], pictures)
        if tried >= min(len(pictures), _MAX_PICTURES):
            new_values, new_good = _parse_singly(remaining[todo])
        else:
            new_values, new_good = _decode(remaining[todo], pictures[tried])
        found[todo], good[todo] = new_values[:, 0], new_good[:, 0]
        if tried >= min(len(pictures), _MAX_PICTURES):
            break
        tried += 1
    values[rest], is_number[rest] = found, good
    return values, is_number


def _learn(cell: NDArray[np.uint8], pictures: list[Picture]) -> None:
    """Add the picture of a cell unless it has none or is known."""
    picture = Picture.of(cell.tobytes())
    if picture is not None and picture not in pictures:
        pictures.append(picture)


def _decode(cells: Cells, picture: Picture) -> tuple[FloatArray, BoolArray]:
    """Read the cells that have the picture; the others come back as False."""
    n, n_cells, width = cells.shape
    flat = cells.reshape(n, n_cells * width)
    lowest, span = _allowed(picture, n_cells)
    is_number = np.ones((n, n_cells), dtype=bool)
    in_range = (flat - lowest) <= span
    if not in_range.all():
        is_number &= in_range.reshape(cells.shape).all(axis=2)
    digits = (flat & np.uint8(15)).reshape(cells.shape)
    is_negative = _clear_signs(cells, digits, picture, is_number)
    mantissa = digits.astype(picture.kind).reshape(-1, width) @ picture.weights
    values = _scale(
        mantissa.reshape(n, n_cells).astype(np.float64), _powers(cells, picture, is_number), picture.decimals
    )
    if is_negative is not None:
        np.negative(values, out=values, where=is_negative)
    if picture.exponent is not None:
        is_number &= np.isfinite(values)
    if not is_number.all():
        values[~is_number] = np.nan
    return values, is_number


@lru_cache
def _allowed(picture: Picture, n_cells: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Lowest character code and span of codes of each column of a row; any code may lead up to the units."""
    lowest, highest = np.full(picture.width, _ZERO, np.uint8), np.full(picture.width, _ZERO + 9, np.uint8)
    lowest[: picture.first] = highest[: picture.first] = _BLANK
    lowest[picture.first : picture.units], highest[picture.first : picture.units] = 0, 255
    if picture.point is not None:
        lowest[picture.point] = highest[picture.point] = _POINT
    if picture.exponent is not None:
        lowest[picture.exponent] = highest[picture.exponent] = ord("E")
        lowest[picture.exponent + 1], highest[picture.exponent + 1] = _PLUS, _MINUS
    return np.tile(lowest, n_cells), np.tile(highest - lowest, n_cells)


def _clear_signs(cells: Cells, digits: NDArray[np.uint8], picture: Picture, is_number: BoolArray) -> BoolArray | None:
    """Check what leads up to the units, blanks, a sign and digits in that order; tell where the sign is minus.

    Clears `is_number` where the order is another, and the digit where there is a sign (a blank's is 0 as it stands).
    """
    is_negative: BoolArray | None = None
    next_is_digit: BoolArray | np.bool = np.True_
    for column in range(picture.units - 1, picture.first - 1, -1):
        code = np.ascontiguousarray(cells[..., column])
        is_digit = (code - _ZERO) <= 9
        fits = (code == _BLANK) | (is_digit & next_is_digit)
        if not fits.all():
            minus = (code == _MINUS) & next_is_digit
            is_sign = minus | ((code == _PLUS) & next_is_digit)
            is_negative = minus if is_negative is None else is_negative | minus
            digits[..., column][is_sign] = 0
            is_number &= fits | is_sign
        next_is_digit = is_digit
    return is_negative


def _powers(cells: Cells, picture: Picture, is_number: BoolArray) -> NDArray[np.int16] | None:
    """Power of ten of each cell's integer mantissa; None where all share the one that the decimals give."""
    if picture.exponent is None:
        return None
    sign = np.ascontiguousarray(cells[..., picture.exponent + 1])
    is_number &= sign != _COMMA
    power = np.zeros(cells.shape[:2], dtype=np.int16)
    for column in range(picture.exponent + 2, picture.width):
        power *= 10
        power += cells[..., column] & 15
    np.negative(power, out=power, where=sign == _MINUS)
    power -= picture.decimals
    power[~is_number] = 0
    return power


def _scale(mantissa: FloatArray, power: NDArray[np.int16] | None, decimals: int) -> FloatArray:
    """Multiply integers by powers of ten with a single rounding."""
    if power is None:
        return np.asarray(mantissa / _POWERS[decimals])
    size = np.abs(power)
    far = size > _MAX_EXACT_POWER
    has_far = far.any()
    factor = _POWERS[np.minimum(size, _MAX_EXACT_POWER) if has_far else size]
    scaled = np.where(power < 0, mantissa / factor, mantissa * factor)
    if has_far:
        pairs = np.stack([mantissa[far].astype(np.int64), power[far].astype(np.int64)], axis=1)
        unique, index = np.unique(pairs, axis=0, return_inverse=True)
        scaled[far] = np.array([float(f"{m}e{p}") for m, p in unique.tolist()])[index.reshape(-1)]
    return np.asarray(scaled)


def _parse_singly(cells: Cells) -> tuple[FloatArray, BoolArray]:
    """Read cells one by one."""
    known: dict[bytes, float] = {}
    texts = [cell.tobytes() for cell in cells.reshape(-1, cells.shape[2])]
    for text in set(texts):
        match = _NUMBER.fullmatch(text)
        known[text] = float(match[1].upper().replace(b"D", b"E")) if match else np.nan
    values = np.array([known[text] for text in texts]).reshape(cells.shape[:2])
    is_number = np.isfinite(values)
    return np.where(is_number, values, np.nan), is_number
