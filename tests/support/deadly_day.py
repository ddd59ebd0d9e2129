"""A day that kills the process that works on it."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from potrun.core.records import ArchiveDay


@dataclass(frozen=True)
class DeadlyDay(ArchiveDay):
    """Kills processes other than the one that made it, `deaths` times; each death leaves a file in `graves`."""

    graves: Path
    deaths: int
    home: int

    def __getattribute__(self, name: str) -> Any:
        of = super().__getattribute__
        if name == "path" and os.getpid() != of("home"):
            number = len(list(of("graves").iterdir()))
            if number < of("deaths"):
                (of("graves") / str(number)).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return of(name)


def deadly(day: ArchiveDay, graves: Path, deaths: int) -> DeadlyDay:
    """Make a day deadly."""
    graves.mkdir(exist_ok=True)
    return DeadlyDay(day.date, day.path, day.name, graves, deaths, os.getpid())
