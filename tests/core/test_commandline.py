import pytest

from potrun.core.commandline import Option, parse, run_command, usage
from potrun.core.errors import DataError, UsageError

OPTIONS = (
    Option("kind", ("map", "time"), "which", "map"),
    Option("sweep", int, "number"),
    Option("display", bool, "window", False),
    Option("output", str, "file"),
)


def test_settings_and_the_rest():
    rest, settings = parse(["a.npz", "kind=time", "sweep=-3", "display=True", "output=x=y.png"], OPTIONS)
    assert rest == ["a.npz"]
    assert settings == {"kind": "time", "sweep": -3, "display": True, "output": "x=y.png"}


def test_defaults():
    assert parse([], OPTIONS) == ([], {"kind": "map", "sweep": None, "display": False, "output": None})


def test_a_file_with_an_equals_sign_is_a_file(tmp_path):
    path = tmp_path / "kind=time.npz"
    path.touch()
    assert parse([str(path)], OPTIONS)[0] == [str(path)]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("kinf=map", "did you mean kind"),
        ("zzz=1", "it has kind, sweep, display, output"),
        ("kind=mpa", "choose one of map, time"),
        ("sweep=two", "whole number"),
        ("display=yes", "true or false"),
        ("output=", "no value"),
    ],
)
def test_wrong_words(word, message):
    with pytest.raises(UsageError, match=message):
        parse([word], OPTIONS)


def test_twice():
    with pytest.raises(UsageError, match="twice"):
        parse(["kind=map", "kind=time"], OPTIONS)


def test_endings(capsys):
    def fail(error):
        def work(arguments):
            raise error

        return run_command("tool", work, ["x"], "help\n")

    assert run_command("tool", lambda arguments: None, ["x"], "help\n") == 0
    assert fail(UsageError("wrong")) == 2
    assert fail(DataError("bad file")) == 1
    assert fail(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "tool: wrong\ntool: bad file\ntool: stopped\n"


def test_help(capsys):
    text = usage("tool FILE", "About.", OPTIONS)
    assert run_command("tool", None, ["--help"], text) == 0
    assert "kind" in capsys.readouterr().out
    assert run_command("tool", None, [], text) == 2


def test_an_archive_setting_is_named_as_in_a_run():
    assert parse(["archive.root=data"], (Option("root", str, "folder"),))[1] == {"root": "data"}
