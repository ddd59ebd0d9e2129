"""What can be watched while a run goes on: bars on the terminal, running numbers in the tracker."""

import time
from types import TracebackType
from typing import Self

import numpy as np

from potrun.core.interrupts import raise_if_interrupted
from potrun.core.progress import RunProgress
from potrun.core.records import FloatArray
from potrun.runs.tasks import DayReport
from potrun.tracking import Tracker

TELL_EVERY_S = 1.0


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
        self._progress = RunProgress(n_days)
        self._tracker = tracker
        self._started = time.monotonic()
        self._last_told = self._started
        self._days = 0
        self._new = 0
        self._resumed = 0
        self._chi2_of_days = np.empty(0)
        self._in_work: list[FloatArray] = []

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._progress.__exit__(kind, error, tb)
        if self._days:
            self._tell(0)

    def stage_progress(self, stage: str, done: int, total: int, chi2: FloatArray) -> None:
        """Take note of a batch of sweeps; called between two batches of the day in work."""
        raise_if_interrupted()
        self._progress.stage(stage, total, done)
        self._in_work.append(chi2[np.isfinite(chi2)])
        self._tell_at_times(done)

    def day_done(self, report: DayReport) -> None:
        """Take note of a day that has ended."""
        self._days += 1
        if report.is_resumed:
            self._resumed += report.sweeps
        else:
            self._new += report.sweeps
        # The report holds every chi2 of its day, also those of a day worked on elsewhere.
        self._in_work.clear()
        self._chi2_of_days = np.concatenate([self._chi2_of_days, report.chi2])
        self._progress.day_done()
        self._tell_at_times(0)

    def _tell_at_times(self, in_work: int) -> None:
        if time.monotonic() - self._last_told >= TELL_EVERY_S:
            self._tell(in_work)

    def _tell(self, in_work: int) -> None:
        self._last_told = time.monotonic()
        new = self._new + in_work
        numbers = {
            "live/sweeps_done": float(self._resumed + new),
            "live/days_done": float(self._days),
            "live/sweeps_per_second": new / max(self._last_told - self._started, 1e-9),
        }
        chi2 = np.concatenate([self._chi2_of_days, *self._in_work])
        if chi2.size:
            numbers["live/chi2_median"] = float(np.median(chi2))
        self._tracker.log_metrics(numbers, step=self._resumed + new)
