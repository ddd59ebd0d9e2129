"""The conventional search judges the exact one, so it must not borrow from it."""

import os
import subprocess
import sys

PROGRAM = """
import sys
from potrun.core.settings import DeviceConfig, DifferentialEvolutionConfig, FitterConfig
from potrun.search import make_fitter
from tests.support.sweeps import REGIMES, draw

settings = FitterConfig(differential_evolution=DifferentialEvolutionConfig(generations=2))
batch, _ = draw(REGIMES["sharp"], 1, 1, settings)
fit = make_fitter(settings, DeviceConfig(name="cpu"), fast=False).fit(batch)
assert fit.intervals is not None and fit.chi2[0] > 0.0
print([name for name in sys.modules if name.startswith(("potrun.search.exact", "numba"))])
"""


def test_the_conventional_search_loads_nothing_of_the_exact_one():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
