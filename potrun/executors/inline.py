"""Days one after the other in this process, the next one being read while this one is fitted."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from potrun.archive.days import Archive
from potrun.config import RunConfig
from potrun.day import DayReport, DayTask, DayWorker, OnProgress
from potrun.errors import DataError
from potrun.executors.base import OnReport
from potrun.interrupts import raise_if_interrupted
from potrun.records import DayTable


class InlineExecutor:
    """Works in this process; the way to feed one GPU, since reading goes on while it computes.

    Parameters
    ----------
    cfg, archive
        The run's settings and inputs.
    """

    def __init__(self, cfg: RunConfig, archive: Archive) -> None:
        self._cfg = cfg
        self._archive = archive

    def run(self, tasks: Sequence[DayTask], on_report: OnReport, on_progress: OnProgress) -> None:
        """Work on all days (see :class:`potrun.executors.base.Executor`)."""
        worker = DayWorker(self._cfg, self._archive)
        with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
            ahead: Future[DayTable] | None = None
            for number, task in enumerate(tasks):
                raise_if_interrupted()
                table, failure = _taken(ahead)
                following = tasks[number + 1] if number + 1 < len(tasks) else None
                ahead = reader.submit(worker.read, following.day) if following and _is_new(following) else None
                report = DayReport(task, failure=failure) if failure else worker.work(task, table, on_progress)
                on_report(report)


def _is_new(task: DayTask) -> bool:
    """Tell whether a day needs reading; one with a shard is read only if the shard proves unusable."""
    return not task.shard.exists()


def _taken(ahead: Future[DayTable] | None) -> tuple[DayTable | None, str | None]:
    """Return the table read ahead, or the line that says why it could not be read."""
    if ahead is None:
        return None, None
    try:
        return ahead.result(), None
    except DataError as error:
        return None, str(error)
