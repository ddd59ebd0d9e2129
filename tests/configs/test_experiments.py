"""What the experiments and variations in conf/ promise."""

import pytest
import yaml

from potrun import run
from potrun.core.composition import conf_dir, settings_from
from potrun.core.errors import UsageError
from potrun.core.provenance import result_settings, run_name
from potrun.core.settings import STUDIES, RunConfig
from potrun.studies.run import make_study

EXPERIMENTS = sorted(path.stem for path in (conf_dir() / "experiment").glob("*.yaml"))
VARIATIONS = sorted(path.stem for path in (conf_dir() / "variation").glob("*.yaml"))


def test_the_experiments_that_are_documented_exist():
    assert set(EXPERIMENTS) >= {
        "background_sensitivity",
        "batch_size_sweep",
        "closure",
        "closure_kappa",
        "fitter_comparison",
        "halekas2008_figure5",
        "halekas2008_regions",
        "identifiability",
        "response",
        "sensitivity",
        "sites",
        "summary",
        "terminator",
    }


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_says_its_command(name):
    text = (conf_dir() / "experiment" / f"{name}.yaml").read_text(encoding="utf-8")
    assert f"python -m potrun experiment={name}" in text


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_is_there(name):
    study = make_study(name)
    assert callable(study.check)
    assert callable(study.report)


def test_a_study_leaves_the_result_alone_but_has_a_folder_of_its_own():
    plain, asked = settings_from(), settings_from(["studies=[identifiability]"])
    assert result_settings(asked) == result_settings(plain)
    assert run_name(asked) != run_name(plain)
    assert run_name(settings_from(["studies=[identifiability]", "study.sweep=3"])) != run_name(asked)


def test_sensitivity_takes_every_variation_and_the_reference_first():
    swept = yaml.safe_load((conf_dir() / "experiment" / "sensitivity.yaml").read_text(encoding="utf-8"))
    names = swept["hydra"]["sweeper"]["params"]["variation"].split(",")
    assert names[0] == "reference"
    assert sorted(names) == VARIATIONS


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_variation_changes_one_thing(name):
    plain = result_settings(settings_from())
    changed = {
        key for key, value in result_settings(settings_from([f"variation={name}"])).items() if value != plain[key]
    }
    assert {key.rpartition(".")[0] for key in changed} <= {"fitter", "spacecraft_potential"}
    assert len(changed) == (0 if name == "reference" else 2 if name.startswith(("beam_narrow", "beam_wide")) else 1)


def test_studies_are_checked():
    with pytest.raises(ValueError, match="study 'astrology' found"):
        make_study("astrology")
    assert RunConfig().studies == []


def test_a_run_in_memory_refuses_studies():
    with pytest.raises(UsageError, match="write files beside a result"):
        run("studies=[identifiability]")
