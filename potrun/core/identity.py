"""What makes two runs the same: the settings that can change a result, and the code that computes it.

A run's folder and its result's provenance are named from here, so that equal questions share an answer and different
ones never share a file.
"""

import hashlib
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from potrun.core.settings import RunConfig

PACKAGE_DIR = Path(__file__).resolve().parents[1]

NEUTRAL_KEYS = (
    "overwrite",
    "verbose",
    "parallel",
    "display",
    "output_dir",
    "studies",
    "study",
    "executor",
    "tracking",
    "device.batch_size",
    "device.threads",
    "archive.root",
    "archive.cache_dir",
)
"""Settings that cannot change what is computed; where inputs lie does not matter either, their digests do."""


def result_settings(cfg: RunConfig) -> dict[str, Any]:
    """Return the settings that can change a result, flat: ``{"fitter.method": "lillis", ...}``."""
    flat = flatten(asdict(cfg))
    return {
        key: value
        for key, value in sorted(flat.items())
        if not any(key == neutral or key.startswith(neutral + ".") for neutral in NEUTRAL_KEYS)
    }


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested dictionaries into one with dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def settings_digest(cfg: RunConfig) -> str:
    """Return eight hexadecimal digits that change with any setting that can change a result or its studies."""
    asked = [result_settings(cfg), cfg.archive.root]
    if cfg.studies:
        asked.append({"studies": cfg.studies, **asdict(cfg.study)})
    text = json.dumps(asked, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def run_name(cfg: RunConfig) -> str:
    """Return a folder name that tells the main choices: ``1998-04_lillis_fast_demo_1a2b3c4d``."""
    parts = [str(cfg.year) if cfg.year is not None else "all"]
    if cfg.month is not None:
        parts[0] = ("any" if cfg.year is None else str(cfg.year)) + f"-{cfg.month:02d}"
    if cfg.day is not None:
        parts[0] += f"-{cfg.day:02d}"
    parts += [cfg.fitter.method, "fast" if cfg.fast else "scipy", cfg.archive.kind, settings_digest(cfg)]
    return "_".join(parts)


def result_file_name(year: int | None, month: int | None, day: int | None) -> str:
    """Return the NPZ's name: ``potential_batch_1998_04.npz``, ``potential_batch_all.npz`` without a filter."""
    parts = [] if year is None else [str(year)]
    parts += [f"{number:02d}" for number in (month, day) if number is not None]
    return f"potential_batch_{'_'.join(parts) or 'all'}.npz"


@cache
def code_digest() -> str:
    """Return twelve hexadecimal digits that change with any line of the package's code."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE_DIR.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE_DIR).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
