"""The words of `python -m potrun` as people write them, turned into those that Hydra reads."""

import re
from collections.abc import Sequence
from pathlib import Path

from potrun.core.errors import UsageError, did_you_mean

CLASSIC = {
    "--year": ("year={}",),
    "--month": ("month={}",),
    "--day": ("day={}",),
    "--output-dir": ("output_dir={}",),
    "--losscone-fit-method": ("fitter={}",),
    "--u-spacecraft": ("spacecraft_potential=constant", "spacecraft_potential.volts={}"),
    "--fast": ("fast=true",),
    "--overwrite": ("overwrite=true",),
    "--parallel": ("parallel=true",),
    "--verbose": ("verbose=true",),
    "-v": ("verbose=true",),
    "--display": ("display=true",),
    "-d": ("display=true",),
}
"""Flags of the classic scripts, and what they are here; those with {} take a value."""

TAKES_VALUE = ("--package", "-p", "--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd", "--cfg", "-c",
               "--experimental-rerun")  # fmt: skip
MAY_TAKE_VALUE = {"--info": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
                  "-i": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")}  # fmt: skip
"""Flags of Hydra that are followed by a value."""

ALONE = ("--help", "-h", "--hydra-help", "--version", "-V", "--resolve", "--run", "-r", "--multirun", "-m",
         "--shell-completion", "-sc")  # fmt: skip
"""Flags that stand alone."""

PATHS = ("archive.root", "archive.cache_dir", "output_dir")
"""Settings that hold one path, which may contain what Hydra's grammar would stumble over."""

_PLAIN = re.compile(r"[\w./\\:@%+-]*", re.ASCII)


def translate(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Turn the words of a command line into flags and settings as Hydra takes them.

    Classic flags become settings, flags may stand anywhere, and a path may hold blanks, umlauts, ``=``, brackets or a
    leading ``~``.

    Parameters
    ----------
    arguments : sequence of str
        Words as typed.

    Returns
    -------
    words : list of str
        Hydra's flags first, then the settings.
    said : list of str
        The settings that stand for classic flags, in their order.

    Raises
    ------
    UsageError
        If a flag lacks its value, or is none.
    """
    flags: list[str] = []
    settings: list[str] = []
    said: list[str] = []
    left = list(arguments)
    is_sweep = bool({"-m", "--multirun"} & set(arguments))
    while left:
        word = left.pop(0)
        name, equals, attached = word.partition("=")
        if name in CLASSIC and word.startswith("-"):
            new = list(CLASSIC[name])
            if "{}" in new[-1]:
                new[-1] = new[-1].format(attached if equals else _value(word, left))
            said += new
            settings += [_quoted(item, is_sweep) for item in new]
        elif word in TAKES_VALUE:
            flags += [word, _value(word, left)]
        elif word in MAY_TAKE_VALUE:
            flags += [word, left.pop(0)] if left and left[0] in MAY_TAKE_VALUE[word] else [word]
        elif word in ALONE or (equals and name in (*TAKES_VALUE, *MAY_TAKE_VALUE)):
            flags.append(word)
        elif word.startswith("-"):
            hint = did_you_mean(name, (*CLASSIC, *TAKES_VALUE, *MAY_TAKE_VALUE, *ALONE))
            raise UsageError(f"{word} is no flag of potrun{hint}; settings are written key=value")
        else:
            settings.append(_quoted(word, is_sweep))
    return flags + settings, said


def _value(flag: str, left: list[str]) -> str:
    if not left or (left[0].startswith("-") and not re.fullmatch(r"-\d+(\.\d*)?", left[0])):
        raise UsageError(f"{flag} needs a value: write it behind the flag")
    return left.pop(0)


def _quoted(word: str, is_sweep: bool) -> str:
    """Quote a path for Hydra's grammar; in a sweep, commas separate several paths."""
    name, equals, value = word.partition("=")
    if not equals or name.lstrip("+") not in PATHS or value[:1] in ("'", '"'):
        return word
    if is_sweep and "," in value:
        return ",".join([f"{name}={_path(value.split(',')[0])}", *(_path(item) for item in value.split(",")[1:])])
    return f"{name}={_path(value)}"


def _path(value: str) -> str:
    if value.startswith("~"):
        value = str(Path(value).expanduser())
    if _PLAIN.fullmatch(value) or value.startswith("${"):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def flag_value(words: Sequence[str], *names: str) -> str | None:
    """Return the value of a flag among words as :func:`translate` gives them; None where it is not there."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, attached = word.partition("=")
        if name in names:
            return attached if equals else following
    return None


def settings_among(words: Sequence[str]) -> list[str]:
    """Return the settings among words as :func:`translate` gives them."""
    left, found = list(words), []
    while left:
        word = left.pop(0)
        if word in TAKES_VALUE or (word in MAY_TAKE_VALUE and left and left[0] in MAY_TAKE_VALUE[word]):
            left.pop(0)
        elif not word.startswith("-"):
            found.append(word)
    return found
