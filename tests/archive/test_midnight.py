"""Sweeps across midnight: nothing is lost, nothing counts twice, and only what is foreign is of a wrong day."""

import datetime as dt

import numpy as np
import pytest

from potrun.archive.midnight import MOVED, SHORT, neighbours_digest
from potrun.archive.summary import summarise
from potrun.archive.table import read_day
from tests.support.tables import DATE, LEVELS, table_lines, with_field, write_day

NEXT = DATE + dt.timedelta(days=1)


def sweep_lines(number, start):
    """One sweep of 15 rows, one spin (5 s) apart; field 2 repeats its first time."""
    unix = (start - dt.datetime(1970, 1, 1)).total_seconds()
    lines = []
    for row, line in enumerate(table_lines(1, start.date(), seed=number)):
        line = with_field(line, 0, f"{start + dt.timedelta(seconds=5 * row):%Y-%m-%dT%H:%M:%S}".encode())
        lines.append(with_field(with_field(line, 1, f"{unix:.1f}".encode()), 3, str(number).encode()))
    return lines


def at(date, hour, minute, second):
    return dt.datetime.combine(date, dt.time(hour, minute, second))


@pytest.fixture
def late():
    return sweep_lines(1061, at(DATE, 23, 59, 10))


@pytest.fixture
def early():
    return [line for n in (1, 2) for line in sweep_lines(n, at(NEXT, 0, 0, 30) + dt.timedelta(seconds=80 * n))]


def counts(table):
    return {item.reason: (item.rows, item.sweeps) for item in table.defects}


def test_a_sweep_across_midnight_belongs_to_the_table_that_begins_it(tmp_path, late, early):
    first = read_day(write_day(tmp_path, [*sweep_lines(1060, at(DATE, 23, 57, 50)), *late]))
    assert first.n_sweeps == 2
    assert first.utc[-1] == f"{NEXT}T00:00:20"
    assert first.defects == ()
    second = read_day(write_day(tmp_path, early, NEXT))
    assert second.n_sweeps == 2
    assert second.defects == ()


def test_the_same_sweep_in_both_tables_counts_once(tmp_path, late, early):
    write_day(tmp_path, late)
    second = read_day(write_day(tmp_path, [*late, *early], NEXT))
    assert second.n_sweeps == 2
    assert counts(second) == {MOVED: (15, 1)}
    assert set(second.utc) == {line[:19].decode() for line in early}


def test_a_sweep_that_the_day_before_lacks_is_kept(tmp_path, late, early):
    write_day(tmp_path, sweep_lines(1060, at(DATE, 23, 57, 50)))
    second = read_day(write_day(tmp_path, [*late, *early], NEXT))
    assert second.n_sweeps == 3
    assert second.defects == ()
    assert np.all(np.diff(summarise(write_day(tmp_path, [*late, *early], NEXT), second).start_s) > 0)


def whole_tables(tmp_path, late, early):
    write_day(tmp_path / "whole", late)
    return read_day(write_day(tmp_path / "whole", late)), read_day(write_day(tmp_path / "whole", early, NEXT))


@pytest.mark.parametrize("cut", [1, 10, 14])
@pytest.mark.parametrize("number", [b"1061", b"0", b"7"])
def test_a_divided_sweep_is_put_together(tmp_path, late, early, cut, number):
    rest = [with_field(line, 3, number) for line in late[cut:]]
    earlier, later = write_day(tmp_path, late[:cut]), write_day(tmp_path, [*rest, *early], NEXT)
    for _ in range(2):  # from the text, and from its parsed copy
        first, second = read_day(earlier), read_day(later)
        for made, expected in zip((first, second), whole_tables(tmp_path, late, early), strict=True):
            for name in ("utc", "unix_time_s", "energy_ev", "spectrum_number", "b_scd_nt", "flux", "phi_deg"):
                np.testing.assert_array_equal(getattr(made, name), getattr(expected, name))
            assert made.sweep_rows.tolist() == expected.sweep_rows.tolist()
        assert counts(first) == {}
        assert counts(second) == {MOVED: (15 - cut, 1)}
    assert read_day(later, strict=True).n_sweeps == 2


