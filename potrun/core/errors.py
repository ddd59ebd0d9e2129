"""Errors a user can meet, each with the exit code of the command line.

Every message is one line that says what was found, what was expected and what to do.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the command line returns, the same for every ``python -m potrun...``; 128 + n: ended by signal n."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_DATA = 3
    TRACKING_UNREACHABLE = 4
    PARTIAL = 5


class PotrunError(Exception):
    """A failure that the user can understand from its one line."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED


class UsageError(PotrunError):
    """A setting is unknown, of the wrong type, out of range, or at odds with another."""

    exit_code = ExitCode.USAGE


class NoDataError(PotrunError):
    """Nothing to work on: no archive, or no day of it was asked for."""

    exit_code = ExitCode.NO_DATA


class DataError(PotrunError):
    """An input file is damaged or does not hold what its name promises."""


class OutputError(PotrunError):
    """A result cannot be written: the disk is full, the folder is read-only."""


class ResultMismatchError(PotrunError):
    """A result of other settings, inputs or code stands where this run would write."""


class DisagreementError(PotrunError):
    """The result is there, and a study found that it differs from what is known."""


class TrackingUnreachableError(PotrunError):
    """The tracking server does not answer."""

    exit_code = ExitCode.TRACKING_UNREACHABLE


class PartialResultError(PotrunError):
    """Some of what was asked is delivered, the rest is named in the message."""

    exit_code = ExitCode.PARTIAL


def did_you_mean(word: str, names: Iterable[str], otherwise: str = "") -> str:
    """Return a hint at the valid name that is most like a wrong one, or `otherwise` where none is like it."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(names), n=1, cutoff=0.5)
    return f" (did you mean {found[0]}?)" if found else otherwise
