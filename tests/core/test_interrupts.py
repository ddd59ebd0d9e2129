"""Signals are noted and answered between steps."""

import os
import pickle
import signal

import pytest

from potrun.core.interrupts import RunInterruptedError, deferred_signals, raise_if_interrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_next_check(number):
    before = signal.getsignal(number)
    with deferred_signals():
        raise_if_interrupted()
        os.kill(os.getpid(), number)
        with pytest.raises(RunInterruptedError, match=signal.Signals(number).name) as caught:
            raise_if_interrupted()
    assert caught.value.signum == number
    assert signal.getsignal(number) is before
    raise_if_interrupted()


def test_a_second_interrupt_ends_at_once():
    with deferred_signals():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_it_travels_between_processes():
    error = pickle.loads(pickle.dumps(RunInterruptedError(15)))
    assert error.signum == 15
