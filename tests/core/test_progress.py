"""What is said while something takes its time."""

import logging

import pytest

from potrun.core import progress
from potrun.core.progress import Display, Step, duration, listening, tell, waiting


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""

    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
    return clock


@pytest.fixture
def lines(caplog, monkeypatch):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: False, raising=False)
    caplog.set_level(logging.INFO, "potrun")
    return lambda: [record.getMessage() for record in caplog.records]


def test_steps_reach_the_innermost_listener_with_their_day():
    outer, inner = [], []
    tell("nobody listens")
    with listening(outer.append):
        tell("fit", 1, 3)
        with listening(inner.append), progress.about("1998-04-15"):
            tell("fit", 2, 3)
    assert outer == [Step("fit", 1, 3)]
    assert inner == [Step("fit", 2, 3, "1998-04-15")]


def test_a_stage_is_named_after_a_second_and_then_every_ten(clock, lines):
    with Display(n_days=1) as display:
        for second in range(26):
            clock.now = 100.0 + second
            display.show(Step("spacecraft potential", 4 * second, 120, "1998-04-15"))
    assert lines() == [
        "1998-04-15: spacecraft potential 4/120; about 29 s left",
        "1998-04-15: spacecraft potential 44/120; about 19 s left",
        "1998-04-15: spacecraft potential 84/120; about 9 s left",
    ]


def test_of_several_days_the_rest_of_the_run_is_told(clock, lines):
    with Display(n_days=3) as display:
        display.show(Step("fit", 0, 10, "1998-04-15"))
        clock.now += 60
        display.day_done("1998-04-15")
        display.show(Step("fit", 5, 10, "1998-04-16"))
    assert lines() == ["1998-04-16: fit 5/10; 1 of 3 days done, about 2 min left"]


def test_days_side_by_side_keep_their_own_pace(clock, lines):
    with Display(n_days=2) as display:
        display.show(Step("fit", 0, 100, "1998-04-15"))
        clock.now += 30
        display.show(Step("fit", 0, 100, "1998-04-16"))
        clock.now += 20
        display.show(Step("fit", 20, 100, "1998-04-16"))
    assert lines()[-1] == "1998-04-16: fit 20/100; about 80 s left"


def test_a_wait_counts_its_steps(monkeypatch):
    told = []
    with listening(told.append), waiting("drawing pictures", 2) as one_more:
        one_more()
        one_more()
    assert told == [Step("drawing pictures", done, 2) for done in range(3)]


def test_where_no_log_is_shown_a_wait_is_told_on_stderr(monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger("potrun"), "level", logging.NOTSET)
    monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
    logging.getLogger().manager._clear_cache()
    progress.say("simulating days")
    logging.getLogger().manager._clear_cache()
    assert capsys.readouterr().err == "potrun: simulating days\n"


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (720, "12 min"), (12600, "3.5 h")])
def test_lengths_of_time_are_worded(seconds, text):
    assert duration(seconds) == text
