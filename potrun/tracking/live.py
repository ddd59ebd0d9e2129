"""Numbers that show how a fit comes along while it goes on."""

import time
from collections.abc import Callable

import numpy as np

from potrun.records import FloatArray
from potrun.tracking.base import Tracker

EMIT_EVERY_S = 2.0


class LiveMetrics:
    """Turns a fitter's progress into metrics with steps; the step is the number of sweeps done.

    Parameters
    ----------
    tracker : Tracker
        Gets ``live/sweeps_done``, ``live/sweeps_per_second`` (since the last point) and ``live/median_chi2``
        (of all sweeps so far that have a fit).
    every_s : float
        Shortest time between two points, so that many small batches cost no more than a few large ones.
    clock : callable
        Seconds that only grow.
    """

    def __init__(
        self, tracker: Tracker, every_s: float = EMIT_EVERY_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tracker = tracker
        self._every_s = every_s
        self._clock = clock
        self._before = 0
        self._done = 0
        self._emitted_at = clock()
        self._emitted_done = 0
        self._chi2: list[FloatArray] = []

    def begin_day(self) -> None:
        """Count the sweeps of the next day on top of those done so far."""
        self._before = self._done

    def on_progress(self, finished: int, chi2: FloatArray) -> None:
        """Take what a fitter reports.

        Parameters
        ----------
        finished : int
            Sweeps of this day finished so far.
        chi2 : (n,) float64
            Objective of the sweeps that have just finished, NaN without a fit.
        """
        self._done = self._before + finished
        values = np.asarray(chi2, dtype=np.float64)
        self._chi2.append(values[np.isfinite(values)])
        if self._clock() - self._emitted_at >= self._every_s:
            self.emit()

    def emit(self) -> None:
        """Log a point now; call it once at the end, so that the shortest run shows one too."""
        now = self._clock()
        seconds, sweeps = now - self._emitted_at, self._done - self._emitted_done
        if sweeps == 0:
            return
        metrics = {"live/sweeps_done": float(self._done)}
        if seconds > 0.0:
            metrics["live/sweeps_per_second"] = sweeps / seconds
        self._chi2 = [np.concatenate(self._chi2)] if self._chi2 else []
        if self._chi2 and self._chi2[0].size:
            metrics["live/median_chi2"] = float(np.median(self._chi2[0]))
        self._tracker.log_metrics(metrics, step=self._done)
        self._emitted_at, self._emitted_done = now, self._done
