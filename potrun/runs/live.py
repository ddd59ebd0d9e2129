"""What can be watched while a run goes on: bars on the terminal, running numbers in the tracker."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np

from potrun.core.interrupts import raise_if_interrupted
from potrun.core.progress import Display, listening
from potrun.core.records import FloatArray
from potrun.runs.tasks import DayProgress, DayReport
from potrun.tracking import Tracker

TELL_EVERY_S = 1.0


@dataclass
class _InWork:
    """Sweeps of a day that is not finished yet."""

    sweeps: int = 0
    chi2: list[FloatArray] = field(default_factory=list)


class LiveView:
    """Shows a run's progress to the terminal and to the tracker, and lets signals end it between two batches.

    Parameters
    ----------
    n_days : int
        Days of the run.
    tracker : Tracker
        Told the sweeps done, the throughput and the running median of chi2, with the sweeps done as the step. Sweeps
        taken from an earlier attempt count as done, but not for the throughput or the median.
    """

    def __init__(self, n_days: int, tracker: Tracker) -> None:
        self._display = Display(n_days)
        self._shown = ExitStack()
        self._tracker = tracker
        self._started = time.monotonic()
        self._last_told = self._started
        self._days = 0
        self._new = 0
        self._resumed = 0
        self._chi2_of_days = np.empty(0)
        self._in_work: dict[str, _InWork] = {}

    def __enter__(self) -> Self:
        self._shown.enter_context(self._display)
        self._shown.enter_context(listening(self._display.show))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._shown.__exit__(kind, error, tb)
        if self._days:
            self._tell()

    def stage_progress(self, progress: DayProgress) -> None:
        """Take note of how far a day is, in this process or another one.

        Raises
        ------
        RunInterruptedError
            If a signal came; this is called between two batches.
        """
        raise_if_interrupted()
        self._display.show(progress.step)
        if len(progress.chi2):
            day = self._in_work.setdefault(progress.step.about, _InWork())
            day.sweeps = progress.step.done
            day.chi2.append(progress.chi2[np.isfinite(progress.chi2)])
        self._tell_at_times()

    def day_done(self, report: DayReport) -> None:
        """Take note of a day that has ended."""
        self._days += 1
        if report.is_resumed:
            self._resumed += report.sweeps
        else:
            self._new += report.sweeps
        name = report.task.day.date.isoformat()
        # The report holds every chi2 of its day.
        self._in_work.pop(name, None)
        self._chi2_of_days = np.concatenate([self._chi2_of_days, report.chi2])
        self._display.day_done(name)
        self._tell_at_times()

    def _tell_at_times(self) -> None:
        if time.monotonic() - self._last_told >= TELL_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        self._last_told = time.monotonic()
        new = self._new + sum(day.sweeps for day in self._in_work.values())
        numbers = {
            "live/sweeps_done": float(self._resumed + new),
            "live/days_done": float(self._days),
            "live/sweeps_per_second": new / max(self._last_told - self._started, 1e-9),
        }
        chi2 = np.concatenate([self._chi2_of_days, *(part for day in self._in_work.values() for part in day.chi2)])
        if chi2.size:
            numbers["live/chi2_median"] = float(np.median(chi2))
        self._tracker.log_metrics(numbers, step=self._resumed + new)
