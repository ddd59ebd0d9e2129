"""A file for each day from one run is the file of that day's own run."""

import datetime as dt

import pytest

from potrun.core.composition import settings_from
from potrun.core.errors import ResultMismatchError
from potrun.runs.pipeline import run_experiment
from potrun.simulate.archive import simulate_archive

QUIET = ["tracking=off", "pictures=false", "report=false", "fitter=lillis", "device=cpu"]


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    days = [dt.date(1998, 12, 31), dt.date(1999, 1, 1)]
    root = simulate_archive(tmp_path_factory.mktemp("archive") / "two", days, sweeps=6, seed=3)
    return [*QUIET, "archive=pds", f"archive.root={root}"]


def run(folder, *words):
    return run_experiment(settings_from([*words, f"output_dir={folder}"]), folder / "run")


def test_each_day_has_the_bytes_of_its_own_run(words, tmp_path):
    together, alone = tmp_path / "together", tmp_path / "alone"
    run(together, *words, "day_files=true")
    assert sorted(path.name for path in together.glob("*.npz")) == [
        "potential_batch_1998_12_31.npz", "potential_batch_1999_01_01.npz", "potential_batch_all.npz",
    ]  # fmt: skip
    outcome = run(alone, *words, "year=1999", "month=1", "day=1")
    assert outcome.npz.read_bytes() == (together / outcome.npz.name).read_bytes()

    assert not run(together, *words, "day_files=true").is_new
    (together / outcome.npz.name).unlink()
    assert run(together, *words, "day_files=true").is_new
    assert outcome.npz.read_bytes() == (together / outcome.npz.name).read_bytes()


def test_a_day_s_file_of_another_question_is_not_replaced(words, tmp_path):
    other = run(tmp_path, *words, "year=1999", "month=1", "day=1", "fitter.background=0.07")
    before = other.npz.read_bytes()
    with pytest.raises(
        ResultMismatchError, match=r"1999_01_01.npz holds another .*fitter.background was 0.07, is 0.05"
    ):
        run(tmp_path, *words, "day_files=true")
    assert other.npz.read_bytes() == before
