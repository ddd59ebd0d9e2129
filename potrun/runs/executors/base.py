"""What every executor promises to a run."""

from collections.abc import Callable, Sequence
from typing import Protocol

from potrun.runs.tasks import DayReport, DayTask, OnProgress

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
            Called in this process while days are worked on, wherever that is.

        Raises
        ------
        RunInterruptedError
            If a signal asked the run to end.
        OutputError
            If shards cannot be written.
        DataError
            If a kernel, the attitude or the inclinations cannot be read.
        """
