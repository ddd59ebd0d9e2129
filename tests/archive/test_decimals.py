"""Cells of text become the numbers that Python's parser makes of them."""

import math
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from potrun.archive.decimals import Picture, parse_cells

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([EeDd][+-]?\d+)?")


def cells_of(words: list[str], width: int) -> np.ndarray:
    text = "".join(word.rjust(width) for word in words).encode("latin-1")
    return np.frombuffer(text, dtype=np.uint8).reshape(len(words), 1, width)


def expected(word: str) -> float:
    value = float(word.upper().replace("D", "E")) if NUMBER.fullmatch(word) else math.nan
    return value if math.isfinite(value) else math.nan


def check(words: list[str]) -> None:
    values, is_number = parse_cells(cells_of(words, max(map(len, words)) + 1), [])
    want = np.array([expected(word) for word in words])
    np.testing.assert_array_equal(values[:, 0].view(np.int64), want.view(np.int64))
    np.testing.assert_array_equal(is_number[:, 0], ~np.isnan(want))


ODD = ["1E5", "-", "+", ".", "1.", ".5", "nan", "inf", "1_0", "0x1", "1e400", "1E,05", "--1", "1-1", "5-", "", "-0.0"]


@pytest.mark.parametrize("first", ["1.234E-05", "12.50", "7", "-3.250000", "1.5D+03"])
def test_whatever_comes_first_all_are_read(first):
    check([first, *ODD, "9.999E-99", "-9.99E-99", "123456789012345.25", "9" * 30, "1.234E+22", "1.234E-30", "-12.50"])


@given(st.lists(st.text("0123456789.+-EeD ,x", max_size=12).map(str.strip), min_size=1, max_size=8))
@example(["0.0", "0 0"])
def test_any_text_gives_its_number_or_none(words):
    words = ["".join(word.split()) or "x" for word in words]
    check(words)


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8), st.sampled_from(["e", "f", "g"])
)
def test_every_float_comes_back_correctly_rounded(values, kind):
    words = [f"{value:.4{kind}}" for value in values]
    check(words)


@given(st.integers(0, 9999), st.integers(-99, 99))
def test_mantissas_and_exponents_of_the_archive_are_exact(mantissa, exponent):
    check(["1.000E+00", f"{mantissa // 1000}.{mantissa % 1000:03d}E{exponent:+03d}"])


def test_a_cell_must_begin_with_a_blank():
    _, is_number = parse_cells(np.frombuffer(b" 12.523.50", dtype=np.uint8).reshape(2, 1, 5), [])
    assert is_number[:, 0].tolist() == [True, False]


def test_pictures_are_learnt_once():
    pictures: list[Picture] = []
    for _ in range(2):
        parse_cells(cells_of(["1.50", "1E+5", "12.50"], 8), pictures)
    assert len(pictures) == 2
