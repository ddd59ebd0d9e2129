"""Memory that was freed is used again."""

import subprocess
import sys

import pytest

LARGE_ARRAYS = """
import resource
import numpy as np
from potrun.core.machine import keep_freed_memory

if not keep_freed_memory():
    raise SystemExit(77)
for _ in range(2):
    [np.ones(size) for size in range(1_000_000, 3_000_000, 500_000)]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    [np.ones(size) for size in range(1_000_000, 3_000_000, 500_000)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_large_arrays_do_not_ask_the_system_for_pages_again():
    done = subprocess.run([sys.executable, "-c", LARGE_ARRAYS], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("the C library has no setting for it")
    assert int(done.stdout) < 1000, done.stderr  # 10 rounds of 14000 pages otherwise
