"""Sweeps across midnight: nothing is lost, nothing counts twice, and only what is foreign is of a wrong day."""

import datetime as dt

import numpy as np
import pytest

from potrun.archive.midnight import rows_before_digest
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
    assert counts(second) == {"row of a sweep that is in the table of the day before": (15, 1)}
    assert set(second.utc) == {line[:19].decode() for line in early}


def test_a_sweep_that_the_day_before_lacks_is_kept(tmp_path, late, early):
    write_day(tmp_path, sweep_lines(1060, at(DATE, 23, 57, 50)))
    second = read_day(write_day(tmp_path, [*late, *early], NEXT))
    assert second.n_sweeps == 3
    assert second.defects == ()
    assert np.all(np.diff(summarise(write_day(tmp_path, [*late, *early], NEXT), second).start_s) > 0)


def test_a_split_sweep_loses_no_row(tmp_path, late, early):
    first = read_day(write_day(tmp_path, late[:10]))
    second = read_day(write_day(tmp_path, [*late[10:], *early], NEXT))
    assert first.n_rows + second.n_rows == 45
    assert counts(first) == counts(second) == {"short sweep": (0, 0)}


def test_a_later_table_with_the_whole_sweep_keeps_what_the_earlier_one_lacks(tmp_path, late, early):
    write_day(tmp_path, late[:10])
    second = read_day(write_day(tmp_path, [*late, *early], NEXT))
    assert second.sweep_rows.tolist() == [5, 15, 15]
    np.testing.assert_allclose(second.energy_ev[:5], np.round(LEVELS[10:], 3))
    assert counts(second) == {"row of a sweep that is in the table of the day before": (10, 0)}


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
    assert rows_before_digest(day) == ""
    write_day(tmp_path, late)
    whole = rows_before_digest(day)
    write_day(tmp_path, late[:10])
    assert len({"", whole, rows_before_digest(day)}) == 3
