"""What is installed from a wheel or an sdist runs from an empty folder."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [pytest.mark.study, pytest.mark.process, pytest.mark.timeout(1200)]


def run(folder: Path, *words: object) -> str:
    """Run a program that sees neither the checkout nor its environment's potrun first."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A virtual environment beside this one for building, the sdist, and the wheel that is made from the sdist."""
    folder = tmp_path_factory.mktemp("built")
    run(folder, sys.executable, "-m", "venv", "build")
    run(folder, "build/bin/pip", "install", "-q", "build")
    run(folder, "build/bin/python", "-m", "build", "-o", "dist", ROOT)
    return folder / "dist"


def test_a_wheel_from_the_sdist_runs_in_an_empty_folder(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    run(tmp_path, sys.executable, "-m", "venv", "venv")
    run(tmp_path, "venv/bin/pip", "install", "-q", "--no-deps", wheel)
    # The dependencies are those of the environment that runs the tests.
    (site,) = tmp_path.glob("venv/lib/python*/site-packages")
    (site / "dependencies.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    empty = tmp_path / "empty"
    empty.mkdir()
    where = run(empty, tmp_path / "venv/bin/python", "-c", "import potrun; print(potrun.__file__)")
    assert Path(where.strip()).is_relative_to(site)
    assert "experiment: " in run(empty, tmp_path / "venv/bin/potrun", "--help")
    words = ["year=1998", "month=4", "day=15", "fitter=lillis", "tracking=off", "pictures=false", "report=false"]
    run(empty, tmp_path / "venv/bin/potrun", *words)
    assert len(list(empty.glob("outputs/*/potential_batch_1998_04_15.npz"))) == 1


def test_sdist_and_wheel_hold_what_they_should(built):
    (sdist,), (wheel,) = built.glob("*.tar.gz"), built.glob("*.whl")
    with tarfile.open(sdist) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}
    assert {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "conf/config.yaml", "docs/index.md"} <= names
    with zipfile.ZipFile(wheel) as zipped:
        inside = set(zipped.namelist())
    assert {"potrun/__main__.py", "potrun/py.typed", "potrun/conf/config.yaml"} <= inside
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in inside)
