"""Every command of the documents is one that its program takes; the study runs them as they are written."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import potrun
from tests.support.commands import ROOT, Command, documented_commands

COMMANDS = documented_commands()

NOT_OURS = {
    "python -m venv": "makes a virtual environment",
    "pip install": "downloads packages",
    "pre-commit install": "changes the checkout's hooks",
    "mlflow ui": "serves until it is stopped; tests/tracking/test_ui.py starts one",
    "pytest": "the tests themselves",
    "python -m pytest": "the tests themselves",
    "dask scheduler": "serves until it is stopped; tests/support/dask_cluster.py starts one",
    "dask worker": "works until it is stopped; tests/support/dask_cluster.py starts some",
    "python cluster.py": "needs a queue of a cluster",
    "sphinx-build": "needs the extra potrun[docs]; .ci/run builds the documentation",
    "srun": "needs Slurm",
    "mpiexec": "needs PBS",
    "until": "the shell's",
    "cd": "the shell's",
    "eval": "the shell's",
    "snakemake": "no dependency of potrun; docs/cluster.md shows the file that it reads",
}
"""Beginnings of commands that are other programs', and why no test runs them."""

SMALL = {
    "experiment=closure": "archive.sweeps_per_day=12",
    "experiment=sensitivity": "archive.sweeps_per_day=12",
    "experiment=background_sensitivity": "archive.sweeps_per_day=12",
    "experiment=batch_size_sweep": "archive.sweeps_per_day=12",
    "experiment=beam": "archive.sweeps_per_day=12",
    "experiment=harmonics": "archive.sweeps_per_day=12",
    "experiment=sites": "archive.sweeps_per_day=12",
}
"""Experiments that take many minutes as they are, and what the study adds."""

ELSEWHERE = {
    "executor.address=": "needs a cluster",
    "executor.scheduler_file=": "needs a cluster",
    "hydra/launcher=slurm": "needs Slurm",
    "hydra/sweeper=least_chi2": "twenty runs",
    "archive.root=/shared": "needs the cluster's folder",
    "benchmarks.": "minutes each, and measures: benchmarks/ says how",
    "potrun.rerun": "tests/tracking/test_rerun.py",
    "potrun.sync": "tests/tracking/test_server.py",
    "potrun.fetch": "needs the network; tests/fetch/ has servers of its own",
    "[C...]": "a pattern, not a command; tests/cli/test_compare.py",
    "FILE": "a pattern, not a command; tests/cli/ has each",
    "root=DIR": "a pattern, not a command; tests/cli/test_simulate_arguments.py",
    "--config-dir": "needs a folder of one's own, which the quick test makes",
    "experiment=acceptance": "wants measurements; tests/studies/ has it on a simulated archive",
}
"""Parts of commands of potrun that the study does not run, and why or where that is done."""


def is_ours(command: Command) -> bool:
    return not any(f"{command.program} {' '.join(command.words[1:])}".startswith(name) for name in NOT_OURS)


OURS = [command for command in COMMANDS if is_ours(command)]


@pytest.fixture(scope="module")
def own_options(tmp_path_factory):
    """The README's example of a folder of one's own."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    content, place = re.search(r"^```yaml\n(# @package _global_\n# (mine/\S+)\n.*?)^```", text, re.S | re.M).groups()
    path = tmp_path_factory.mktemp("own") / place
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    return path.parents[1]


def read(command: Command, own_options: Path) -> None:
    """Let the program read the words of a command, without doing what they say."""
    module, words = command.module, [word for word in command.arguments if word != "[C...]"]
    assert module is not None, f"{command}: is no program of potrun; is it to stand in NOT_OURS?"
    if module == "potrun":
        read_run(words, own_options)
    elif module == "potrun.fetch":
        from potrun.fetch.settings import compose

        if "--help" not in words:
            compose(words)
    elif module == "potrun.archive.simulate":
        import_module("potrun.cli.simulate_arguments").read_request(words)
    elif module.startswith("benchmarks."):
        assert module == "benchmarks.NAME" or find_spec(module)
    else:
        read_small(module, words)


def read_run(words: list[str], own_options: Path) -> None:
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from potrun.cli.show_jobs import describe_jobs
    from potrun.cli.words import flag_value, settings_among, translate
    from potrun.core.composition import settings_from

    words, _ = translate(words)
    settings = [word for word in settings_among(words) if not word.startswith("hydra")]
    folder = own_options if flag_value(words, "--config-dir") == "mine" else None
    for word in (word for word in words if word.startswith("hydra/")):
        assert (ROOT / "conf" / f"{word.replace('=', '/')}.yaml").is_file()
    if "--cfg" in words and "-m" in words:
        assert list(describe_jobs(settings))
        return
    jobs = [settings]
    if "-m" in words or any(is_sweep(word) for word in settings):
        parsed = OverridesParser.create().parse_overrides([word for word in settings if "interval(" not in word])
        jobs = [list(job) for job in BasicSweeper.split_arguments(parsed, None)[0]]
    for job in jobs:
        settings_from(job, folder)


def is_sweep(word: str) -> bool:
    """An experiment that is a sweep needs no -m."""
    path = ROOT / "conf" / f"{word.replace('=', '/')}.yaml"
    return word.startswith("experiment=") and path.is_file() and "mode: MULTIRUN" in path.read_text(encoding="utf-8")


def read_small(module: str, words: list[str]) -> None:
    """A command's own settings; what it hands on are settings of a run."""
    from potrun.core.commandline import parse
    from potrun.core.composition import settings_from

    assert find_spec(module)
    options = import_module(module.replace("potrun.archive.", "potrun.").replace("potrun.", "potrun.cli.")).OPTIONS
    own = {option.name for option in options}
    mine = [word for word in words if "=" not in word or word.split("=")[0].removeprefix("archive.") in own]
    if module != "potrun.day":
        mine = words
    parse([word.replace("sweep=N", "sweep=0") for word in mine], options)
    settings_from([word for word in words if word not in mine])


def test_the_documents_give_commands():
    assert len(OURS) > 30
    assert {"README.md", "docs/closure.md", "conf/hydra/launcher/slurm.yaml"} <= {one.document for one in COMMANDS}


@pytest.mark.parametrize("command", OURS, ids=str)
def test_a_command_is_one_that_its_program_takes(command, own_options):
    read(command, own_options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder with a small archive `data` of the month that the README downloads."""
    folder = tmp_path_factory.mktemp("documents")
    words = ["root=data", "days=[1998-06-08,1998-06-09]", "sweeps=12"]
    start(folder, ["-m", "potrun.archive.simulate", *words])
    return folder


def start(folder: Path, words: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stderr


TO_RUN = [command for command in OURS if not any(part in command.text for part in ELSEWHERE)]


EXAMPLES = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs" / "examples.md").read_text(encoding="utf-8"), re.S | re.M
)


@pytest.mark.study
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example, tmp_path):
    start(tmp_path, ["-c", example])


@pytest.mark.study
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("command", TO_RUN, ids=str)
def test_a_command_does_what_it_says(command, folder):
    small = [words for name, words in SMALL.items() if name in command.words]
    start(folder, ["-m", str(command.module), *command.arguments, *small])


def test_the_version_is_the_same_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert potrun.__version__ == citation["version"] == version
    assert f"## [{version}] - {citation['date-released']}\n" in changes
