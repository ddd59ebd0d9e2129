"""``day_files=true``: a result file for each day of a run, the same as a run of that day would write."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from potrun.archive.digest import day_file
from potrun.core.interrupts import raise_if_interrupted
from potrun.core.provenance import Provenance, result_file_name, result_settings
from potrun.core.records import ArchiveDay
from potrun.results.merge import merge_shards
from potrun.runs.plan import RunPlan, require_same_question
from potrun.runs.tasks import DayReport


def day_file_paths(plan: RunPlan) -> Iterator[tuple[ArchiveDay, Path]]:
    """Give each day its file beside the result; none for the day of a run of one day, whose result it is."""
    for task in plan.tasks:
        date = task.day.date
        path = plan.npz.with_name(result_file_name(date.year, date.month, date.day))
        if plan.cfg.day_files and path != plan.npz:
            yield task.day, path


def are_written(plan: RunPlan) -> bool:
    """Tell whether all files of days are there.

    Raises
    ------
    ResultMismatchError
        If one of them answers another question.
    """
    there = True
    for day, path in day_file_paths(plan):
        there = there and path.exists()
        if path.exists() and not plan.cfg.overwrite:
            require_same_question(path, _provenance_of(plan, day).of_tables([day_file(plan.archive, day)]))
    return there


def write_day_files(plan: RunPlan, reports: Sequence[DayReport]) -> list[Path]:
    """Write the file of each day that was processed.

    Parameters
    ----------
    plan : RunPlan
    reports : sequence of DayReport
        How the days went.

    Returns
    -------
    list of Path
        The files, in the order of their dates.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    paths = dict(day_file_paths(plan))
    written = []
    for report in reports:
        path = paths.get(report.task.day)
        if path is not None and report.failure is None and report.source is not None:
            about: dict[str, Any] = _provenance_of(plan, report.task.day).of_result(
                [report.source], report.defects, failed={}
            )
            merge_shards([report.task.shard], path, about, raise_if_interrupted)
            written.append(path)
    return written


def _provenance_of(plan: RunPlan, day: ArchiveDay) -> Provenance:
    """Return what a run of that day alone would say of itself."""
    alone = replace(plan.cfg, year=day.date.year, month=day.date.month, day=day.date.day)
    return replace(plan.provenance, settings=result_settings(alone))
