"""Reading day tables: right numbers, and everything left out is counted."""

import datetime as dt

import numpy as np
import pytest

from potrun.archive.rows import read_rows
from potrun.archive.table import read_day
from potrun.core.errors import DataError
from tests.support.tables import (
    DATE,
    MISSING_FLUX,
    MISSING_PHI,
    WRONG_FLUX,
    WRONG_PHI,
    join,
    table_lines,
    with_field,
    write_day,
)


@pytest.fixture
def lines():
    return table_lines(6)


def counts(table):
    return {item.reason: (item.first_line, item.rows, item.sweeps) for item in table.defects}


def test_fixed_columns_hold_what_python_reads(lines):
    rows, bad = read_rows(join(lines))
    want = np.array([[float(word) for word in line.split()[1:]] for line in lines])
    got = [rows.unix_time_s, rows.energy_ev, rows.spectrum_number, rows.b_scd_nt, rows.flux, rows.phi_deg]
    np.testing.assert_array_equal(np.column_stack(got), want)
    np.testing.assert_array_equal(rows.utc, [line[:19] for line in lines])
    assert bad == []


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("gap", [b" ", b"   ", b"\t"])
def test_blank_separated_fields_give_the_same_arrays(lines, end, gap):
    fixed, _ = read_rows(join(lines))
    split, bad = read_rows(join([gap.join(line.split()) for line in lines], end)[: -len(end)])
    assert bad == []
    for name in ("utc", "unix_time_s", "energy_ev", "spectrum_number", "b_scd_nt", "flux", "phi_deg"):
        np.testing.assert_array_equal(getattr(split, name), getattr(fixed, name))


def test_flags_are_missing_values_and_zero_is_a_value(lines, tmp_path):
    for field, word in ((7, MISSING_FLUX), (8, WRONG_FLUX), (9, b"0.000E+00"), (95, MISSING_PHI), (96, WRONG_PHI)):
        lines[3] = with_field(lines[3], field, word)
    table = read_day(write_day(tmp_path, lines))
    assert np.isnan(table.flux[3, :2]).all()
    assert table.flux[3, 2] == 0
    assert np.isnan(table.phi_deg[3, :2]).all()
    assert np.isnan(table.flux).sum() == np.isnan(table.phi_deg).sum() == 2
    assert table.defects == ()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda line: line[:900], "bad field count"),
        (lambda line: line + b" 1.0", "bad field count"),
        (lambda line: b"\x00\xff garbage", "bad field count"),
        (lambda line: with_field(line, 20, b"1.2x4E+00"), "unparsable number"),
        (lambda line: with_field(line, 20, b"nan"), "unparsable number"),
        (lambda line: with_field(line, 3, b"2.5"), "unparsable number"),
        (lambda line: with_field(line, 0, b"1998-08-20T00:61:00"), "unparsable time"),
        (lambda line: with_field(line, 0, b"1970-01-01T00:00:00"), "time of 1970-01-01"),
        (lambda line: with_field(line, 1, b"0.0"), "time of 1970-01-01"),
        (lambda line: with_field(line, 0, b"1998-08-21T00:00:38"), "wrong day"),
        (lambda line: with_field(line, 4, b"1000.000000"), "|B| out of range"),
        (lambda line: with_field(line, 2, b"0.000"), "energy not above zero"),
    ],
)
@pytest.mark.parametrize("row", [0, 7, 14])
def test_a_damaged_line_costs_its_sweep_alone(lines, tmp_path, damage, reason, row):
    index = 2 * 15 + row
    lines[index] = damage(lines[index])
    day = write_day(tmp_path, lines)
    table = read_day(day)
    assert counts(table) == {reason: (index + 1, 15, 1)}
    assert sorted(set(table.spectrum_number.tolist())) == [1, 2, 4, 5, 6]
    assert table.defects[0].file == day.name
    with pytest.raises(DataError, match=f"line {index + 1}"):
        read_day(day, strict=True)


