"""From the bytes of a table to numbers, in one pass over them, compiled.

A number of up to 15 digits with a power of ten up to 22 needs one multiplication or division of exact doubles, which
rounds once, as it should (Clinger 1990, doi:10.1145/93542.93557). The two fluxes that flag a missing value are known by
sight. A line with any other number, which measurements do not need, is read once more by Python's own parser.
"""

import functools
import logging
import pickle
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from potrun.core.compiling import each_function
from potrun.core.instrument import N_CELLS
from potrun.core.progress import tell
from potrun.core.records import FloatArray, IntArray
from potrun.core.utc import UTC_LENGTH

log = logging.getLogger(__name__)

Bytes = NDArray[np.uint8]

N_FIELDS = 7 + 2 * N_CELLS
"""Fields of a line: UTC, seconds, energy, spectrum number, three of the magnetic field, fluxes, azimuths."""

FLUX_FLAGS = (9.999e-99, -9.99e-99)
"""Fluxes that stand for a missing and an erroneous value."""

PHI_FLAGS = (999.99, 998.99)
"""Azimuths that stand for a missing and an erroneous value."""

LONGEST = 23
"""Characters of the longest number that is read."""

BLANK_LINE, GOOD, _HARD, NO_NUMBER, WRONG_COUNT = range(5)
"""What a line is; `_HARD` ones are left to Python and come back as one of the others."""

_Function = TypeVar("_Function", bound=Callable[..., Any])

_POWERS = np.array([float(f"1e{power}") for power in range(23)])
_TOO_LONG = 10**15
_ZERO = np.uint8(48)
_ONE = np.uint64(1)
_NEWLINE = 10
_MISSING_DIGITS, _MISSING_POWER = 9999, -102
_WRONG_DIGITS, _WRONG_POWER = 999, -101
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d+)?")

_OPTIONS = {"nogil": True, "error_model": "numpy"}
_UNREADABLE: tuple[type[Exception], ...] = (OSError, RuntimeError, EOFError, pickle.UnpicklingError, ValueError)
_UNREADABLE += (TypeError, LookupError, AttributeError, ImportError)
"""What loading machine code raises where its file is damaged or has no place."""


def inlined(function: _Function) -> _Function:
    """Compile a function that only compiled code calls."""
    return cast(_Function, numba.njit(**_OPTIONS)(function))


def scan(text: Bytes) -> tuple[IntArray, NDArray[np.int8], Bytes, tuple[FloatArray, ...]]:
    """Read every line of a table.

    Parameters
    ----------
    text : (bytes,) uint8
        Lines that end in LF or CR LF; fields stand between blanks.

    Returns
    -------
    bounds : (lines, 2) int64
        First byte of each line's first field, and the byte behind its last; equal where it has none.
    state : (lines,) int8
        `BLANK_LINE`, `GOOD`, `WRONG_COUNT` of fields or `NO_NUMBER` in one of them.
    utc : (lines, 19) uint8
        Characters of the first field; zeros where it has another length.
    numbers : tuple of float64 arrays
        (lines, 6) the fields behind it, (lines, 88) fluxes, (lines, 88) azimuths, NaN where a flag stands; to be used
        where the state is `GOOD`.
    """
    if len(text) and text[-1] != _NEWLINE:
        text = np.append(text, np.uint8(_NEWLINE))
    text.flags.writeable = False
    n = int(np.count_nonzero(text == _NEWLINE))
    bounds, state = np.zeros((n, 2), dtype=np.int64), np.zeros(n, dtype=np.int8)
    utc = np.zeros((n, UTC_LENGTH), dtype=np.uint8)
    numbers = np.empty((n, 6)), np.empty((n, N_CELLS)), np.empty((n, N_CELLS))
    _compiled()(text, bounds, state, utc, *numbers)
    for line in np.flatnonzero(state == _HARD).tolist():
        state[line] = _read_with_python(text[bounds[line, 0] : bounds[line, 1]].tobytes(), line, numbers)
    return bounds, state, utc, numbers


def _read_with_python(line: bytes, row: int, numbers: tuple[FloatArray, ...]) -> int:
    """Read the numbers of a line that has the right count of fields."""
    words = line.split()[1:]
    if not all(len(word) <= LONGEST and _NUMBER.fullmatch(word) for word in words):
        return NO_NUMBER
    values = np.array([float(word.upper().replace(b"D", b"E")) for word in words])
    first = 0
    for part in numbers:
        part[row] = values[first : first + part.shape[1]]
        first += part.shape[1]
    for part, flags in ((numbers[1], FLUX_FLAGS), (numbers[2], PHI_FLAGS)):
        part[row, np.isin(part[row], flags)] = np.nan
    return GOOD if np.isfinite(values).all() else NO_NUMBER


