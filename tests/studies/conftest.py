"""Small simulated archives, and runs on them in this process."""

import datetime as dt

import pytest

from potrun.core.composition import settings_from
from potrun.runs.pipeline import run_experiment


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory):
    """A folder that keeps the demo archives of a session."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="session")
def closure_words(tmp_path_factory):
    """Settings of a closure with 40 sweeps of an ideal instrument, whose truth the classic fits give back."""
    root = tmp_path_factory.mktemp("closure")
    small = ["archive.instrument=ideal", "archive.sweeps_per_day=40", "archive.days=[1998-04-15]"]
    return [f"archive.root={root}", *small, "device=cpu"]


@pytest.fixture(scope="session")
def run_small():
    """Run an experiment in a folder, untracked and without a run's own pictures; return outcome and studies' folder."""

    def run(folder, *words):
        outcome = run_experiment(settings_from(["tracking=off", "pictures=false", "report=false", *words]), folder)
        return outcome, outcome.npz.with_name(f"{outcome.npz.stem}_studies")

    return run


@pytest.fixture(scope="session")
def measured_like(tmp_path_factory):
    """An archive without truth or mark: to the program it is measured."""
    from potrun.simulate.archive import simulate_archive

    root = tmp_path_factory.mktemp("plain") / "data"
    simulate_archive(root, [dt.date(1999, 4, 29)], 6, 3, truth=False)
    (root / "ORIGIN").unlink()
    return root
