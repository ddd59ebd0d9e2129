"""What the small commands share: words of the form ``key=value``, one line for an error, the exit codes."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from potrun.core.errors import ExitCode, PotrunError, UsageError, did_you_mean
from potrun.core.streams import fill_closed_streams

Reader = Callable[[str, str], Any]
"""Makes a value of a setting's name and text, or raises UsageError."""


@dataclass(frozen=True)
class Option:
    """A setting of a command: its name, what it takes, what it means, and its value if none is given.

    `takes` is ``str``, ``int``, ``float`` or ``bool``, the words that are allowed, or a reader of its own.
    """

    name: str
    takes: type | tuple[str, ...] | Reader
    meaning: str
    default: Any = None


def parse(arguments: Sequence[str], options: Sequence[Option]) -> tuple[list[str], dict[str, Any]]:
    """Sort words into settings and the rest.

    Parameters
    ----------
    arguments : sequence of str
        The command line without the program's name, as for :func:`split_words`.
    options : sequence of Option
        The settings that the command has.

    Returns
    -------
    rest : list of str
        Words that are no settings, in order.
    settings : dict
        A value for every option.

    Raises
    ------
    UsageError
        If a setting is unknown (with the nearest valid name), is given twice, or has a value that is not allowed.
    """
    by_name = {option.name: option for option in options}
    rest, given = split_words(arguments, list(by_name))
    settings = {option.name: option.default for option in options}
    return rest, settings | {name: _value(by_name[name], text) for name, text in given.items()}


def split_words(arguments: Sequence[str], known: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Find the words of the form ``key=value``.

    Parameters
    ----------
    arguments : sequence of str
        Words. What names an existing file is never a setting, even with an equals sign in its name. A setting of the
        archive may be named as in a run, ``archive.root=data``.
    known : sequence of str
        Names of the settings.

    Returns
    -------
    rest : list of str
        The other words, in order.
    given : dict of str to str
        Text of each setting that was given.

    Raises
    ------
    UsageError
        If a setting is unknown (with the nearest valid name) or given twice.
    """
    given: dict[str, str] = {}
    rest = []
    for word in arguments:
        key, equals, value = word.partition("=")
        if not equals or os.path.exists(word):  # noqa: PTH110 - a word need not be a path at all
            rest.append(word)
            continue
        name = key if key in known else key.removeprefix("archive.")
        if name not in known:
            hint = did_you_mean(key, known, f": it has {', '.join(known)}")
            raise UsageError(f"{key or word} is no setting of this command{hint}")
        if name in given:
            raise UsageError(f"{key} is given twice: give it once")
        given[name] = value
    return rest, given


def _value(option: Option, text: str) -> Any:
    takes = option.takes
    if isinstance(takes, tuple):
        if text not in takes:
            raise UsageError(f"{option.name}={text} is not allowed: choose one of {', '.join(takes)}")
        return text
    if takes is bool:
        if text.lower() not in ("true", "false"):
            raise UsageError(f"{option.name}={text} is not allowed: expected true or false")
        return text.lower() == "true"
    if takes is int or takes is float:
        try:
            return takes(text)
        except ValueError:
            number = "a whole number" if takes is int else "a number"
            raise UsageError(f"{option.name}={text} is not allowed: expected {number}") from None
    if not text:
        raise UsageError(f"{option.name}= has no value: leave it out or give one")
    return text if isinstance(takes, type) else takes(option.name, text)


def usage(line: str, about: str, options: Sequence[Option]) -> str:
    """Return the help page of a command."""
    width = max(len(option.name) for option in options)
    lines = []
    for option in options:
        takes = option.takes
        allowed = f" ({'|'.join(takes)})" if isinstance(takes, tuple) else " (true|false)" if takes is bool else ""
        default = "" if option.default is None else f"; default {str(option.default).lower()}"
        lines.append(f"  {option.name:<{width}}  {option.meaning}{allowed}{default}")
    return f"{about}\n\n  {line}\n\nSettings, as key=value:\n" + "\n".join(lines) + "\n"


def run_command(name: str, work: Callable[[list[str]], None], arguments: Sequence[str], help_text: str) -> int:
    """Run a command and turn how it ends into an exit code.

    Parameters
    ----------
    name : str
        Printed before an error.
    work : callable
        Does the work for the words of the command line.
    arguments : sequence of str
        Those words.
    help_text : str
        Printed for ``--help``, and for no words at all.

    Returns
    -------
    int
    """
    fill_closed_streams()
    if not arguments or {"-h", "--help"} & set(arguments):
        (sys.stdout if arguments else sys.stderr).write(help_text)
        return ExitCode.DONE if arguments else ExitCode.USAGE
    try:
        work(list(arguments))
    except PotrunError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return error.exit_code
    except BrokenPipeError:  # the reader of the output left; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.stderr.write(f"{name}: stopped\n")
        return 130
    return ExitCode.DONE
