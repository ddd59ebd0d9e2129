"""What a result says of its own making, held against the form that potrun writes: the file may come from elsewhere."""

import json
from collections.abc import Callable, Mapping
from typing import Any

LONGEST = 2**28
"""Characters; the provenance of the whole mission has some 200,000."""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_setting(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict)


def _records_of(fields: Mapping[str, Callable[[object], bool]]) -> Callable[[object], bool]:
    """Return a check for lists of records that have these fields."""

    def check(value: object) -> bool:
        return isinstance(value, list) and all(
            isinstance(item, dict) and all(name in item and is_right(item[name]) for name, is_right in fields.items())
            for item in value
        )

    return check


def _mapping_to(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(is_right(item) for item in value.values())


_FORM: Mapping[str, Callable[[object], bool]] = {
    "origin": _is_text,
    "code": _is_text,
    "version": _is_text,
    "settings": _mapping_to(_is_setting),
    "failed_days": _mapping_to(_is_text),
    "caveat": _is_text,
    "inputs": _records_of({"name": _is_text, "sha256": _is_text}),
    "defects": _records_of({"reason": _is_text, "file": _is_text, "first_line": _is_count, "rows": _is_count,
                            "sweeps": _is_count}),
}  # fmt: skip


def read_provenance(text: str) -> dict[str, Any]:
    """Read the provenance of a result.

    Parameters
    ----------
    text : str
        JSON, as the array ``provenance`` holds it.

    Returns
    -------
    dict
        What is there has the form that potrun writes; parts that readers can do without may be absent.

    Raises
    ------
    ValueError
        If it has another form.
    """
    if len(text) > LONGEST:
        raise ValueError(f"its provenance has {len(text):,} characters")
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("its provenance is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"its provenance is {type(found).__name__}, expected a record")
    for name, is_right in _FORM.items():
        if name in found and not is_right(found[name]):
            raise ValueError(f"`{name}` of its provenance is not of the form that potrun writes")
    return found
