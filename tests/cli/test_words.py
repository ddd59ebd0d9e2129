"""Words of the command line as people write them."""

from pathlib import Path

import pytest

from potrun.__main__ import _run
from potrun.cli.words import translate
from potrun.core.composition import settings_from
from potrun.core.errors import UsageError


def test_the_classic_flags_are_settings_here():
    words, said = translate(
        ["--year", "1998", "--month=6", "--day", "3", "--fast", "--overwrite", "--parallel", "-v", "--output-dir",
         "out", "--losscone-fit-method", "lillis", "--u-spacecraft", "-5", "tracking=off"]
    )  # fmt: skip
    assert said == [word for word in words if word != "tracking=off"]
    made = settings_from(words)
    assert (made.year, made.month, made.day, made.fast, made.overwrite) == (1998, 6, 3, True, True)
    assert (made.verbose, made.output_dir, made.fitter.method) == (True, "out", "lillis")
    assert (made.spacecraft_potential.kind, made.spacecraft_potential.volts) == ("constant", -5.0)
    assert made.tracking.kind == "off"


def test_flags_of_hydra_may_stand_anywhere():
    words, said = translate(["year=1998", "-m", "month=4,12", "--config-dir", "my conf", "--info", "defaults", "day=1"])
    assert words == ["-m", "--config-dir", "my conf", "--info", "defaults", "year=1998", "month=4,12", "day=1"]
    assert said == []


@pytest.mark.parametrize(
    "path", ["data", "my data", "Mond (alt)", "Möndchen", "a=b", "it's", "a,b", "C:\\x", "[1]", "a{b}"]
)
def test_a_path_is_what_was_typed(path):
    words, _ = translate([f"archive.root={path}"])
    assert settings_from(words).archive.root == path


def test_a_home_folder_is_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere/else")
    words, _ = translate(["archive.root=~/data", "output_dir=~"])
    made = settings_from(words)
    assert Path(str(made.archive.root)) == Path("/somewhere/else/data")
    assert made.output_dir == "/somewhere/else"


def test_in_a_sweep_a_comma_separates_paths():
    assert translate(["-m", "archive.root=a b,c"])[0] == ["-m", "archive.root='a b',c"]


def test_a_flag_without_its_value_is_one_line():
    with pytest.raises(UsageError, match="--year needs a value"):
        translate(["--year", "--fast"])


def test_the_word_that_cannot_be_read_is_named():
    with pytest.raises(UsageError, match=r"^'fitter=a b\(' cannot be read: .* \"fitter='a b\('\"$"):
        settings_from(["year=1998", "fitter=a b("])


def test_the_version_is_potruns(capsys):
    assert _run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("potrun 0.")


def test_a_flag_that_is_none_is_one_line():
    with pytest.raises(UsageError, match=r"^--mutirun is no flag of potrun \(did you mean --multirun\?\)"):
        translate(["--mutirun", "month=4"])


def said(capsys, *words):
    code = _run(list(words))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("word", ["fitter=glob(*)", "year=1998,1999"])
def test_several_values_without_m_are_one_line(word, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["potrun"])
    code, _, err = said(capsys, word, "--cfg", "job")
    assert (code, err) == (2, f"potrun: {word} stands for several values: add -m for a run of each\n")


def test_a_sweep_shows_the_settings_of_its_jobs(capsys):
    code, out, _ = said(capsys, "-m", "fitter=glob(*,exclude=likelihood)", "month=4", "--cfg", "job")
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith(("# job", "  method"))] == [
        "# job 1 of 2: fitter=halekas month=4",
        "  method: halekas",
        "# job 2 of 2: fitter=lillis month=4",
        "  method: lillis",
    ]


def test_a_user_s_own_options_are_in_the_help(tmp_path, capsys):
    folder = tmp_path / "my conf" / "experiment"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("# @package _global_\nfitter:\n  background: 0.07\n")
    code, out, _ = said(capsys, "--help", "--config-dir", str(folder.parent), "experiment=mine")
    assert code == 0
    assert ", mine, " in out
    assert "background: 0.07" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--experimental-rerun", "x/config.pickle"], "use python -m potrun.rerun RUN_ID"),
        (["-m", "month=4", "--info", "defaults"], "leave -m out"),
        (["-m", "hydra/launcher=slurm", "month=4,12", "tracking=off"], "there is no srun on this machine"),
    ],
)
def test_what_cannot_be_done_is_one_line(words, expected, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["potrun"])
    monkeypatch.setenv("PATH", "")
    code, _, err = said(capsys, *words)
    assert code == 2
    assert expected in err
    assert err.count("\n") == 1
