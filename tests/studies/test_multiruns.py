"""Experiments that are multiruns, by their one command, on a day of six simulated sweeps."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def multirun(tmp_path, demo_root):
    """Run an experiment; return the table of its jobs and the folder of their comparison."""

    def run(*words):
        small = [f"archive.root={demo_root}", "archive.sweeps_per_day=6", "year=1999", "month=4", "device=cpu"]
        done = subprocess.run(
            [sys.executable, "-m", "potrun", *words, *small],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (children,) = tmp_path.glob("multirun/sweep_*/children.csv")
        jobs = pd.read_csv(children)
        assert (jobs["status"] == "FINISHED").all()
        return jobs, children.parent / "comparison"

    return run


def test_fitter_comparison(multirun):
    jobs, comparison = multirun("experiment=fitter_comparison")
    assert jobs["fitter"].tolist() == ["halekas", "lillis"]
    assert jobs["chi2/median"].nunique() == 2
    assert (comparison / "all" / "comparison.png").exists()


@pytest.mark.study
def test_batch_size_sweep(multirun):
    quick = ["study.throughput_sweeps=16", "study.throughput_seconds=0.1"]
    jobs, _ = multirun("experiment=batch_size_sweep", "device.batch_size=4,16", *quick)
    assert jobs["device.batch_size"].tolist() == [4, 16]
    assert (jobs["throughput/sweeps_per_second"] > 0).all()
    assert (jobs["throughput/process_memory_mb"] > 50).all()


@pytest.mark.study
def test_background_sensitivity(multirun):
    jobs, comparison = multirun("experiment=background_sensitivity")
    assert jobs["fitter.background"].tolist() == [0.05, 0.03, 0.04, 0.06, 0.07, 0.08, 0.09, 0.1]
    summary = pd.read_csv(comparison / "all" / "summary.csv").set_index("quantity")
    assert summary.loc["fitted in both"].notna().sum() == 7


@pytest.mark.study
def test_sensitivity(multirun):
    jobs, comparison = multirun("experiment=sensitivity")
    assert len(jobs) == 11
    summary = pd.read_csv(comparison / "all" / "summary.csv").set_index("quantity")
    assert summary.loc["|difference of U| in shadow, 95 % (V)"].notna().sum() == 10
    assert summary.columns[0] == "variation=reference"
