"""What a result depends on: its settings, the code that computes, its inputs; and what its files are called."""

import re
import shutil
from dataclasses import replace

import pytest

from potrun.core.composition import settings_from
from potrun.core.errors import PotrunError
from potrun.core.provenance import (
    PACKAGE_DIR,
    Provenance,
    code_digest,
    result_file_name,
    result_settings,
    run_name,
)
from potrun.core.records import SourceFile

KERNEL = SourceFile("spice_kernels/a.bsp", 10, "1" * 64)
SHARED = Provenance("simulated", {"fitter.method": "lillis"}, "abc", (SourceFile("theta.tab", 1, "0" * 64), KERNEL))


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
        "pictures=[map,time]",
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


@pytest.fixture
def package(tmp_path):
    """A copy of the package's code whose files may be changed."""
    copy = tmp_path / "potrun"
    shutil.copytree(PACKAGE_DIR, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize(
    "name", ["losscone/model.py", "search/base.py", "plasma/currents.py", "archive/table.py", "results/day.py"]
)
def test_code_that_computes_makes_another_result(package, name):
    with (package / name).open("a") as stream:
        stream.write("# another line\n")
    assert re.fullmatch(r"[0-9a-f]{12}", code_digest(package))
    assert code_digest(package) != code_digest()


@pytest.mark.parametrize(
    "name", ["plots/map.py", "tracking/sender.py", "cli/plot.py", "studies/base.py", "simulate/archive.py"]
)
def test_code_that_computes_nothing_leaves_results_as_they_are(package, name):
    with (package / name).open("a") as stream:
        stream.write("# another line\n")
    assert code_digest(package) == code_digest()


def test_equal_ones_pass():
    SHARED.require_equal(replace(SHARED))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": "def"}, "code is def there and abc here: install the same potrun"),
        ({"ancillary": (SHARED.ancillary[0], replace(KERNEL, sha256="2" * 64))}, "spice_kernels/a.bsp changed"),
        ({"settings": {"fitter.method": "halekas"}}, "settings"),
    ],
)
def test_a_difference_is_named(change, words):
    with pytest.raises(PotrunError, match=words) as caught:
        SHARED.require_equal(replace(SHARED, **change))
    assert "theta.tab" not in str(caught.value)


def test_a_shard_is_bound_to_its_table_and_to_all_that_days_share():
    table = SourceFile("1998/x.TAB", 3, "3" * 64)
    texts = {
        SHARED.of_shard(table),
        SHARED.of_shard(replace(table, sha256="4" * 64)),
        replace(SHARED, code="def").of_shard(table),
        replace(SHARED, origin="measured").of_shard(table),
    }
    assert len(texts) == 4
