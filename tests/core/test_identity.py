"""Which settings make another result, and what its files are called."""

import re

import pytest

from potrun.core.composition import settings_from
from potrun.core.identity import code_digest, result_file_name, result_settings, run_name


@pytest.mark.parametrize(
    "neutral",
    [
        "verbose=true",
        "overwrite=true",
        "executor.workers=3",
        "tracking=off",
        "device.batch_size=7",
        "device.threads=1",
        "output_dir=/tmp/x",
        "display=true",
    ],
)
def test_settings_that_change_nothing_keep_the_name(neutral):
    assert run_name(settings_from([neutral])) == run_name(settings_from())
    assert result_settings(settings_from([neutral])) == result_settings(settings_from())


@pytest.mark.parametrize(
    "meaningful",
    [
        "fitter=lillis",
        "fitter.background=0.06",
        "year=1998",
        "fast=false",
        "spacecraft_potential=constant",
        "device.dtype=float64",
        "archive.sweeps_per_day=30",
        "archive.root=elsewhere",
        "fitter.intervals=false",
    ],
)
def test_settings_that_matter_change_the_name(meaningful):
    assert run_name(settings_from([meaningful])) != run_name(settings_from())


def test_restating_a_default_changes_nothing():
    assert run_name(settings_from(["fitter=halekas", "fast=true", "fitter.background=0.05"])) == run_name(
        settings_from()
    )


def test_names_are_plain_and_tell_the_choices():
    name = run_name(settings_from(["year=1998", "month=4", "fitter=lillis", "archive.root=../a/b c"]))
    assert re.fullmatch(r"1998-04_lillis_fast_demo_[0-9a-f]{8}", name)


@pytest.mark.parametrize(
    ("filters", "name"),
    [
        ((1998, None, None), "potential_batch_1998.npz"),
        ((1998, 4, None), "potential_batch_1998_04.npz"),
        ((1999, 4, 29), "potential_batch_1999_04_29.npz"),
        ((None, 4, None), "potential_batch_04.npz"),
        ((None, None, None), "potential_batch_all.npz"),
    ],
)
def test_result_file_names(filters, name):
    assert result_file_name(*filters) == name


def test_code_digest_is_stable_within_a_process():
    assert code_digest() == code_digest()
    assert re.fullmatch(r"[0-9a-f]{12}", code_digest())
