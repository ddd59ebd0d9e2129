"""Whatever bytes a table holds, the answer is a table or a clear error."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from potrun.archive.table import table_of_bytes
from potrun.core.errors import PotrunError
from potrun.core.records import ArchiveDay, DayTable, SourceFile
from tests.support.tables import DATE, join, table_lines

LINES = table_lines(3)
GOOD = join(LINES)
DAY = ArchiveDay(DATE, None, "1998/213_243AUG/3D980820.TAB")  # type: ignore[arg-type]
RELAXED = settings(suppress_health_check=[HealthCheck.too_slow])
"""The number of examples is the profile's; see tests/conftest.py."""


def read(data: bytes) -> DayTable | None:
    """Read bytes as a table; None if they give a clear error."""
    try:
        return table_of_bytes(data, DAY, SourceFile(DAY.name, len(data), ""))
    except PotrunError:
        return None


def check_values(table: DayTable, data: bytes) -> None:
    """Every value stands in the bytes, where Python's parser finds it."""
    by_key = {}
    for line in data.rstrip(b"\0\x1a\r\n").split(b"\n"):
        words = line.split()
        if len(words) == 183:
            by_key.setdefault((words[0].decode("latin-1"), words[3]), []).append(words)
    for row in range(table.n_rows):
        number = table.spectrum_number[row]
        candidates = [
            words
            for (utc, text), lines in by_key.items()
            for words in lines
            if utc == table.utc[row] and number == float(text)
        ]
        flux = np.array([[float(word) for word in words[7:95]] for words in candidates])
        flux[np.isin(flux, (9.999e-99, -9.99e-99)) | (flux < 0)] = np.nan
        assert any(np.array_equal(values, table.flux[row], equal_nan=True) for values in flux)
    assert not (table.flux < 0).any()


@given(st.binary(max_size=3000))
@RELAXED
def test_any_bytes(data):
    read(data)


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=20))
@RELAXED
def test_flipped_bytes(changes):
    data = bytearray(GOOD)
    for place, value in changes:
        data[place] = value
    table = read(bytes(data))
    if table is not None:
        check_values(table, bytes(data))
    else:
        assert len(changes) > 1


@given(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.binary(max_size=50))
@RELAXED
def test_a_cut_and_a_splice(start, stop, middle):
    data = GOOD[: min(start, stop)] + middle + GOOD[max(start, stop) :]
    table = read(data)
    if table is not None:
        check_values(table, data)


@given(st.lists(st.integers(0, len(LINES) - 1), max_size=60), st.sampled_from([b"\n", b"\r\n", b"\n\n"]))
@RELAXED
def test_lines_in_any_order_and_number(order, end):
    data = join([LINES[index] for index in order], end)
    table = read(data)
    if table is not None:
        assert len(np.unique(table.spectrum_number[table.sweep_start])) == table.n_sweeps
        check_values(table, data)


@given(
    st.lists(
        st.lists(st.sampled_from([b"1", b"-", b"1E5", b"1998-08-20T00:00:00", b"9" * 40]), max_size=190), max_size=4
    )
)
@RELAXED
def test_any_words(rows):
    read(b"\n".join(b" ".join(words) for words in rows))
