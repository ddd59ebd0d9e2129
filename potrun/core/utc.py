"""UTC texts such as ``1998-12-31T23:59:60`` as numbers, leap seconds included."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.records import BoolArray, IntArray

UTC_LENGTH = 19
"""Characters of ``YYYY-MM-DDThh:mm:ss``."""

_SEPARATORS = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":"}
_FIELDS = {"year": (0, 4), "month": (5, 7), "day": (8, 10), "hour": (11, 13), "minute": (14, 16), "second": (17, 19)}
_DAYS_IN_MONTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def split_utc(utc: NDArray[Any]) -> tuple[IntArray, IntArray, BoolArray]:
    """Split UTC texts into a day number and the second of that day.

    A leap second, 23:59:60, is second 86400 of the day that it ends; whether that day has one is not checked.

    Parameters
    ----------
    utc : (R,) str or bytes
        Texts ``YYYY-MM-DDThh:mm:ss``.

    Returns
    -------
    day : (R,) int64
        Days since 1970-01-01; 0 where the text is no time.
    second : (R,) int64
        Seconds since the day's start, 0..86400; 0 where the text is no time.
    is_valid : (R,) bool
        True where the text is a time.
    """
    codes, is_valid = _characters(utc)
    for column, mark in _SEPARATORS.items():
        is_valid &= codes[:, column] == ord(mark)
    values: dict[str, IntArray] = {}
    for name, (start, stop) in _FIELDS.items():
        digits = codes[:, start:stop] - ord("0")
        is_valid &= ((digits >= 0) & (digits <= 9)).all(axis=1)
        values[name] = digits @ 10 ** np.arange(stop - start - 1, -1, -1)
    year, month, day = values["year"], values["month"], values["day"]
    is_leap_year = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    is_valid &= (month >= 1) & (month <= 12)
    length = _DAYS_IN_MONTH[np.where(is_valid, month, 1) - 1] + ((month == 2) & is_leap_year)
    is_valid &= (day >= 1) & (day <= length)
    is_leap_second = (values["hour"] == 23) & (values["minute"] == 59) & (values["second"] == 60)
    is_valid &= (values["hour"] <= 23) & (values["minute"] <= 59) & ((values["second"] <= 59) | is_leap_second)
    second_of_day = (values["hour"] * 60 + values["minute"]) * 60 + values["second"]
    return np.where(is_valid, _day_number(year, month, day), 0), np.where(is_valid, second_of_day, 0), is_valid


def _characters(utc: NDArray[Any]) -> tuple[IntArray, BoolArray]:
    """(R, 19) character codes of the texts, and which texts have that length."""
    wide = utc.dtype.kind == "U"
    width = utc.dtype.itemsize // (4 if wide else 1)
    codes = np.ascontiguousarray(utc).view(np.uint32 if wide else np.uint8).reshape(len(utc), width)
    padded = np.zeros((len(utc), UTC_LENGTH + 1), dtype=np.int64)
    padded[:, : min(width, UTC_LENGTH)] = codes[:, :UTC_LENGTH]
    too_long = (codes[:, UTC_LENGTH:] != 0).any(axis=1)
    return padded[:, :UTC_LENGTH], ~too_long & (padded[:, UTC_LENGTH - 1] != 0)


def _day_number(year: IntArray, month: IntArray, day: IntArray) -> IntArray:
    """Days since 1970-01-01 of Gregorian dates (years counted from March, so that a leap day comes last)."""
    shifted_year = np.where(month <= 2, year - 1, year)
    shifted_month = (month + 9) % 12
    day_of_year = (153 * shifted_month + 2) // 5 + day - 1
    days = 365 * shifted_year + shifted_year // 4 - shifted_year // 100 + shifted_year // 400 + day_of_year
    return np.asarray(days - 719468, dtype=np.int64)
