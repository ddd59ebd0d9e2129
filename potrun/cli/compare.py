"""``python -m potrun.compare A B [C...]``: runs against each other, sweep by sweep."""

import hashlib
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from potrun.core.commandline import Option, parse, run_command, usage
from potrun.core.errors import UsageError

if TYPE_CHECKING:
    from potrun.results.comparison import Comparison
    from potrun.results.run_result import RunResult

OPTIONS = (
    Option("output_dir", str, "folder for sweeps.csv, summary.csv and comparison.png"),
    Option("tracking_uri", str, "MLflow store that run ids are looked up in; none: the default store"),
)
HELP = usage(
    "python -m potrun.compare A B [C...] [key=value ...]",
    "Compare two or more runs, each an NPZ file or an MLflow run id. The first is what the others are compared with.",
    OPTIONS,
)
LABEL_LENGTH = 32


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command("potrun.compare", command, sys.argv[1:], HELP))


def command(arguments: list[str]) -> None:
    """Compare what the command line names; print the tables and write the files.

    Raises
    ------
    UsageError
        If fewer than two runs are named, or they share no sweep.
    DataError
        If one of them is not a result.
    """
    names, settings = parse(arguments, OPTIONS)
    if len(names) < 2:
        raise UsageError(f"{len(names)} result given: a comparison needs two or more NPZ files or MLflow run ids")
    from potrun.plots.comparison import write_comparison
    from potrun.results.comparison import compare

    results = [resolve_result(name, settings["tracking_uri"]) for name in names]
    comparison = compare(results, labels(names))
    folder = Path(settings["output_dir"] or Path("outputs") / "compare" / _folder_name(names))
    written = write_comparison(comparison, folder)
    print_tables(comparison)
    sys.stdout.write(f"written to {folder}: {', '.join(path.name for path in written)}\n")


def resolve_result(name: str, tracking_uri: str | None = None) -> "RunResult":
    """Open a result by the path of its NPZ or by the id of its MLflow run.

    Raises
    ------
    UsageError
        If it is neither.
    DataError
        If the file is damaged.
    """
    from potrun.results.load import load_results

    if Path(name).is_file():
        return load_results(name)
    if not is_run_id(name):
        raise UsageError(f"{name} is neither an existing NPZ file nor an MLflow run id (32 hexadecimal digits)")
    from potrun.tracking.lookup import find_result

    return load_results(find_result(name, tracking_uri))


def is_run_id(name: str) -> bool:
    """Tell whether a name looks like the id of an MLflow run and is no file."""
    return re.fullmatch(r"[0-9a-f]{32}", name) is not None and not Path(name).exists()


def labels(names: Sequence[str]) -> list[str]:
    """Return a short and distinct name for each run: its file's, its folder's, or the start of its id."""
    paths = [Path(name) for name in names]
    stems = [path.stem for path in paths]
    folders = [path.absolute().parent.name for path in paths]
    chosen = stems if len(set(stems)) == len(stems) else folders
    chosen = [name[:8] if is_run_id(name) else text for name, text in zip(names, chosen, strict=True)]
    short = [text if len(text) <= LABEL_LENGTH else f"{text[: LABEL_LENGTH - 9]}…{text[-8:]}" for text in chosen]
    if len(set(short)) < len(short):
        short = [f"{chr(65 + n % 26)} {text}" for n, text in enumerate(short)]
    return short


def _folder_name(names: Sequence[str]) -> str:
    text = "\n".join(str(Path(name).absolute()) if Path(name).is_file() else name for name in names)
    first = "_".join(re.sub(r"[^\w.-]+", "-", label)[:40] for label in labels(names)[:2])
    return f"{first}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def print_tables(comparison: "Comparison") -> None:
    """Print the summary and what differs in the settings."""
    from rich.console import Console
    from rich.table import Table

    from potrun.results.comparison import summary

    origins = {result.origin for result in comparison.results}
    table = Table(title=f"Shared sweeps: {len(comparison.matched)} ({' and '.join(sorted(origins))})")
    settings = Table(title="What differs between the runs")
    for one in (table, settings):
        one.add_column("")
        for label in comparison.labels:
            one.add_column(label, justify="right", overflow="fold")
    for name, numbers in summary(comparison).items():
        table.add_row(name, *("" if math.isnan(number) else f"{number:.6g}" for number in numbers))
    for name, values in comparison.settings.items():
        settings.add_row(name, *("none" if value is None else str(value) for value in values))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    if comparison.settings:
        console.print(settings)
    else:
        console.print("The runs have the same settings, code and inputs.")
    for label, number in zip(comparison.labels, comparison.ambiguous, strict=True):
        if number:
            console.print(f"{label}: {number} sweeps left out, their start and spectrum number are not unique.")
