"""What can be watched while a run goes on: bars on the terminal, running numbers in the tracker."""

import time
from types import TracebackType
from typing import Self

import numpy as np

from potrun.day import DayReport
from potrun.interrupts import raise_if_interrupted
from potrun.progress import RunProgress
from potrun.records import FloatArray
from potrun.tracking import Tracker

TELL_EVERY_S = 1.0


class LiveView:
    """Shows a run's progress to the terminal and to the tracker, and lets signals end it between two batches.

    Parameters
    ----------
    n_days : int
        Days of the run.
    tracker : Tracker
        Told the sweeps done, the throughput and the running median of chi2, with the sweeps done as the step.
    """

    def __init__(self, n_days: int, tracker: Tracker) -> None:
        self._progress = RunProgress(n_days)
        self._tracker = tracker
        self._started = time.monotonic()
        self._last_told = self._started
        self._sweeps_of_days = 0
        self._days = 0
        self._chi2: list[FloatArray] = []

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._progress.__exit__(kind, error, tb)

    def stage_progress(self, stage: str, done: int, total: int, chi2: FloatArray) -> None:
        """Take note of a batch of sweeps; called between two batches of the day in work."""
        raise_if_interrupted()
        self._progress.stage(stage, total, done)
        self._chi2.append(chi2[np.isfinite(chi2)])
        now = time.monotonic()
        if now - self._last_told >= TELL_EVERY_S:
            self._last_told = now
            self._tell(self._sweeps_of_days + done, now)

    def day_done(self, report: DayReport) -> None:
        """Take note of a day that has ended."""
        self._days += 1
        self._sweeps_of_days += report.sweeps
        self._progress.day_done()
        self._tell(self._sweeps_of_days, time.monotonic())

    def _tell(self, sweeps: int, now: float) -> None:
        numbers = {
            "live/sweeps_done": float(sweeps),
            "live/days_done": float(self._days),
            "live/sweeps_per_second": sweeps / max(now - self._started, 1e-9),
        }
        chi2 = np.concatenate([np.empty(0), *self._chi2])
        if chi2.size:
            numbers["live/chi2_median"] = float(np.median(chi2))
        self._tracker.log_metrics(numbers, step=sweeps)
