"""Fixtures that every part of the tests may use."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def sample_dir() -> Path:
    """The simulated day of an independent implementation, where it lies beside the checkout."""
    path = ROOT.parent / "shared" / "sample"
    if not (path / "truth.npz").exists():
        pytest.skip(f"the independent sample archive is not at {path}")
    return path
