"""Runs are told apart in the store, and show only what means something for them."""

import itertools

import pytest
from omegaconf import OmegaConf

from potrun.core.composition import conf_dir, settings_from
from potrun.tracking.children import Job, combined, overview
from potrun.tracking.naming import CHOICE_VARIABLE, choice_of, choice_tags, run_title, several_values, used_settings


@pytest.mark.parametrize(
    "sweep",
    [
        ["fitter=halekas,lillis,likelihood", "year=1998", "month=4", "day=15"],
        ["year=1998", "month=4,12"],
        ["year=1998,1999"],
        ["variation=reference,background_3pct,background_7pct,beam_none,beam_wide", "year=1998"],
        ["fitter.background=0.03,0.05", "fast=true"],
        ["spacecraft_potential=kappa,constant", "fitter=lillis"],
    ],
)
def test_names_of_a_sweep_differ_in_their_first_letters(sweep, monkeypatch):
    names = set()
    values = [[f"{key}={value}" for value in values.split(",")] for key, _, values in (s.partition("=") for s in sweep)]
    jobs = list(itertools.product(*values))
    for job in jobs:
        choices = dict(item.split("=") for item in job)
        monkeypatch.setenv(CHOICE_VARIABLE, choice_of(choices, several_values(sweep)))
        names.add(run_title(settings_from(list(job)))[:20])
    assert len(names) == len(jobs)


def test_a_name_says_fitter_time_and_archive(monkeypatch):
    monkeypatch.delenv(CHOICE_VARIABLE, raising=False)
    assert run_title(settings_from(["fitter=lillis", "year=1998", "month=4"])) == "lillis 1998-04 demo"
    assert run_title(settings_from(["fast=false", "month=4", "archive=pds"])) == "halekas scipy any-04 pds"


@pytest.mark.parametrize("fitter", ["halekas", "lillis", "likelihood"])
def test_settings_of_other_fitters_are_left_out(fitter):
    used = used_settings(settings_from([f"fitter={fitter}"]))
    listed = OmegaConf.load(conf_dir() / "fitter" / f"{fitter}.yaml")
    shared = listed.pop("defaults")[0]["shared@_here_"]
    for name in [shared] if isinstance(shared, str) else shared:
        listed = OmegaConf.merge(OmegaConf.load(conf_dir() / "fitter" / "shared" / f"{name}.yaml"), listed)
    wanted = {f"fitter.{key}" for key in listed} - {"fitter.differential_evolution"}
    groups = {".".join(key.split(".")[:2]) for key in used if key.startswith("fitter.")}
    assert wanted <= groups
    others = {"halekas": "mask_low", "lillis": "log_offset", "likelihood": "branch_and_bound"}
    assert f"fitter.{others[fitter]}" not in groups
    assert ("fitter.likelihood" in groups) == (fitter == "likelihood")
    assert not any(key.startswith(("tracking.", "study.")) for key in used)
    assert "spacecraft_potential.volts" not in used


def test_every_choice_is_a_label():
    tags = choice_tags(settings_from(["experiment=closure", "fitter=lillis"]))
    assert tags["studies"] == "closure"
    assert {"fitter": "lillis", "archive": "closure", "spacecraft_potential": "constant"}.items() <= tags.items()


def test_a_parent_sums_its_jobs_up():
    jobs = [
        Job(0, {"fitter": "halekas"}, "a", "FINISHED", metrics={"sweeps": 10.0, "fitted": 9.0, "chi2/median": 3.0}),
        Job(1, {"fitter": "lillis"}, "b", "FINISHED", metrics={"sweeps": 10.0, "fitted": 7.0, "chi2/median": 1.0}),
        Job(2, {"fitter": "lillis"}, "c", "FAILED"),
    ]
    numbers = combined(jobs)
    assert (numbers["sweeps"], numbers["fitted"], numbers["fit_fraction"]) == (20.0, 16.0, 0.8)
    assert (numbers["chi2/median_lowest"], numbers["chi2/median_highest"]) == (1.0, 3.0)
    assert overview(jobs).rows[1][:5] == ["1", "FINISHED", "lillis", 10.0, 7.0]
    assert len(overview(jobs * 20).to_markdown()) < 4000
