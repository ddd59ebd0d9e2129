import datetime as dt
from dataclasses import fields

import pytest

from potrun.cli.simulate import command
from potrun.cli.simulate_arguments import HELP, OPTIONS, read_request
from potrun.core.commandline import run_command
from potrun.simulate.settings import Range, SimulationSettings


def main(words):
    return run_command("potrun.archive.simulate", command, words, HELP)


def test_values_reach_the_request():
    request = read_request(
        ["root=somewhere", "days=[1998-04-15, 1998-12-31..1999-01-02]", "sweeps=3", "seed=5", "truth=false",
         "u_surface_v=[-500,-100,log]", "scenario=ranges", "beam_fraction=0.1", "counting_noise=false"]
    )  # fmt: skip
    assert request.days == (dt.date(1998, 4, 15), dt.date(1998, 12, 31), dt.date(1999, 1, 1), dt.date(1999, 1, 2))
    assert (request.root, request.sweeps, request.seed, request.workers, request.truth) == ("somewhere", 3, 5, 1, False)
    assert request.settings.u_surface_v == Range(-500.0, -100.0, "log")
    assert (request.settings.scenario, request.settings.beam_fraction) == ("ranges", 0.1)
    assert request.settings.counting_noise is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["swepes=3"], "did you mean sweeps?"),
        (["root"], "write key=value"),
        (["root=a"], "days is missing"),
        (["root=", "days=[1998-04-15]"], "root= has no value"),
        (["root=a", "root=b"], "given twice"),
        (["root=a", "days=1998-04-15"], "in brackets"),
        (["root=a", "days=[15.4.1998]"], "not a date"),
        (["root=a", "days=[1998-04-31]"], "not a date"),
        (["root=a", "days=[1998-04-15..1998-04-14]"], "ends before it starts"),
        (["root=a", "days=[1998-04-15,1998-04-15]"], "given twice"),
        (["root=a", "days=[1997-04-15]"], "allowed 1998-01-16 to 1999-07-29"),
        (["root=a", "days=[1998-04-15]", "sweeps=2.5"], "expected a whole number"),
        (["root=a", "days=[1998-04-15]", "sweeps=5000"], "1 to 1080"),
        (["root=a", "days=[1998-04-15]", "truth=maybe"], "true or false"),
        (["root=a", "days=[1998-04-15]", "kappa=[3,2]"], "kappa: Range"),
        (["root=a", "days=[1998-04-15]", "kappa=[3]"], "not a range"),
        (["root=a", "days=[1998-04-15]", "beam_fraction=x"], "expected a number"),
        (["root=a", "days=[1998-04-15]", "kappa=[3,x]"], "not a range of numbers"),
        (["root=a", "days=[1998-04-15]", "instrument=ideal", "departures=[all]"], "add instrument=flown"),
        (["root=a", "days=[1998-04-15]", "grid=9ev"], "choose one of"),
        (["root=a", "days=[1998-04-15]", "workers=0"], "workers=0"),
    ],
)
def test_wrong_usage_is_one_clear_line_and_exit_2(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert err.count("\n") == 1
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_command_writes_and_will_not_write_twice(tmp_path, capsys):
    words = [f"root={tmp_path / 'archive'}", "days=[1998-04-15]", "sweeps=2"]
    assert main(words) == 0
    assert "1 simulated day of 2 sweeps" in capsys.readouterr().out
    assert main(words) == 2
    assert "already holds" in capsys.readouterr().err


def test_settings_are_named_as_in_a_run_too():
    request = read_request(["archive.root=a", "days=[1998-04-15]", "archive.seed=5", "archive.instrument=ideal"])
    assert (request.root, request.seed, request.settings.instrument) == ("a", 5, "ideal")
    assert read_request(["root=a", "days=[1998-04-15]"]).settings.instrument == "flown"


def test_every_setting_of_an_archive_has_its_key():
    own = {"root", "days", "sweeps", "seed", "workers", "truth"}
    in_memory = {"sunlit_fraction"}  # no orbit decides there
    settings = {item.name for item in fields(SimulationSettings)}
    assert {option.name for option in OPTIONS} == own | settings - in_memory


def test_help_names_every_key(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for key in ("root", "days", "workers", "u_surface_v", "grid"):
        assert f"  {key} " in text


def test_departures_of_the_flown_instrument():
    request = read_request(["root=a", "days=[1998-04-15]", "instrument=flown", "departures=[gains:0.2, anisotropy]"])
    assert request.settings.departures.named() == {"gains": 0.2, "anisotropy": 1.0}
