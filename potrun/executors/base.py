"""What every executor promises to a run."""

from collections.abc import Callable, Sequence
from typing import Protocol

from potrun.archive.days import Archive
from potrun.config import ExecutorConfig, RunConfig
from potrun.day import DayReport, DayTask, OnProgress

OnReport = Callable[[DayReport], None]


class Executor(Protocol):
    """Works on days and reports each once, in any order; a result does not depend on who computed it."""

    def run(self, tasks: Sequence[DayTask], on_report: OnReport, on_progress: OnProgress) -> None:
        """Work on all days.

        Parameters
        ----------
        tasks : sequence of DayTask
            The days of the run.
        on_report : callable
            Called in this process once for each day, when it is done or given up.
        on_progress : callable
            Called while days are worked on in this process; other processes tell only their ends.

        Raises
        ------
        RunInterruptedError
            If a signal asked the run to end.
        OutputError
            If shards cannot be written.
        """


def make_executor(executor: ExecutorConfig, cfg: RunConfig, archive: Archive) -> Executor:
    """Return the executor that the settings ask for."""
    if executor.kind == "dask":
        from potrun.executors.dask import DaskExecutor

        return DaskExecutor(executor, cfg, archive)
    if executor.workers > 1:
        from potrun.executors.processes import ProcessExecutor

        return ProcessExecutor(executor, cfg, archive)
    from potrun.executors.inline import InlineExecutor

    return InlineExecutor(cfg, archive)