@pytest.mark.parametrize("place", [30, 60, 63, 200, 900, 1400])
@pytest.mark.parametrize("change", [b"", b"00"])
def test_a_line_of_another_length_costs_its_sweep(lines, tmp_path, place, change):
    index = 2 * 15 + 4
    at = next(n for n in range(place, 2000) if lines[index][n : n + 1].isdigit() and lines[index][n + 1] != 32)
    lines[index] = lines[index][:at] + change + lines[index][at + 1 :]
    table = read_day(write_day(tmp_path, lines))
    assert counts(table) == {"line of another length": (index + 1, 15, 1)}
    assert sorted(set(table.spectrum_number.tolist())) == [1, 2, 4, 5, 6]


def test_every_deleted_byte_of_a_line_is_found_or_harmless(lines):
    whole, _ = read_rows(join(lines))
    for at in range(0, len(lines[34]), 7):
        cut = [*lines[:34], lines[34][:at] + lines[34][at + 1 :], *lines[35:]]
        rows, bad = read_rows(join(cut))
        if len(bad) == 0:
            np.testing.assert_array_equal(rows.flux, whole.flux)
            np.testing.assert_array_equal(rows.phi_deg, whole.phi_deg)
        assert [item.line for item in bad] in ([], [35])


def test_a_record_length_may_change_once(lines):
    wider = [line[:19] + b"   " + line[19:] for line in lines[45:]]
    rows, bad = read_rows(join(lines[:45] + wider))
    assert (len(rows.line), bad) == (90, [])


@pytest.mark.parametrize(
    ("before", "after", "noted"),
    [
        (b"", b"\x1a", {}),
        (b"", b"\x1a\r\n", {}),
        (b"", b"\r\n\r\n", {}),
        (b"\xef\xbb\xbf", b"", {}),
        (b"", bytes(2000), {"NUL bytes at the end": (91, 0, 0)}),
        (b"", b"END OF FILE\r\n", {"bad field count": (91, 1, 0)}),
        (b"UTC TIME ENERGY\r\n", b"", {"bad field count": (1, 1, 0)}),
    ],
)
def test_what_stands_around_the_records_costs_no_complete_sweep(lines, tmp_path, before, after, noted):
    table = read_day(write_day(tmp_path, before + join(lines) + after))
    assert table.n_sweeps == 6
    assert counts(table) == noted


@pytest.mark.parametrize("rows_before", [1, 2, 5])
@pytest.mark.parametrize("rows_after", [1, 3])
def test_nul_bytes_across_a_border_cost_both_sweeps(lines, tmp_path, rows_before, rows_after):
    size = len(lines[0]) + 2
    data = bytearray(join(lines))
    first, last = (45 - rows_before) * size + 700, (44 + rows_after) * size + 300
    data[first:last] = bytes(last - first)
    table = read_day(write_day(tmp_path, bytes(data)))
    assert sorted(set(table.spectrum_number.tolist())) == [1, 2, 5, 6]
    assert (table.sweep_rows == 15).all()
    assert counts(table) == {"bad field count": (46 - rows_before, 30, 2)}


def test_zero_field_costs_the_sweep(lines, tmp_path):
    for field in (4, 5, 6):
        lines[20] = with_field(lines[20], field, b"0.000000")
    assert counts(read_day(write_day(tmp_path, lines))) == {"|B| out of range": (21, 15, 1)}


def test_a_short_last_sweep_is_kept_and_noted(lines, tmp_path):
    table = read_day(write_day(tmp_path, lines[:-1]))
    assert counts(table) == {"short sweep (fewer than 15 rows)": (76, 0, 0)}
    assert table.sweep_rows.tolist() == [15] * 5 + [14]


def test_rows_are_grouped_by_number_not_by_counting(lines, tmp_path):
    del lines[20], lines[3:5]
    table = read_day(write_day(tmp_path, lines))
    assert table.sweep_rows.tolist() == [13, 14, 15, 15, 15, 15]


@pytest.mark.parametrize("place", [30, 90])
def test_a_repeated_sweep_is_read_once(lines, tmp_path, place):
    lines[place:place] = lines[15:30]
    table = read_day(write_day(tmp_path, lines))
    assert counts(table) == {"repeated sweep": (place + 1, 15, 1)}
    assert table.spectrum_number[table.sweep_start].tolist() == [1, 2, 3, 4, 5, 6]


def test_a_file_that_holds_itself_twice_is_read_once(lines, tmp_path):
    table = read_day(write_day(tmp_path, lines[:-1] + lines[:-1]))
    assert counts(table)["repeated sweep"] == (90, 89, 6)
    assert table.n_rows == 89


