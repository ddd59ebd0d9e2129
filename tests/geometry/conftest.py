"""A simulated archive of one day, for its kernels and attitude."""

import datetime as dt
from pathlib import Path

import pytest

from potrun.simulate.archive import simulate_archive


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_archive(tmp_path_factory.mktemp("simulated") / "archive", [dt.date(1998, 8, 20)], 2, 0)
