"""Days that nothing can be made of, named before anything is fitted."""

import datetime as dt
import logging

from potrun.archive.days import describe_dates, mission_dates
from potrun.core.errors import DataError
from potrun.geometry.compute import GeometryModel
from potrun.geometry.coverage import describe_missing
from potrun.runs.plan import RunPlan
from potrun.runs.tasks import DayReport

log = logging.getLogger(__name__)

HEAD_BYTES = 65_536
"""Beginning of a table that must hold something; a record has 1573 bytes."""


def hopeless_days(plan: RunPlan) -> list[DayReport]:
    """Find the days of a run whose table is empty or which trajectories or attitude do not reach at all.

    Days that the mission has and the archive lacks are named as well; they are no part of the run.

    Parameters
    ----------
    plan : RunPlan
        The run.

    Returns
    -------
    list of DayReport
        One for each such day, with the reason as its failure.

    Raises
    ------
    DataError
        If there is one and `archive.strict` is set, or a file that all days need cannot be read.
    """
    days = [task.day for task in plan.tasks]
    model = GeometryModel.of(plan.archive, plan.cfg.archive)
    lost = []
    for task, covered in zip(plan.tasks, model.coverage(day.date for day in days), strict=True):
        failure = describe_missing(covered, model.kernel_paths, model.attitude_path) if covered.missing else None
        # A table that vanished since the days were listed is the reader's affair.
        if failure is None and task.day.path.is_file() and _is_empty(task.day.path.open("rb").read(HEAD_BYTES)):
            failure = f"{task.day.name}: empty file: fetch it again"
        if failure:
            lost.append(DayReport(task, failure=failure))
    if lost and plan.cfg.archive.strict:
        raise DataError(f"{lost[0].failure} ({len(lost)} such days, and archive.strict=true)")
    for report in lost:
        log.error("%s; the day is left out", report.failure)
    _name_absent(plan, {day.date for day in days})
    return lost


def _is_empty(head: bytes) -> bool:
    return not head.strip()


def _name_absent(plan: RunPlan, here: set[dt.date]) -> None:
    """Name the mission's days that were asked for and have no table: the archive has one for every day."""
    if plan.cfg.archive.kind != "pds" or plan.archive.origin == "simulated":
        return
    asked = mission_dates(plan.cfg.year, plan.cfg.month, plan.cfg.day)
    absent = sorted(set(asked) - here)
    if absent:
        log.warning(
            "no table of %s (%d days): the mission has one for every day, so the download failed or was not made; "
            "get them with python -m potrun.fetch archive.root=%s",
            describe_dates(absent),
            len(absent),
            plan.archive.root,
        )