def test_too_many_rows_cost_the_sweep(lines, tmp_path):
    lines.insert(20, with_field(lines[20], 2, b"1.0"))
    assert counts(read_day(write_day(tmp_path, lines))) == {"more than 15 rows": (16, 16, 1)}


def test_an_interrupted_sweep_is_not_put_together(lines, tmp_path):
    lines[20] = with_field(lines[20], 3, b"5")
    table = read_day(write_day(tmp_path, lines))
    assert counts(table) == {"repeated sweep": (16, 15, 3)}
    assert table.spectrum_number[table.sweep_start].tolist() == [1, 3, 4, 5, 6]


def test_a_sweep_across_midnight_belongs_to_the_day(tmp_path):
    table = read_day(write_day(tmp_path, table_lines(3, interval_s=80 - 0.0, seed=1)[:-1]))
    assert table.n_sweeps == 3
    late = [line.replace(b"T00:0", b"T23:5") for line in table_lines(1)]
    for row in range(9, 15):
        late[row] = with_field(late[row], 0, b"1998-08-21T00:00:%02d" % row)
    late[:9] = [with_field(line, 0, b"1998-08-20T23:59:%02d" % (50 + row)) for row, line in enumerate(late[:9])]
    assert read_day(write_day(tmp_path / "late", late)).n_rows == 15


def test_a_leap_second_is_a_time(tmp_path):
    date = dt.date(1998, 12, 31)
    lines = [with_field(line, 0, b"1998-12-31T23:59:60") for line in table_lines(1, date)]
    assert read_day(write_day(tmp_path, lines, date)).utc[0] == "1998-12-31T23:59:60"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"\r\n \r\n", "empty file"),
        (b"<html>not found</html>\n", "bad field count in line 1"),
        (join(table_lines(2, DATE + dt.timedelta(days=2))), "wrong day from line 1"),
    ],
)
def test_a_day_without_a_usable_sweep_is_an_error(tmp_path, content, words):
    with pytest.raises(DataError, match=words):
        read_day(write_day(tmp_path, content))


def test_a_missing_file_is_an_error(tmp_path, lines):
    day = write_day(tmp_path, lines)
    day.path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        read_day(day)


def test_the_independent_sample_is_read_whole(sample_dir):
    from potrun.archive.days import scan_archive

    table = read_day(scan_archive(sample_dir).days[0])
    assert (table.n_rows, table.n_sweeps, table.defects) == (1350, 90, ())
    with np.load(sample_dir / "truth.npz") as truth:
        np.testing.assert_array_equal(table.utc, truth["row_utc"])
        np.testing.assert_array_equal(table.energy_ev, truth["row_energy"])
        np.testing.assert_array_equal(table.b_scd_nt, truth["row_B"])


def test_impossible_values_are_missing_and_noted(lines, tmp_path):
    lines[40] = with_field(lines[40], 30, b"-2.00E+03")
    lines[50] = with_field(lines[50], 120, b"400.00")
    table = read_day(write_day(tmp_path, lines))
    assert counts(table) == {"negative flux": (41, 0, 0), "azimuth beyond 360 deg": (51, 0, 0)}
    assert np.isnan(table.flux[40, 23])
    assert np.isnan(table.phi_deg[50, 25])
    assert table.n_rows == 90


def test_a_long_file_of_blank_separated_fields_gives_the_same_arrays():
    lines = table_lines(30)
    lines[200] = with_field(lines[200], 7, b"1.2345E+5")
    fixed, _ = read_rows(join(lines))
    split = [b" ".join(line.split()) for line in lines]
    split[100] = b"1998-08-20T00:00:00.000" + split[100][19:]
    split[300] = split[300].replace(b" 1", b" 1" + b"0" * 40, 1)
    got, bad = read_rows(join(split))
    assert [item.line for item in bad] == [301]
    np.testing.assert_array_equal(got.flux, np.delete(fixed.flux, 300, axis=0))
    np.testing.assert_array_equal(got.phi_deg, np.delete(fixed.phi_deg, 300, axis=0))
    assert got.utc[100] == b""
    assert (np.delete(got.utc, 100) != b"").all()
