"""In one process the next day is prepared while this one is fitted, and no more than two are in memory."""

import gc
import threading
import weakref

import pytest

from potrun.runs.day import DayStages
from potrun.runs.executors import make_executor
from potrun.runs.worker import DayWorker


def test_preparing_overlaps_with_fitting(make_case, monkeypatch):
    fitting, prepared_next = threading.Event(), threading.Event()
    prepare, finish = DayStages.prepare, DayWorker.finish
    order = []

    def watched_prepare(self, table, watch):
        if order:
            # Only a fit that goes on at the same time can let this day pass.
            assert fitting.wait(60)
            prepared_next.set()
        order.append(table.date)
        return prepare(self, table, watch)

    def watched_finish(self, task, ready, on_progress=None):
        fitting.set()
        if len(order) < 4:
            assert prepared_next.wait(60)
        prepared_next.clear()
        fitting.clear()
        return finish(self, task, ready, on_progress)

    monkeypatch.setattr(DayStages, "prepare", watched_prepare)
    monkeypatch.setattr(DayWorker, "finish", watched_finish)
    case = make_case()
    assert all(report.failure is None for report in case.run(make_executor))
    assert order == [task.day.date for task in case.tasks]


def test_no_more_than_two_days_are_in_memory(make_case, monkeypatch):
    alive = weakref.WeakSet()
    most = []
    read = DayStages.read

    def watched(self, day):
        table = read(self, day)
        alive.add(table)
        gc.collect()
        most.append(len(alive))
        return table

    monkeypatch.setattr(DayStages, "read", watched)
    make_case().run(make_executor)
    assert len(most) == 4
    assert max(most) == 2


def test_a_signal_while_a_day_is_prepared_ends_the_run(make_case, monkeypatch):
    import os
    import signal

    from potrun.core.interrupts import RunInterruptedError, deferred_signals

    release = threading.Event()
    read = DayStages.read

    def slow(self, day):
        os.kill(os.getpid(), signal.SIGTERM)
        release.wait(5)
        return read(self, day)

    monkeypatch.setattr(DayStages, "read", slow)
    monkeypatch.setattr("potrun.runs.executors.inline.raise_if_interrupted", _raising(release))
    case = make_case()
    with deferred_signals(), pytest.raises(RunInterruptedError):
        case.run(make_executor)
    assert not case.reports


def _raising(release):
    """Check for a signal as always, and let the reader go on once one was found."""
    from potrun.core.interrupts import RunInterruptedError, raise_if_interrupted

    def check():
        try:
            raise_if_interrupted()
        except RunInterruptedError:
            release.set()
            raise

    return check
