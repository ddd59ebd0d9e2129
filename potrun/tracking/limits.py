"""What MLflow's stores take at once: lengths of names and texts, sizes of batches."""

import re
from collections.abc import Mapping
from typing import TypeVar

Value = TypeVar("Value")

MAX_METRICS = 1000
MAX_LABELS = 100
"""Metrics, and params or tags, of one call."""

MAX_PARAM_CHARACTERS = 6000
MAX_TAG_CHARACTERS = 5000
MAX_KEY_CHARACTERS = 250


def safe_key(key: str) -> str:
    """Replace what MLflow does not allow in names."""
    return re.sub(r"[^\w\-. :/]", "_", key, flags=re.ASCII).strip("/")[:MAX_KEY_CHARACTERS]


def chunks(values: Mapping[str, Value], size: int) -> list[dict[str, Value]]:
    """Divide a mapping into pieces of at most `size` entries."""
    items = list(values.items())
    return [dict(items[start : start + size]) for start in range(0, len(items), size)]
