"""What a person sees: a bar with bytes and rate on a terminal, lines elsewhere."""

import sys

import pytest

from potrun.fetch import progress


def test_bar_on_a_terminal(server, fetch, assert_complete, monkeypatch, capsys):
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    assert fetch() == 0
    assert_complete()
    shown = capsys.readouterr().err
    assert "files 7/7" in shown
    assert "MB/s" in shown


def test_lines_elsewhere(server, fetch, monkeypatch, capsys):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    assert fetch("fetch.workers=1") == 0
    shown = capsys.readouterr().err
    assert "6 of 7 files, " in shown
    assert "\x1b" not in shown


def test_total_follows_what_the_servers_tell(files):
    from potrun.fetch.catalogue import Content, RemoteFile

    one, two = (RemoteFile(f"https://host/{name}", name, Content.TABLE, 100) for name in ("a", "b"))
    watched = progress.FetchProgress([one, two])
    watched.expect(one, 250)
    watched.received(one, 50)
    assert watched.total_bytes == 350
    watched.received(one, 300)
    assert watched.total_bytes == 450
    watched.expect(two, 0)
    assert watched.total_bytes == pytest.approx(watched.received_bytes)
