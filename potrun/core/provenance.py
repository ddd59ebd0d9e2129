"""Provenance: the settings, the code and the input files that a result depends on.

Runs and their files are named from it, shards and results carry it, processes of a run compare it, and a result is used
again only where it is equal. So equal questions share an answer, and different ones never share a file.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from potrun import __version__
from potrun.core.caveats import caveat
from potrun.core.errors import PotrunError
from potrun.core.settings import RunConfig

if TYPE_CHECKING:
    from potrun.core.records import SourceFile

PACKAGE_DIR = Path(__file__).resolve().parents[1]

NEUTRAL_KEYS = (
    "overwrite",
    "verbose",
    "parallel",
    "display",
    "pictures",
    "report",
    "report_sweeps",
    "quality",
    "day_files",
    "export",
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


COMPUTING = (
    "core/device.py",
    "core/instrument.py",
    "core/records.py",
    "core/settings.py",
    "core/utc.py",
    "archive",
    "geometry",
    "losscone",
    "plasma",
    "search",
    "results/columns.py",
    "results/context.py",
    "results/quality.py",
    "results/day.py",
    "results/merge.py",
    "results/npz.py",
    "results/shard.py",
    "runs/day.py",
)
"""Files and folders whose code decides the numbers in a result, from a day's table to the NPZ.

A change elsewhere (pictures, tracking, commands, the simulator, whose tables are inputs like any other) leaves results
as they are.
"""


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


def computing_files(package: Path = PACKAGE_DIR) -> Iterator[Path]:
    """Yield the modules of :data:`COMPUTING`, in a fixed order."""
    for name in COMPUTING:
        path = package / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else (path,)


@cache
def code_digest(package: Path = PACKAGE_DIR) -> str:
    """Return twelve hexadecimal digits that change with the code that computes results, and with no other."""
    digest = hashlib.sha256()
    for path in computing_files(package):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class Provenance:
    """What all days of a run share: settings that can change a result, code, and the files beside the day tables.

    `ancillary` are the inclinations, the attitude and the kernels, `caveat` what is known to be wrong with the fit.
    """

    origin: str
    settings: dict[str, Any]
    code: str
    ancillary: "tuple[SourceFile, ...]"
    caveat: str = ""

    @classmethod
    def of(cls, cfg: RunConfig, origin: str, ancillary: "tuple[SourceFile, ...]") -> "Provenance":
        """Collect what a run's days share, as this process sees it."""
        return cls(origin, result_settings(cfg), code_digest(), ancillary, caveat(cfg.fitter))

    def of_tables(self, tables: "Sequence[SourceFile]") -> dict[str, Any]:
        """Return all that a result of these tables depends on, as JSON can hold it."""
        return {
            "origin": self.origin,
            "settings": self.settings,
            "code": self.code,
            "inputs": [asdict(item) for item in (*tables, *self.ancillary)],
        }

    def of_shard(self, table: "SourceFile") -> str:
        """Return the text that must be equal for a day's shard to be used again."""
        return json.dumps(self.of_tables([table]), sort_keys=True)

    def of_result(
        self, tables: "Sequence[SourceFile]", defects: Sequence[Mapping[str, Any]], failed: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what is kept with a result; it names no time, machine or path, so that equal runs are equal.

        Parameters
        ----------
        tables : sequence of SourceFile
            The day tables that the result was really made from, whatever has happened to the files since.
        defects : sequence of mapping
            What was dropped from them, with its count and reason.
        failed : mapping of str to str
            Why a day is missing, by its date.
        """
        return {
            **self.of_tables(tables),
            "version": __version__,
            "failed_days": dict(failed),
            "defects": list(defects),
            "caveat": self.caveat,
        }

    def require_equal(self, other: "Provenance") -> None:
        """Refuse to go on where another process sees something else.

        Raises
        ------
        PotrunError
            Naming what differs.
        """
        if self == other:
            return
        if self.code != other.code:
            what = f"code is {other.code} there and {self.code} here: install the same potrun for all workers"
        elif self.ancillary != other.ancillary:
            changed = sorted({item.name for item in {*self.ancillary} ^ {*other.ancillary}})
            what = f"{', '.join(changed)} changed while the run went on: start it again"
        else:
            what = "settings or origin of the archive are not the same"
        raise PotrunError(f"a worker does not see what the run started with: {what}")


def describe_differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Say what differs between the provenance that a result carries and the one a run would give it."""
    lines = [
        f"{key} was {found.get('settings', {}).get(key)}, is {value}"
        for key, value in wanted["settings"].items()
        if found.get("settings", {}).get(key) != value
    ]
    if found.get("origin") != wanted["origin"]:
        lines.append(f"the archive was {found.get('origin')}, is {wanted['origin']}")
    then = {item["name"]: item for item in found.get("inputs", [])}
    now = {item["name"]: item for item in wanted["inputs"]}
    for what, names in (
        ("changed", sorted(name for name in then.keys() & now.keys() if then[name] != now[name])),
        ("new", sorted(now.keys() - then.keys())),
        ("gone", sorted(then.keys() - now.keys())),
    ):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            lines.append(f"input {what}: {', '.join(names[:3])}{more}")
    if found.get("code") != wanted["code"]:
        lines.append(f"code was {found.get('code')}, is {wanted['code']}")
    return lines
