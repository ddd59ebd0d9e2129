"""A simulated archive of one day, for its kernels and attitude."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from potrun.simulate.archive import simulate_archive


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_archive(tmp_path_factory.mktemp("simulated") / "archive", [dt.date(1998, 8, 20)], 2, 0)


@pytest.fixture
def copy(simulated: Path, tmp_path: Path) -> Path:
    """A copy of the archive's ancillary files that a test may change."""
    root = tmp_path / "archive"
    root.mkdir()
    for name in ("theta.tab", "attitude.tab"):
        shutil.copyfile(simulated / name, root / name)
    (root / "spice_kernels").mkdir()
    for path in (simulated / "spice_kernels").iterdir():
        shutil.copyfile(path, root / "spice_kernels" / path.name)
    return root
