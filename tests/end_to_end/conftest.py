"""A small simulated archive and a way to run the command line on it."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def archive_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of 24 sweeps, over a leap second, with known truth."""
    from potrun.simulate.archive import simulate_archive

    days = [dt.date(1998, 12, 31), dt.date(1999, 1, 1), dt.date(1999, 4, 29)]
    return simulate_archive(tmp_path_factory.mktemp("archive") / "demo", days, sweeps=24, seed=7)


def potrun_environment() -> dict[str, str]:
    """Environment of a child process: no terminal, no other run's parent."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}


@pytest.fixture
def command(archive_root: Path, tmp_path: Path) -> Command:
    """Run `python -m potrun` on the small archive, in an empty folder, without pictures."""

    def run(*arguments: str, **kwargs: object) -> subprocess.CompletedProcess[str]:
        words = [
            sys.executable,
            "-m",
            "potrun",
            "archive=pds",
            f"archive.root={archive_root}",
            "pictures=false",
            "report=false",
            *arguments,
        ]
        return subprocess.run(
            words, capture_output=True, text=True, cwd=tmp_path, env=potrun_environment(), timeout=240, check=False
        )

    return run
