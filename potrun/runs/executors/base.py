"""What every executor promises to a run."""

from collections.abc import Callable, Sequence
from typing import Protocol

from potrun.archive.days import Archive
from potrun.core.provenance import Provenance
from potrun.core.settings import RunConfig
from potrun.runs.day import DayReport, DayTask, OnProgress

OnReport = Callable[[DayReport], None]

POLL_S = 0.1
"""How long a signal may wait before it is noticed."""


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
        DataError
            If a kernel, the attitude or the inclinations cannot be read.
        """


def make_executor(cfg: RunConfig, archive: Archive, provenance: Provenance) -> Executor:
    """Return the executor that the settings ask for.

    Parameters
    ----------
    cfg, archive
        The run's settings and inputs.
    provenance : Provenance
        What every process of the run has to see.

    Raises
    ------
    UsageError
        If it needs something that is not installed.
    """
    if cfg.executor.kind == "dask":
        from potrun.runs.executors.dask import DaskExecutor

        return DaskExecutor(cfg, archive, provenance)
    if cfg.executor.workers > 1:
        from potrun.runs.executors.processes import ProcessExecutor

        return ProcessExecutor(cfg, archive, provenance)
    from potrun.runs.executors.inline import InlineExecutor

    return InlineExecutor(cfg, archive, provenance)
