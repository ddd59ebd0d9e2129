"""SPICE text kernels, read before the toolkit sees them.

The toolkit believes what it is given: of a kernel that was cut short it takes what is left, and a list without an end
can make it abort the process. Read here, a kernel is whole or refused.
"""

import functools
import re
from pathlib import Path

import spiceypy

from potrun.core.errors import DataError

Variables = dict[str, list[float] | list[str]]
"""Values of each variable that a kernel assigns."""

_SECTION = re.compile(r"^[ \t]*\\(begindata|begintext)[ \t]*$", re.MULTILINE)
_TOKEN = re.compile(r"[\s,]*(?:(?P<mark>\(|\)|\+?=)|(?P<text>'(?:[^'\n]|'')*')|(?P<word>(?:(?!\+=)[^\s(),='])+))")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d{1,3})?")
_LONGEST_NAME = 32


def read_text_kernel(path: Path) -> Variables:
    """Read what a text kernel assigns.

    Parameters
    ----------
    path : Path
        The kernel; its lines may end in LF or CR LF.

    Returns
    -------
    dict
        Values by variable; dates (``@1999-JAN-1``) as formal seconds past J2000.

    Raises
    ------
    DataError
        If the file cannot be read, or is no text kernel as far as its end.

    References
    ----------
    NAIF, "Kernel Required Reading" (SPICE toolkit), section "Text Kernel Specifications".
    """
    try:
        status = path.stat()
        return _read(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    except OSError as error:
        raise DataError(f"kernel {path} cannot be read ({error.strerror}): fetch it again") from error


@functools.lru_cache(maxsize=32)
def _read(path: Path, *_state: int) -> Variables:
    """Read a file in this state."""
    text = path.read_bytes().decode("latin-1").replace("\r\n", "\n")
    variables: Variables = {}
    pieces = _SECTION.split(text)
    for keyword, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if keyword == "begindata":
            try:
                _assign(piece, variables)
            except ValueError as error:
                raise DataError(f"kernel {path} cannot be read: {error}: fetch it again") from error
    return variables


def _assign(data: str, variables: Variables) -> None:
    """Carry out the assignments of one section of data.

    Raises
    ------
    ValueError
        Saying what is wrong.
    """
    tokens = _tokens(data)
    place = 0
    while place < len(tokens):
        name, operator = tokens[place], tokens[place + 1] if place + 1 < len(tokens) else ""
        if operator not in ("=", "+=") or len(name) > _LONGEST_NAME or name[0] in "'()=+":
            raise ValueError(f"`{name[:40]} {operator[:40]}` is no assignment")
        place += 2
        values = tokens[place : place + 1]
        if values == ["("]:
            end = tokens.index(")", place) if ")" in tokens[place:] else None
            if end is None:
                raise ValueError(f"the list of {name} has no end")
            values, place = tokens[place + 1 : end], end
        place += 1
        if not values:
            raise ValueError(f"{name} has no value")
        found = [_value(name, word) for word in values]
        texts = [value for value in found if isinstance(value, str)]
        numbers = [value for value in found if not isinstance(value, str)]
        if texts and numbers:
            raise ValueError(f"{name} mixes numbers and texts")
        before = variables.get(name, []) if operator == "+=" else []
        variables[name] = [*before, *(texts or numbers)]


def _tokens(data: str) -> list[str]:
    """Cut a section into names, signs, texts and values."""
    tokens, place, end = [], 0, len(data.rstrip(" \t\n,"))
    while place < end:
        match = _TOKEN.match(data, place)
        if match is None or not match[0].strip("\n\t ,").isprintable():
            raise ValueError(f"`{data[place : place + 20].strip()!r}` is no text of a kernel")
        tokens.append(match["mark"] or match["text"] or match["word"])
        place = match.end()
    return tokens


def _value(name: str, word: str) -> float | str:
    """Read one value."""
    if word.startswith("'"):
        return word[1:-1].replace("''", "'")
    if word.startswith("@"):
        seconds, trouble = spiceypy.tparse(word[1:])
        if trouble:
            raise ValueError(f"{name} has a value `{word[:40]}` that is no date")
        return float(seconds)
    if not _NUMBER.fullmatch(word):
        raise ValueError(f"{name} has a value `{word[:40]}` that is no number")
    return float(word.upper().replace("D", "E"))
