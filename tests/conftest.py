"""Fixtures that every part of the tests may use."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _no_log_handler_outlives_its_test() -> Iterator[None]:
    """A run configures logging for its process; here the stream it writes to is closed once the test is over."""
    yield
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if not type(handler).__module__.startswith("_pytest"):
            root.removeHandler(handler)


@pytest.fixture(scope="session")
def sample_dir() -> Path:
    """The simulated day of an independent implementation, where it lies beside the checkout."""
    path = ROOT.parent / "shared" / "sample"
    if not (path / "truth.npz").exists():
        pytest.skip(f"the independent sample archive is not at {path}")
    return path
