"""What all days of a run share: settings, code, and the files beside the tables.

A shard and a result name it, a run compares it among its processes: days computed from different kernels or by
different code must never stand in one file.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from potrun.archive.days import Archive
from potrun.archive.digest import source_file
from potrun.core.errors import PotrunError
from potrun.core.identity import code_digest, result_settings
from potrun.core.records import SourceFile
from potrun.core.settings import RunConfig


@dataclass(frozen=True)
class Basis:
    """Settings that can change a result, digest of the code, and inclinations, attitude and kernels."""

    origin: str
    settings: dict[str, Any]
    code: str
    ancillary: tuple[SourceFile, ...]

    @classmethod
    def of(cls, cfg: RunConfig, archive: Archive) -> "Basis":
        """Collect what a run's days share, as this process sees it.

        Raises
        ------
        DataError
            If a file cannot be read.
        """
        paths = (archive.theta_path, archive.attitude_path, *archive.kernel_paths)
        return cls(
            origin=archive.origin,
            settings=result_settings(cfg),
            code=code_digest(),
            ancillary=tuple(source_file(path, archive.root, archive.cache_dir) for path in paths),
        )

    def identity(self, tables: Sequence[SourceFile]) -> dict[str, Any]:
        """Return all that a result made from these tables depends on, as JSON can hold it."""
        return {
            "origin": self.origin,
            "settings": self.settings,
            "code": self.code,
            "inputs": [asdict(item) for item in (*tables, *self.ancillary)],
        }

    def shard_identity(self, table: SourceFile) -> str:
        """Return the text that must be equal for a day's shard to be used again."""
        return json.dumps(self.identity([table]), sort_keys=True)

    def require_equal(self, other: "Basis") -> None:
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
