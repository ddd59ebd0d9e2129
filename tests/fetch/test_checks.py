"""Good files pass, whatever else stands under their names does not."""

import datetime as dt
from pathlib import Path

import pytest

from potrun.fetch.catalogue import Content, RemoteFile
from potrun.fetch.checks import problem_with
from tests.fetch.conftest import table_bytes

TABLE = table_bytes(dt.date(1998, 6, 8), 20)
FIRST_ROW = TABLE.partition(b"\n")[0] + b"\n"


def problem(tmp_path: Path, content: Content, data: bytes) -> str | None:
    path = tmp_path / "file"
    path.write_bytes(data)
    return problem_with(RemoteFile("https://host/file", "file", content, 0), path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("1998/213_243AUG/3D980820.TAB", Content.TABLE),
        ("theta.tab", Content.THETA),
        ("attitude.tab", Content.ATTITUDE),
        ("spice_kernels/sim_lsk.tls", Content.LEAP_SECONDS),
        ("spice_kernels/sim_pck.tpc", Content.KERNEL),
        ("spice_kernels/lp_sim_00.bsp", Content.KERNEL),
        ("spice_kernels/sim_planets.bsp", Content.KERNEL),
    ],
)
def test_independent_sample_passes(sample_dir, name, content):
    assert problem_with(RemoteFile("https://host/file", name, content, 0), sample_dir / name) is None


def test_damaged_row_inside_a_table_is_left_to_the_reader(tmp_path):
    assert problem(tmp_path, Content.TABLE, b"***\r\n" + TABLE + b"garbage here\r\n" + TABLE) is None


@pytest.mark.parametrize(
    ("content", "data", "message"),
    [
        (Content.TABLE, b"", "empty"),
        (Content.TABLE, b"\n", "0 fields, expected 183"),
        (Content.TABLE, b"<html>\n", "web page"),
        (Content.TABLE, TABLE[:-1], "last line is cut"),
        (Content.TABLE, TABLE + b"\0" * 100 + FIRST_ROW, "zero bytes"),
        (Content.THETA, b"11.25 " * 87, "87 numbers found, expected 88"),
        (Content.THETA, b"<!doctype HTML><p>", "web page"),
        (Content.ATTITUDE, b"1998-06-01T00:00:00 12.0 350.1 86.2\r\n", "holds no line `UTC,spin rate"),
        (Content.ATTITUDE, b"1998-06-01T00:00,12.0,350.1,96.2\r\n", "holds no line `UTC,spin rate"),
        (Content.ATTITUDE, b"1998-06-01T00:00,12.0,350.1,86.2\r\n" + b"1998\r\n" * 2, "2 of its lines are no records"),
        (Content.ATTITUDE, b"", "holds no line `UTC,spin rate"),
        (Content.LEAP_SECONDS, b"KPL/LSK\n", "no leap-seconds kernel"),
        (Content.KERNEL, b"PK\3\4", "no SPICE kernel"),
    ],
)
def test_anything_else_is_named(tmp_path, content, data, message):
    assert message in problem(tmp_path, content, data)