def test_the_rest_may_carry_a_number_that_the_later_table_uses_again(tmp_path, late, early):
    write_day(tmp_path, late[:10])
    last = sweep_lines(1061, at(NEXT, 12, 0, 0))[:14]
    second = read_day(write_day(tmp_path, [*late[10:], *early, *last], NEXT))
    assert second.sweep_rows.tolist() == [15, 15, 14]
    assert counts(second) == {MOVED: (5, 1), SHORT: (0, 0)}


def test_without_the_table_before_the_rest_is_a_short_sweep(tmp_path, late, early):
    second = read_day(write_day(tmp_path, [*late[10:], *early], NEXT))
    assert second.sweep_rows.tolist() == [5, 15, 15]
    assert counts(second) == {"short sweep (fewer than 15 rows)": (0, 0)}
    first = read_day(write_day(tmp_path / "alone", late[:10]))
    assert first.sweep_rows.tolist() == [10]


def test_a_later_table_with_the_whole_sweep_completes_the_earlier_one(tmp_path, late, early):
    day = write_day(tmp_path, late[:10])
    second = read_day(write_day(tmp_path, [*late, *early], NEXT))
    assert second.sweep_rows.tolist() == [15, 15]
    assert counts(second) == {MOVED: (15, 1)}
    first = read_day(day)
    np.testing.assert_allclose(first.energy_ev, np.round(LEVELS, 3))
    assert first.defects == ()


@pytest.mark.parametrize(
    "other",
    [
        lambda late: sweep_lines(3, at(NEXT, 0, 0, 30))[10:],  # as long a rest, but of a sweep that began later
        lambda late: late[9:10] + [with_field(line, 3, b"3") for line in late[10:]][1:],  # a row in both
        lambda late: [with_field(line, 2, late[2][33:44].strip()) for line in late[10:]],  # energies that are there
        lambda late: [*late[10:12], late[12][:900], *late[13:]],  # a damaged row
    ],
)
def test_parts_of_two_sweeps_are_not_put_together(tmp_path, late, early, other):
    first = read_day(write_day(tmp_path, late[:10]))
    write_day(tmp_path, [*other(late), *early], NEXT)
    assert read_day(write_day(tmp_path, late[:10])).sweep_rows.tolist() == first.sweep_rows.tolist() == [10]


def test_a_rest_that_cannot_be_used_is_said(tmp_path, late, early):
    day = write_day(tmp_path, late[:10])
    write_day(tmp_path, [*(with_field(line, 5, b"5000.0") for line in late[10:]), *early], NEXT)
    assert "rest of the last sweep, in the next table, is unusable" in counts(read_day(day))


def test_a_whole_sweep_of_the_next_date_at_a_tables_end_counts_there(tmp_path, late, early):
    first = read_day(write_day(tmp_path, [*late, *early[:15]]))
    assert first.n_sweeps == 2
    second = read_day(write_day(tmp_path, early, NEXT))
    assert second.n_sweeps == 1


def test_what_is_far_from_midnight_is_of_a_wrong_day(tmp_path, late):
    foreign = sweep_lines(1062, at(NEXT, 0, 10, 0))
    first = read_day(write_day(tmp_path, [*late, *foreign]))
    assert first.n_sweeps == 1
    assert counts(first) == {"wrong day": (15, 1)}


def test_the_digest_follows_the_end_of_the_day_before(tmp_path, late, early):
    day = write_day(tmp_path, early, NEXT)
    assert neighbours_digest(day) == ""
    write_day(tmp_path, late)
    whole = neighbours_digest(day)
    write_day(tmp_path, late[:10])
    assert len({"", whole, neighbours_digest(day)}) == 3


def test_the_digest_follows_the_beginning_of_the_day_after(tmp_path, late, early):
    day = write_day(tmp_path, late[:10])
    write_day(tmp_path, early, NEXT)
    assert neighbours_digest(day) == ""
    write_day(tmp_path, [*late[10:], *early], NEXT)
    whole = neighbours_digest(day)
    write_day(tmp_path, [*late[10:13], *early], NEXT)
    assert len({"", whole, neighbours_digest(day)}) == 3
