"""Running numbers: what they count, and how often they are told."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from potrun.core.progress import Step
from potrun.core.records import ArchiveDay
from potrun.runs import live
from potrun.runs.live import LiveView
from potrun.runs.tasks import DayProgress, DayReport, DayTask


class Recorder:
    """A tracker that keeps what it is told."""

    def __init__(self):
        self.told = []

    def log_metrics(self, numbers, step=None):
        self.told.append((step, numbers))


def report(day, sweeps, chi2=(), is_resumed=False):
    task = DayTask(ArchiveDay(dt.date(1998, 4, day), Path("x"), "x"), Path("y"))
    return DayReport(task, sweeps=sweeps, chi2=np.array(chi2, dtype=float), is_resumed=is_resumed)


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setattr(live, "TELL_EVERY_S", 0.0)
    return Recorder()


def test_a_day_counts_once_whether_told_in_batches_or_at_its_end(told):
    with LiveView(2, told) as view:
        view.stage_progress(DayProgress(Step("fit", 2, 3, "1998-04-15"), np.array([1.0, np.nan])))
        view.stage_progress(DayProgress(Step("fit", 3, 3, "1998-04-15"), np.array([3.0])))
        assert told.told[-1][1]["live/chi2_median"] == 2.0
        view.day_done(report(15, 3, [1.0, 3.0]))
        view.day_done(report(16, 3, [5.0, 7.0, 9.0]))
    assert [step for step, _ in told.told] == [2, 3, 3, 6, 6]
    assert told.told[-1][1]["live/chi2_median"] == 5.0
    assert told.told[-1][1]["live/days_done"] == 2.0


def test_resumed_days_are_done_but_give_no_throughput(told):
    with LiveView(1, told) as view:
        view.day_done(report(15, 1000, is_resumed=True))
    step, numbers = told.told[-1]
    assert step == 1000
    assert numbers["live/sweeps_done"] == 1000.0
    assert numbers["live/sweeps_per_second"] == 0.0
    assert "live/chi2_median" not in numbers


def test_many_short_days_are_not_told_one_by_one():
    tracker = Recorder()
    with LiveView(200, tracker) as view:
        for day in range(200):
            view.day_done(report(day % 28 + 1, 1))
    assert len(tracker.told) < 20
    assert tracker.told[-1][1]["live/sweeps_done"] == 200.0
