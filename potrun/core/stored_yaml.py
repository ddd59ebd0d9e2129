"""Settings that were stored with a run, read back from a file that may have come from elsewhere."""

from pathlib import Path
from typing import Any

import yaml

from potrun.core.errors import DataError

LARGEST = 2**18
"""Bytes; the settings of a run take some 6000."""

DEEPEST = 20


def read_stored_yaml(path: Path) -> dict[str, Any]:
    """Read a mapping of plain values.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Without aliases, which can make a small file a huge tree, and without interpolations, which could read
        environment variables.

    Raises
    ------
    DataError
        If the file is larger, deeper or of another form than settings are.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
        trouble = _trouble(text)
        found = None if trouble else yaml.safe_load(text)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DataError(f"{path} holds no settings ({' '.join(str(error).split())[:200]})") from error
    if trouble or not isinstance(found, dict):
        raise DataError(f"{path} holds no settings ({trouble or 'expected key: value'})")
    return found


def _trouble(text: bytes) -> str:
    """Say why a text is not to be read, before it is."""
    if len(text) > LARGEST:
        return f"it has more than {LARGEST:,} bytes"
    if b"${" in text:
        return "it refers to other values by ${...}, which stored settings do not"
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            return "it has anchors or aliases, which stored settings do not"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return "it is nested too deeply"
    return ""
