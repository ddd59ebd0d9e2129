"""What ``python -m potrun.archive.inspect`` tells about an archive."""

import datetime as dt
import shutil

import pytest

from potrun.archive.days import scan_archive
from potrun.archive.summary import summarise
from potrun.archive.table import read_day
from potrun.cli.inspect import HELP, OPTIONS, command
from potrun.core.commandline import run_command
from tests.support.tables import DATE, table_lines, write_day


@pytest.fixture
def root(sample_dir, tmp_path):
    """The sample's day beside a damaged one, an empty one, one without kernels and a misplaced table."""
    root = tmp_path / "archive"
    shutil.copytree(sample_dir, root)
    (root / "1998/213_243AUG").chmod(0o755)
    damaged = table_lines(5, DATE + dt.timedelta(days=1))[:-1]
    damaged[20] = b"damaged"
    write_day(root, damaged, DATE + dt.timedelta(days=1))
    write_day(root, b"", DATE + dt.timedelta(days=2))
    later = dt.date(1999, 2, 1)
    write_day(root, table_lines(2, later), later)
    (root / "1998/3D980101.TAB").touch()
    (root / "ORIGIN").write_text("simulated")
    return root


def inspect(*words):
    return run_command("potrun.archive.inspect", command, words, HELP)


def test_everything_is_told(root, tmp_path, capsys):
    picture = tmp_path / "new" / "coverage.png"
    assert inspect(f"root={root}", f"cache_dir={tmp_path / 'cache'}", f"picture={picture}") == 0
    out = capsys.readouterr().out
    for words in (
        "(simulated): 1998-08-20..1998-08-22, 1999-02-01",
        "4 days; the other 556 of the mission",
        "bad field count",
        "short sweep",
        "empty file",
        "outside the mission",
        "38.641 .. 16680.3",
        "Lunar Prospector",
        "25 attitude records",
        "1998-08-19 12:01",
    ):
        assert words in out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_an_archive_without_kernels_is_shown_too(root, tmp_path, capsys):
    shutil.rmtree(root / "spice_kernels")
    assert inspect(f"root={root}", "year=1998", f"picture={tmp_path / 'x.png'}") == 0
    out = capsys.readouterr().out
    assert "leap-second" in out
    assert "1999-02-01 " not in out.split("energies")[0].split("days; the other")[1]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["root={empty}"], 3, "python -m potrun.fetch"),
        (["root={root}", "month=1"], 3, "the archive holds 1998-08-20..1998-08-22, 1999-02-01"),
        (["root={root}", "month=13"], 2, "out of range"),
        (["root={root}", "day=1"], 2, "without a month"),
        (["rot={root}"], 2, "did you mean root?"),
        (["root={root}", "more"], 2, "not of the form key=value"),
    ],
)
def test_mistakes_are_one_line(root, tmp_path, capsys, words, code, message):
    assert inspect(*(word.format(root=root, empty=tmp_path / "empty") for word in words)) == code
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1


def test_help_lists_every_setting(capsys):
    assert inspect("--help") == 0
    out = capsys.readouterr().out
    assert all(option.name in out for option in OPTIONS)


def test_a_summary_counts(root):
    day = scan_archive(root).days[1]
    summary = summarise(day, read_day(day))
    assert (summary.rows, len(summary.start_s), summary.short_sweeps, summary.dropped_sweeps) == (59, 4, 1, 1)
    assert len(summary.gaps_s) == 1
    assert summary.gaps_s[0] == 86400 - 36 - 4 * 80
    assert set(summary.grids.values()) == {3, 1}
