"""``python -m potrun.archive.inspect root=data``: what an archive holds and what it lacks."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from potrun.core.commandline import Option, parse, run_command, usage
from potrun.core.errors import DataError, UsageError

if TYPE_CHECKING:
    from potrun.archive.summary import DaySummary
    from potrun.core.records import Archive, ArchiveDay
    from potrun.geometry.compute import GeometryModel

OPTIONS = (
    Option("archive", ("pds", "demo"), "which archive, as in a run", "pds"),
    Option("root", str, "its folder; none: where a run looks for it"),
    Option("cache_dir", str, "folder for parsed tables; none: a hidden folder beside each table"),
    Option("year", int, "only the days of this year"),
    Option("month", int, "only the days of this month"),
    Option("day", int, "only this day of the month; needs a month"),
    Option("picture", str, "where the picture of the coverage goes", "outputs/archive_coverage.png"),
)
HELP = usage(
    "python -m potrun.archive.inspect root=data [key=value ...]",
    "Show the days of an archive, their sweeps, gaps, energies and defects, and what kernels and attitude cover.",
    OPTIONS,
)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command("potrun.archive.inspect", command, sys.argv[1:], HELP))


def command(arguments: list[str]) -> None:
    """Inspect the archive that the command line names; print the tables and draw the picture.

    Raises
    ------
    UsageError
        If the command line is wrong.
    NoDataError
        If there is no such archive, or no such day in it.
    """
    rest, settings = parse(arguments, OPTIONS)
    if rest:
        raise UsageError(f"{rest[0]} is not of the form key=value")
    from potrun.archive.days import select_days
    from potrun.cli.inspect_tables import print_report
    from potrun.core.settings import ArchiveConfig, RunConfig
    from potrun.plots.archive import draw_archive
    from potrun.plots.style import save
    from potrun.runs.inputs import open_archive

    source = ArchiveConfig(kind=settings["archive"], root=settings["root"], cache_dir=settings["cache_dir"])
    asked = {name: settings[name] for name in ("year", "month", "day")}
    RunConfig(archive=source, **asked)
    archive = open_archive(source, **asked)
    days = select_days(archive.days, **asked)
    model, problem = open_geometry(archive)
    coverage = model.coverage(day.date for day in days) if model else []
    summaries = list(read_all(archive, days))
    print_report(archive, summaries, coverage, model, problem)
    path = Path(settings["picture"])
    path.parent.mkdir(parents=True, exist_ok=True)
    save(draw_archive(archive, summaries, coverage, model), path)
    sys.stdout.write(f"picture: {path}\n")


def open_geometry(archive: "Archive") -> "tuple[GeometryModel | None, str]":
    """Open kernels, attitude and inclinations, or say why that fails."""
    from potrun.geometry.compute import GeometryModel

    try:
        return GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path), ""
    except DataError as error:
        return None, str(error)


def read_all(archive: "Archive", days: "Iterable[ArchiveDay]") -> "Iterable[DaySummary]":
    """Read and sum up each day, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    from potrun.archive.summary import DaySummary, summarise
    from potrun.archive.table import read_day

    console = Console(stderr=True)
    for day in track(list(days), "reading", console=console, transient=True, disable=not console.is_terminal):
        try:
            yield summarise(day, read_day(day, archive.cache_dir))
        except DataError as error:
            yield DaySummary.of_failure(day, str(error))
