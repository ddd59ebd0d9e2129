"""Fixtures that every part of the tests may use."""

import logging
import lzma
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# Every run draws the same examples, so that a failure is one for everybody.
# `--hypothesis-profile search` draws new ones, and more of them.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("same")

SAMPLE = Path(__file__).resolve().parent / "data" / "sample"


@pytest.fixture(autouse=True)
def _no_log_handler_outlives_its_test() -> Iterator[None]:
    """A run configures logging for its process; here the stream it writes to is closed once the test is over."""
    yield
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if not type(handler).__module__.startswith("_pytest"):
            root.removeHandler(handler)


@pytest.fixture(scope="session")
def sample_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the simulated day of an independent implementation; tests/data/sample/README.md describes it."""
    copy = tmp_path_factory.mktemp("independent") / "sample"
    shutil.copytree(SAMPLE, copy)
    for packed in copy.rglob("*.TAB.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()
    return copy
