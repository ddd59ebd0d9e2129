"""A small simulated archive, made once."""

import datetime as dt
from pathlib import Path

import pytest

from potrun.simulate.archive import simulate_archive

DAYS = (dt.date(1998, 4, 16), dt.date(1998, 12, 31), dt.date(1999, 1, 1), dt.date(1999, 4, 29))


@pytest.fixture(scope="session")
def small_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_archive(tmp_path_factory.mktemp("simulated") / "archive", DAYS, 24, 7)
