"""Only what is compiled counts as waited for."""

import numba

from potrun.core.compiling import compiling, each_function, take_seconds


def test_functions_are_counted_as_they_are_compiled():
    told = []
    take_seconds()
    with each_function(told.append):
        function = numba.njit(lambda x: x + 1)
        function(1)
        function(2)
    assert told == [0, 1]
    assert take_seconds() > 0


def test_what_is_not_compiled_takes_no_time():
    take_seconds()
    with each_function(lambda _done: None):
        pass
    assert take_seconds() == 0


def test_seconds_are_taken_once():
    with compiling():
        pass
    assert take_seconds() > 0
    assert take_seconds() == 0
