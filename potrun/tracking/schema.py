"""What a journal may hold: it is read back from a folder that may have come from elsewhere."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from potrun.core.errors import DataError

Record = dict[str, Any]

LONGEST_LINE = 4 * 2**20
"""Bytes of a record; a full batch of the longest texts that a tracker writes takes 0.6 MB."""

LARGEST_JOURNAL = 2**30
"""Bytes of a journal; a day of samples every few seconds takes some megabytes."""

_LATEST_MS = 10**14


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value


def _is_text_or_none(value: object) -> bool:
    return value is None or _is_text(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LATEST_MS


def _is_true(value: object) -> bool:
    return value is True


def _is_status(value: object) -> bool:
    return value in ("FINISHED", "FAILED", "KILLED")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{32}", value) is not None


def _is_place(value: object) -> bool:
    """Tell a relative path without a way up."""
    return _is_text(value) and not (PurePosixPath(str(value)).is_absolute() or ".." in PurePosixPath(str(value)).parts)


def _is_place_or_none(value: object) -> bool:
    return value is None or _is_place(value)


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(_is_text(item) for pair in value.items() for item in pair)


def _is_numbers(value: object) -> bool:
    return isinstance(value, dict) and all(_is_text(key) and _is_number(item) for key, item in value.items())


_Fields = Mapping[str, Callable[[object], bool]]

RECORDS: Mapping[str, _Fields] = {
    "create": {
        "name": _is_text,
        "parent": _is_text_or_none,
        "uri": _is_text,
        "experiment": _is_text,
        "artifacts": _is_text_or_none,
        "tags": _is_texts,
        "time_ms": _is_count,
    },
    "params": {"values": _is_texts},
    "tags": {"values": _is_texts},
    "metrics": {"values": _is_numbers, "step": _is_count, "time_ms": _is_count},
    "dataset": {"name": _is_text, "digest": _is_text, "source": _is_text},
    "artifact": {"path": _is_place, "folder": _is_place_or_none},
    "finish": {"status": _is_status, "time_ms": _is_count},
}
"""Fields of each kind of record."""

NOTES: _Fields = {
    "sent": _is_count,
    "run_id": _is_id,
    "complete": _is_true,
    "attempted": _is_true,
    "rejected": _is_text,
}
"""What is noted of the sending, each in a line of its own."""

JOB: _Fields = {
    "number": _is_count,
    "choices": _is_texts,
    "run_dir": _is_text,
    "status": lambda value: _is_status(value) or value in ("RUNNING", "NO DATA"),
    "run_id": lambda value: value is None or _is_id(value),
    "npz": _is_text_or_none,
    "error": _is_text_or_none,
    "metrics": _is_numbers,
}
"""What a job of a multirun leaves of itself."""

SUMMARY: _Fields = {"status": _is_status, "metrics": _is_numbers}
"""What a tracked run came to."""


def trouble_with(found: object, fields: _Fields) -> str:
    """Say what is wrong with something read from JSON that should hold exactly these fields; empty if nothing is."""
    if not isinstance(found, dict):
        return f"expected a record, found {str(found)[:40]!r}"
    for name in (*fields, *found):
        if name not in found:
            return f"{name} is missing"
        if name not in fields:
            return f"{str(name)[:40]!r} is nothing that potrun writes"
        if not fields[name](found[name]):
            return f"{name} cannot be {str(found[name])[:40]!r}"
    return ""


def read_checked(path: Path, fields: _Fields) -> Record:
    """Read a small JSON file.

    Raises
    ------
    DataError
        If it is damaged.
    """
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(LONGEST_LINE))
        trouble = trouble_with(found, fields)
    except (OSError, ValueError, RecursionError) as error:
        trouble = str(error)
    if trouble:
        raise DataError(f"{path} is damaged ({trouble}): delete it")
    return dict(found)


def trouble_with_record(record: object) -> str:
    """Say what is wrong with a record of a journal."""
    kind = str(record.get("kind")) if isinstance(record, dict) else ""
    if not isinstance(record, dict) or kind not in RECORDS:
        return f"expected a record of a kind such as create or metrics, found {str(record)[:40]!r}"
    return trouble_with({name: value for name, value in record.items() if name != "kind"}, RECORDS[kind])


def trouble_with_note(note: object) -> str:
    """Say what is wrong with a note of the sending."""
    if not isinstance(note, dict) or len(note) != 1:
        return f"expected one note, found {str(note)[:40]!r}"
    return trouble_with(note, {name: NOTES[name] for name in note if name in NOTES})
