"""What the small commands share: words of the form ``key=value``, one line for an error, the exit codes."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from potrun.core.errors import ExitCode, PotrunError, UsageError, did_you_mean


@dataclass(frozen=True)
class Option:
    """A setting of a command: its name, what it takes, what it means, and its value if none is given.

    `takes` is ``str``, ``int`` or ``bool``, or the words that are allowed.
    """

    name: str
    takes: type | tuple[str, ...]
    meaning: str
    default: Any = None


def parse(arguments: Sequence[str], options: Sequence[Option]) -> tuple[list[str], dict[str, Any]]:
    """Sort words into settings and the rest.

    Parameters
    ----------
    arguments : sequence of str
        The command line without the program's name. What names an existing file is never a setting, even with an
        equals sign in its name.
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
    settings = {option.name: option.default for option in options}
    given: set[str] = set()
    rest = []
    for word in arguments:
        key, equals, value = word.partition("=")
        if not equals or os.path.exists(word):  # noqa: PTH110 - a word need not be a path at all
            rest.append(word)
            continue
        if key.startswith("archive.") and key not in by_name:
            key = key.removeprefix("archive.")  # as a run names them
        if key not in by_name:
            hint = did_you_mean(key, by_name, f": it has {', '.join(by_name)}")
            raise UsageError(f"{key} is no setting of this command{hint}")
        if key in given:
            raise UsageError(f"{key} is given twice: give it once")
        given.add(key)
        settings[key] = _value(by_name[key], value)
    return rest, settings


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
    if takes is int:
        try:
            return int(text)
        except ValueError:
            raise UsageError(f"{option.name}={text} is not allowed: expected a whole number") from None
    if not text:
        raise UsageError(f"{option.name}= has no value: leave it out or give one")
    return text


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
