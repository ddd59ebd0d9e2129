"""Which days an archive holds."""

import datetime as dt
from pathlib import Path

import pytest

from potrun.archive.days import describe_dates, scan_archive, select_days
from potrun.archive.layout import date_of_name, folder_name, relative_table_path, table_name
from potrun.core.errors import NoDataError
from potrun.core.records import ArchiveDay
from potrun.core.settings import ArchiveConfig
from potrun.runs.inputs import open_archive
from tests.support.tables import table_lines, write_day

FOLDERS = [
    "001_031JAN",
    "032_059FEB",
    "060_090MAR",
    "091_120APR",
    "121_151MAY",
    "152_181JUN",
    "182_212JUL",
    "213_243AUG",
    "244_273SEP",
    "274_304OCT",
    "305_334NOV",
    "335_365DEC",
]
DATES = [dt.date(1998, 4, 15), dt.date(1998, 4, 16), dt.date(1998, 12, 31), dt.date(1999, 1, 1), dt.date(1999, 4, 29)]


@pytest.fixture
def days():
    return tuple(ArchiveDay(date, Path(table_name(date)), table_name(date)) for date in DATES)


@pytest.mark.parametrize("year", [1998, 1999])
def test_folders_are_named_as_in_the_archive(year):
    assert [folder_name(dt.date(year, month, 7)) for month in range(1, 13)] == FOLDERS


def test_tables_are_named_as_in_the_archive():
    assert relative_table_path(dt.date(1998, 1, 16)) == "1998/001_031JAN/3D980116.TAB"
    assert date_of_name("3d980820.tab") == dt.date(1998, 8, 20)
    for name in ("3D980231.TAB", "3D98082.TAB", "3D980820.TAB.part", "x3D980820.TAB"):
        assert date_of_name(name) is None


def test_days_are_found_in_order_and_the_misplaced_reported(tmp_path):
    lines = table_lines(1)
    for date in reversed(DATES):
        write_day(tmp_path, lines, date)
    (tmp_path / "1998/091_120APR/3D980820.TAB").write_bytes(b"")
    (tmp_path / "1998/091_120APR/3d980415.tab").write_bytes(b"")
    (tmp_path / "1998/3D980415.TAB").write_bytes(b"")
    write_day(tmp_path, lines, dt.date(1997, 4, 1))
    (tmp_path / "spice_kernels").mkdir()
    for name in ("b.bsp", "a.tls", "c.tpc", "notes.txt"):
        (tmp_path / "spice_kernels" / name).touch()
    archive = scan_archive(tmp_path)
    assert [day.date for day in archive.days] == DATES
    assert archive.days[0].name == "1998/091_120APR/3D980415.TAB"
    assert [path.name for path in archive.kernel_paths] == ["a.tls", "b.bsp", "c.tpc"]
    assert {item.file: item.reason.split(" (")[0] for item in archive.ignored} == {
        "1997/091_120APR/3D970401.TAB": "date outside the mission",
        "1998/091_120APR/3D980820.TAB": "table in the wrong folder",
        "1998/091_120APR/3d980415.tab": "second table of 1998-04-15",
        "1998/3D980415.TAB": "table in the wrong folder",
    }
    assert archive.origin == "measured"
    (tmp_path / "ORIGIN").write_text("Simulated by a test")
    assert scan_archive(tmp_path).origin == "simulated"


def test_nothing_there_names_the_command(tmp_path):
    root = tmp_path / "my data"
    with pytest.raises(NoDataError) as caught:
        open_archive(ArchiveConfig(kind="pds", root=str(root)), year=1998, month=6)
    assert f"`python -m potrun.fetch year=1998 month=6 'archive.root={root}'`" in str(caught.value)


def test_the_default_root_is_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoDataError, match=r"`python -m potrun.fetch archive.root=data`"):
        open_archive(ArchiveConfig(kind="pds"))
    write_day(tmp_path / "data", table_lines(1))
    assert len(open_archive(ArchiveConfig(kind="pds")).days) == 1


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"year": 1998}, [0, 1, 2]),
        ({"month": 4}, [0, 1, 4]),
        ({"year": 1999, "month": 4}, [4]),
        ({"month": 4, "day": 16}, [1]),
    ],
)
def test_filters_narrow_by_date(days, asked, chosen):
    assert [day.date for day in select_days(days, **asked)] == [DATES[index] for index in chosen]


def test_a_filter_without_days_says_what_there_is(days):
    with pytest.raises(NoDataError) as caught:
        select_days(days, year=1998, month=6)
    assert str(caught.value) == (
        "no day matches year=1998 month=6: the archive holds 1998-04-15..1998-04-16, 1998-12-31..1999-01-01, 1999-04-29"
    )


def test_no_dates_have_no_description():
    assert describe_dates([]) == ""


def test_links_to_folders_are_followed_and_a_circle_ends(tmp_path):
    day = write_day(tmp_path / "elsewhere", table_lines(1))
    root = tmp_path / "root"
    root.mkdir()
    (root / "1998").symlink_to(tmp_path / "elsewhere" / "1998")
    (root / "loop").symlink_to(root)
    assert [item.name for item in scan_archive(root).days] == [day.name]


def test_every_file_that_looks_like_data_is_used_or_named(tmp_path):
    names = {
        "1998/213_243AUG/3D980820.TAB.gz": "compressed",
        "spice_kernels/lsk/naif0012.tls": None,
        "spice_kernels/naif0012.tls.pc": None,
        "spice_kernels/._lp.bsp": None,
        "spice_kernels/frames.tf": "not a file of this archive",
        "naif0012.tls": "kernel outside the folder spice_kernels",
        "theta (1).tab": "not a file of this archive",
        "theta.tab": None,
        "README": None,
    }
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    archive = scan_archive(tmp_path)
    assert {item.file for item in archive.ignored} == {name for name, reason in names.items() if reason}
    assert all(item.reason.startswith(str(names[item.file])) for item in archive.ignored)
    assert [path.name for path in archive.kernel_paths] == ["naif0012.tls", "naif0012.tls.pc"]
