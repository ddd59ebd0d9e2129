"""The parsed copy of a table is used only while it is right."""

import dataclasses
import os
import shutil

import numpy as np
import pytest

from potrun.archive import digest, table
from potrun.archive.cache import load_table
from potrun.archive.digest import source_file
from potrun.archive.sidecar import FOLDER, FileState, forget_sidecars
from potrun.core.errors import DataError
from tests.support.tables import table_lines, with_field, write_day

NAMES = (
    "utc",
    "unix_time_s",
    "energy_ev",
    "spectrum_number",
    "b_scd_nt",
    "flux",
    "phi_deg",
    "sweep_start",
    "sweep_rows",
)


@pytest.fixture
def day(tmp_path):
    return write_day(tmp_path / "archive", table_lines(4)[:-1])


@pytest.fixture
def parsing(monkeypatch):
    """Counts how often a table is parsed."""
    calls = []
    parse = table.read_rows
    monkeypatch.setattr(table, "read_rows", lambda data: calls.append(1) or parse(data))
    return calls


def same(first, second):
    for name in NAMES:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
        assert getattr(first, name).dtype == getattr(second, name).dtype
    assert first.source == second.source
    assert first.defects == second.defects
    assert first.date == second.date


def cached(day, cache_dir=None):
    folder = cache_dir or day.path.parent / FOLDER
    return next(folder.glob("*.table"))


@pytest.mark.parametrize("beside", [True, False])
def test_the_second_read_gives_the_same_without_parsing(day, parsing, tmp_path, beside):
    cache_dir = None if beside else tmp_path / "cache"
    first = table.read_day(day, cache_dir)
    same(table.read_day(day, cache_dir), first)
    assert len(parsing) == 1
    assert first.defects[0].reason == "short sweep (fewer than 15 rows)"
    assert sorted(path.name for path in day.path.parent.iterdir()) == sorted([FOLDER] * beside + [day.path.name])


def test_arrays_can_be_written_to_without_touching_the_copy(day):
    table.read_day(day)
    table.read_day(day).flux[:] = -1
    assert (table.read_day(day).flux >= 0).all()


@pytest.mark.parametrize("place", [0, 9, 20, 200, 3000, -100, -1])
def test_a_damaged_copy_is_made_again(day, parsing, place):
    first = table.read_day(day)
    path = cached(day)
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    same(table.read_day(day), first)
    same(table.read_day(day), first)
    assert len(parsing) <= 2


@pytest.mark.parametrize("size", [0, 5, 16, 300, 5000, -64])
def test_a_copy_cut_short_is_made_again(day, parsing, size):
    first = table.read_day(day)
    path = cached(day)
    path.write_bytes(path.read_bytes()[:size])
    same(table.read_day(day), first)
    assert len(parsing) == 2


def test_a_changed_source_is_read_again(day, parsing):
    table.read_day(day)
    before = source_file(day.path, day.path.parents[2])
    status = day.path.stat()
    changed = table_lines(4)
    changed[0] = with_field(changed[0], 7, b"1.000E+00")
    day.path.write_bytes(b"\r\n".join([*changed[:-1], b""]))
    os.utime(day.path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert table.read_day(day).flux[0, 0] == 1
    assert source_file(day.path, day.path.parents[2]).sha256 != before.sha256
    assert len(parsing) == 2


@pytest.mark.parametrize("in_place", [True, False])
def test_a_repaired_table_that_keeps_its_time_and_size_is_read_again(day, in_place):
    root = day.path.parents[2]
    before, digest = table.read_day(day), source_file(day.path, root).sha256
    status, data = day.path.stat(), bytearray(day.path.read_bytes())
    place = data.index(b"E+", 200) + 3
    data[place] = ord("9")
    if in_place:
        day.path.write_bytes(data)
    else:
        other = day.path.with_name("other")
        other.write_bytes(data)
        other.replace(day.path)
    os.utime(day.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (table.read_day(day).flux != before.flux).any()
    assert source_file(day.path, root).sha256 != digest


def test_swapped_pages_of_the_copy_are_noticed(day, parsing):
    first = table.read_day(day)
    path = cached(day)
    data = path.read_bytes()
    path.write_bytes(data[:8192] + data[12288:16384] + data[8192:12288] + data[16384:])
    same(table.read_day(day), first)
    assert len(parsing) == 2


def test_forgotten_sidecars_let_the_source_be_read(day, parsing):
    table.read_day(day)
    forget_sidecars(day.path, None)
    assert list((day.path.parent / FOLDER).iterdir()) == []
    table.read_day(day)
    assert len(parsing) == 2


def test_another_reader_version_is_read_again(day, parsing, monkeypatch):
    table.read_day(day)
    monkeypatch.setattr("potrun.archive.cache.READER_VERSION", -1)
    table.read_day(day)
    assert len(parsing) == 2


def test_two_archives_share_a_cache_folder(tmp_path):
    days = [write_day(tmp_path / str(seed), table_lines(2, seed=seed)) for seed in (1, 2)]
    for day in days:
        os.utime(day.path, ns=(10**18, 10**18))
    first, second = (table.read_day(day, tmp_path / "cache") for day in days)
    same(table.read_day(days[0], tmp_path / "cache"), first)
    same(table.read_day(days[1], tmp_path / "cache"), second)


def test_an_archive_that_cannot_be_written_is_read(day, parsing):
    (day.path.parent / FOLDER).write_text("a file where the folder should be")
    same(table.read_day(day), table.read_day(day))
    assert source_file(day.path, day.path.parents[2]).size_bytes == day.path.stat().st_size
    assert len(parsing) == 2


def test_strict_holds_for_the_copy_too(day):
    table.read_day(day)
    with pytest.raises(DataError, match="short sweep"):
        table.read_day(day, strict=True)


def test_no_partial_files_are_left(day):
    table.read_day(day)
    names = sorted(path.name for path in (day.path.parent / FOLDER).iterdir())
    assert names == [f"{day.path.name}.sha256.json", f"{day.path.name}.table"]


def test_digests_are_worked_out_once(day, monkeypatch):
    root = day.path.parents[2]
    first = source_file(day.path, root)
    monkeypatch.setattr(digest.hashlib, "file_digest", None)
    assert source_file(day.path, root) == first
    assert first.name == day.name
    assert table.read_day(day).source == first


def test_a_damaged_digest_is_worked_out_again(day):
    root = day.path.parents[2]
    first = source_file(day.path, root)
    next((day.path.parent / FOLDER).glob("*.json")).write_text('{"sha256": 5}')
    assert source_file(day.path, root) == first


def test_the_digest_of_nothing_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        source_file(tmp_path / "attitude.tab", tmp_path)


def test_a_cache_of_another_day_is_not_used(day):
    table.read_day(day)
    state = FileState.of(day.path.stat())
    shutil.copy(cached(day), cached(day).with_name("x.table"))
    assert load_table(day, dataclasses.replace(state, mtime_ns=state.mtime_ns + 1), None) is None
