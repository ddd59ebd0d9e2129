"""How the program ends, and that it leaves the process as it was."""

import os

import pytest

from potrun.__main__ import _run
from potrun.core.endings import HYDRA_VARIABLE, TRACEBACK_VARIABLE
from potrun.core.errors import UsageError


def test_the_environment_is_put_back(monkeypatch, capsys):
    monkeypatch.delenv(HYDRA_VARIABLE, raising=False)
    assert _run(["=3"]) == 2
    assert HYDRA_VARIABLE not in os.environ
    assert TRACEBACK_VARIABLE not in os.environ
    assert capsys.readouterr().err == "potrun: '=3' names no setting: write key=value\n"


def test_a_traceback_is_shown_to_who_asks_for_it(monkeypatch):
    monkeypatch.setenv(HYDRA_VARIABLE, "1")
    with pytest.raises(UsageError):
        _run(["=3"])
    assert os.environ[HYDRA_VARIABLE] == "1"
    assert TRACEBACK_VARIABLE not in os.environ


def test_help_shows_the_settings_as_chosen(capsys):
    assert _run(["--help", "fitter=lillis"]) == 0
    out = capsys.readouterr().out
    assert "method: lillis" in out
    assert "fitter: halekas, likelihood, lillis" in out
    assert _run(["--help", "fitter=x"]) == 2
