"""Characters become the numbers that Python's parser makes of them."""

import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from potrun.archive import scanner

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([EeDd][+-]?\d+)?")
ODD = ["1E5", "-", "+", ".", "1.", ".5", "nan", "inf", "1_0", "0x1", "1e400", "1E,05", "--1", "1-1", "5-", "-0.0"]
ODD += [
    "1.5D+03",
    "1e",
    "1e+",
    "e5",
    ".e5",
    "1.2.3",
    "1E18446744073709551617",
    "1E0000000005",
    "1E0000005x",
    "1E5.0",
    "٣",
    "9" * 24,
]
KNOWN = ["123456789012345.25", "9" * 23, "1.234E+22", "1.234E-30", "1E-400", "0.000E+00"]
PLACES = [1 + 60 * index % 182 for index in range(60)]
"""Where a line has each tested word: among times and field (from 1), fluxes (from 7) or azimuths (from 95)."""


def expected(word: str) -> float:
    is_number = len(word.encode()) <= scanner.LONGEST and NUMBER.fullmatch(word) and word.isascii()
    value = float(word.upper().replace("D", "E")) if is_number else math.nan
    return value if math.isfinite(value) else math.nan


@pytest.mark.parametrize("hard", ["0", "1E-40"])
def test_flags_are_missing_values_only_where_they_are_flags(hard):
    flags = ["9.999E-99", "-9.99E-99", "-9.990e-99", "999.99", "998.99", "-999.99", "9.999E-98"]
    words = ["1998-08-20T00:00:36", *["1"] * 6, *flags, *["1"] * 81, *flags, *["1"] * 80, hard]
    _, state, _, (_, flux, phi) = scanner.scan(np.frombuffer(" ".join(words).encode(), dtype=np.uint8))
    assert state.tolist() == [scanner.GOOD]
    np.testing.assert_array_equal(flux[0, :7], [np.nan, np.nan, np.nan, 999.99, 998.99, -999.99, 9.999e-98])
    np.testing.assert_array_equal(phi[0, :7], [9.999e-99, -9.99e-99, -9.99e-99, np.nan, np.nan, -999.99, 9.999e-98])


def read(words: list[str]) -> np.ndarray:
    """Each word in a line of its own, at one of the places that lines have; NaN where it is no number."""
    places = PLACES[: len(words)]
    lines = [
        " ".join(["1998-08-20T00:00:36", *("0" if n != place else word for n in range(1, 183))])
        for word, place in zip(words, places, strict=True)
    ]
    _, state, _, numbers = scanner.scan(np.frombuffer("\n".join(lines).encode(), dtype=np.uint8))
    values = np.hstack(numbers)
    found = values[np.arange(len(words)), np.array(places) - 1]
    assert set(state.tolist()) <= {scanner.GOOD, scanner.NO_NUMBER}
    is_good = state == scanner.GOOD
    assert (np.count_nonzero(values[is_good], axis=1) <= 1).all()
    return np.where(is_good, found, np.nan)


def check(words: list[str]) -> None:
    want = np.array([expected(word) for word in words])
    for number, place in enumerate(PLACES[: len(words)]):
        flags = scanner.FLUX_FLAGS if 7 <= place < 95 else scanner.PHI_FLAGS if place >= 95 else ()
        if want[number] in flags:
            want[number] = np.nan
    np.testing.assert_array_equal(read(words).view(np.int64), want.view(np.int64))


def test_what_is_odd_and_what_is_known():
    check([*ODD, *KNOWN, "7", "12.50", "-3.250000", "1.234E-05"])


@given(st.lists(st.text("0123456789.+-EeD,x", min_size=1, max_size=26), min_size=1, max_size=8))
@example(["0.0", "00"])
def test_any_text_gives_its_number_or_none(words):
    check(words)


@example([0.0, 0.0, 998.9921875], ".4e")
@example([0.0, 0.0, 0.0, 0.0, -9.99e-99], ".4e")
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8),
    st.sampled_from([".4e", ".4f", ".4g", ".17g", "r"]),
)
def test_every_float_comes_back_correctly_rounded(values, form):
    check([repr(value) if form == "r" else f"{value:{form}}" for value in values])


@given(st.integers(0, 9999), st.integers(-99, 99))
def test_mantissas_and_exponents_of_the_archive_are_exact(mantissa, exponent):
    check([f"{mantissa // 1000}.{mantissa % 1000:03d}E{exponent:+03d}"])


def test_many_numbers_as_the_archive_writes_them():
    rng = np.random.default_rng(5)
    words = [f"{value:.3E}" for value in 10.0 ** rng.uniform(-20, 8, 182_000)]
    lines = [" ".join(["1998-08-20T00:00:36", *words[n : n + 182]]) for n in range(0, len(words), 182)]
    _, state, _, numbers = scanner.scan(np.frombuffer("\n".join(lines).encode(), dtype=np.uint8))
    assert (state == scanner.GOOD).all()
    np.testing.assert_array_equal(np.hstack(numbers).ravel(), np.array(words, dtype=float))


def test_without_the_compiler_the_numbers_are_the_same():
    program = (
        "import numpy as np; np.seterr(all='raise'); from potrun.archive import scanner\n"
        f"words = {[*ODD[:14], *KNOWN]!r}\n"
        "text = '\\n'.join(' '.join(['x' * 19, w, *['0'] * 181]) for w in words).encode()\n"
        "_, state, _, numbers = scanner.scan(np.frombuffer(text, np.uint8))\n"
        "print([float(v).hex() if s == scanner.GOOD else 'nan' for v, s in zip(numbers[0][:, 0], state)])\n"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([expected(word).hex() for word in [*ODD[:14], *KNOWN]])


def test_machine_code_that_cannot_be_loaded_is_compiled_for_the_process(monkeypatch, caplog):
    scanner._compiled.cache_clear()
    real = scanner.numba.njit

    def njit(*args, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(*args, **options)

    monkeypatch.setattr(scanner.numba, "njit", njit)
    check(["1.5", "x"])
    assert "cannot be kept or loaded (cannot cache" in caplog.text
    scanner._compiled.cache_clear()


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_lines_are_where_they_are(end):
    text = f" a b\r\n\n \t\nc{end}".encode()
    bounds, state, _, _ = scanner.scan(np.frombuffer(text, dtype=np.uint8))
    words = [text[first:last] for first, last in bounds.tolist()]
    assert words == [b"a b", b"", b"", b"c"]
    assert state.tolist() == [scanner.WRONG_COUNT, scanner.BLANK_LINE, scanner.BLANK_LINE, scanner.WRONG_COUNT]
