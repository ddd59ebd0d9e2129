"""Times of a result, which are UTC as text because no number of numpy holds a leap second, as other tools want them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import BoolArray, IntArray

_FORM = "0000-00-00T00:00:00"
_DIGITS = np.array([character == "0" for character in _FORM])
_WIDTH = len(_FORM)
DAY_S = 86400


def _characters(texts: NDArray[Any]) -> NDArray[np.uint32]:
    """Return the characters of texts, (N, 19), with zeros after the end of shorter ones."""
    fixed = np.ascontiguousarray(texts.astype(f"<U{_WIDTH}"))
    return fixed.view(np.uint32).reshape(-1, _WIDTH)


def is_utc(texts: NDArray[Any]) -> BoolArray:
    """Tell which texts have the form ``1998-04-15T00:00:00``, (N,) bool."""
    letters = _characters(texts)
    wanted = np.array([ord(character) for character in _FORM], np.uint32)
    is_digit = (letters >= ord("0")) & (letters <= ord("9"))
    return np.asarray(np.where(_DIGITS, is_digit, letters == wanted).all(axis=1))


def second_of_day(texts: NDArray[Any]) -> IntArray:
    """Return the seconds since midnight, (N,) int64; a leap second is the 86400th."""
    digits = _characters(texts).astype(np.int64) - ord("0")
    hours, minutes, seconds = (10 * digits[:, n] + digits[:, n + 1] for n in (11, 14, 17))
    return np.asarray(3600 * hours + 60 * minutes + seconds)


def times(texts: NDArray[Any]) -> NDArray[np.datetime64]:
    """Turn UTC texts into datetime64[ns]; a leap second becomes the second before it, what is no time NaT."""
    found = np.full(len(texts), np.datetime64("NaT"), "M8[ns]")
    good = is_utc(texts)
    seconds = np.minimum(second_of_day(texts[good]), DAY_S - 1)
    found[good] = texts[good].astype("<U10").astype("M8[D]") + seconds.astype("m8[s]")
    return found