@functools.cache
def _compiled() -> Callable[..., None]:
    """Compile the pass over the bytes, which takes seconds, or load it from where Numba keeps it."""
    empty = np.zeros(0, np.uint8), np.zeros((0, 2), np.int64), np.zeros(0, np.int8), np.zeros((0, UTC_LENGTH), np.uint8)
    numbers = np.empty((0, 6)), np.empty((0, N_CELLS)), np.empty((0, N_CELLS))
    empty[0].flags.writeable = False
    with each_function(lambda done: tell("compiling the reader of tables, function", done)):
        try:
            function = numba.njit(cache=True, **_OPTIONS)(_scan)
            function(*empty, *numbers)
        except _UNREADABLE as error:
            log.warning(
                "the compiled reader of tables cannot be kept or loaded (%s): compiling it for this process", error
            )
            function = numba.njit(**_OPTIONS)(_scan)
            function(*empty, *numbers)
    return function  # type: ignore[no-any-return]


def _scan(text: Bytes, bounds: Any, state: Any, utc: Any, head: Any, flux: Any, phi: Any) -> None:
    """Fill the arrays of :func:`scan`, line by line; the text ends in a newline, which ends every loop over it.

    Places in the text are unsigned, without which each look at it costs a comparison with 0.
    """
    place = np.uint64(0)
    for line in range(len(state)):
        field, verdict, start, stop = 0, GOOD, place, place
        while True:
            while text[place] <= 32 and _is_blank(text[place]):
                place += _ONE
            if text[place] == _NEWLINE:
                break
            begin = place
            if 0 < field < N_FIELDS:
                value, place, found = _number(text, begin)
                verdict = max(verdict, found)
                if field < 7:
                    head[line, field - 1] = value
                elif field < 7 + N_CELLS:
                    flux[line, field - 7] = np.nan if value == FLUX_FLAGS[0] or value == FLUX_FLAGS[1] else value
                else:
                    is_missing = value == PHI_FLAGS[0] or value == PHI_FLAGS[1]
                    phi[line, field - 7 - N_CELLS] = np.nan if is_missing else value
            else:
                place = _end_of_word(text, begin)
            stop = place
            if field == 0:
                start = begin
                if stop - begin == UTC_LENGTH:
                    utc[line] = text[begin:stop]
            field += 1
        place += _ONE
        bounds[line, 0], bounds[line, 1] = start, stop
        if field == N_FIELDS:
            state[line] = verdict
        else:
            state[line] = WRONG_COUNT if field else BLANK_LINE


@inlined
def _is_blank(code: Any) -> Any:
    """Tell blanks, and what else Python's split takes for them, apart from the end of a line."""
    return code == 32 or (9 <= code <= 13 and code != _NEWLINE)


@inlined
def _end_of_word(text: Bytes, place: Any) -> Any:
    """Go on to the blank behind a word."""
    while text[place] > 32 or not (_is_blank(text[place]) or text[place] == _NEWLINE):
        place += _ONE
    return place


@inlined
def _digits(text: Bytes, place: Any, digits: Any) -> Any:
    """Append the digits that stand here to an integer and go on to their end. Of too many digits some are left out."""
    digit = text[place] ^ _ZERO
    while digit <= 9:
        if digits < _TOO_LONG:
            digits = 10 * digits + np.int64(digit)
        place += _ONE
        digit = text[place] ^ _ZERO
    return digits, place


@inlined
def _number(text: Bytes, begin: Any) -> Any:
    """Value of the word that begins here, where it ends, and whether it is `GOOD`, `_HARD` or `NO_NUMBER`."""
    is_negative = text[begin] == 45
    first = begin + _ONE if is_negative or text[begin] == 43 else begin
    digits, place = _digits(text, first, np.int64(0))
    n_digits, power = np.int64(place - first), np.int64(0)
    if text[place] == 46:
        point = place + _ONE
        digits, place = _digits(text, point, digits)
        power = -np.int64(place - point)
        n_digits -= power
    # E, e, D and d differ in two bits.
    if text[place] | 33 == 101:
        sign = text[place + _ONE]
        column = place + _ONE + _ONE if sign == 45 or sign == 43 else place + _ONE
        exponent, end = _digits(text, column, np.int64(0))
        if end > column:
            place = end
            power += -exponent if sign == 45 else exponent
    if text[place] > 32 or not (_is_blank(text[place]) or text[place] == _NEWLINE):
        return 0.0, _end_of_word(text, place), NO_NUMBER
    if n_digits == 0 or place - begin > LONGEST:
        return 0.0, place, NO_NUMBER
    if digits < _TOO_LONG and -22 <= power <= 22:
        value = digits / _POWERS[-power] if power < 0 else digits * _POWERS[power]
    elif digits == _MISSING_DIGITS and power == _MISSING_POWER:
        value = FLUX_FLAGS[0]
    elif digits == _WRONG_DIGITS and power == _WRONG_POWER:
        value = -FLUX_FLAGS[1]
    else:
        return 0.0, place, _HARD
    return (-value if is_negative else value), place, GOOD
