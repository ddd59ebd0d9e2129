import pytest
from matplotlib.image import imread

from potrun.cli import day
from potrun.core.errors import NoDataError, UsageError
from potrun.core.settings import ArchiveConfig
from potrun.runs.inputs import open_archive


def test_a_table_becomes_a_picture_in_one_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = open_archive(ArchiveConfig()).days[0].path
    day.command([str(table), "fitter=lillis", "illumination=night", "kind=time", "quality=all"])
    said = capsys.readouterr().out
    assert "fitted" in said
    assert imread(tmp_path / f"{table.stem}_time.png").shape[0] > 300


def test_what_is_wrong_is_said(tmp_path):
    with pytest.raises(UsageError, match="0 files given"):
        day.command(["fitter=lillis"])
    with pytest.raises(NoDataError, match="no day's table"):
        day.command([str(tmp_path / "3D980415.TAB")])
