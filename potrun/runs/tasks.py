"""What is handed to a worker, and what it reports."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from potrun.core.progress import Step
from potrun.core.records import ArchiveDay, FloatArray, SourceFile


@dataclass(frozen=True, eq=False)
class DayProgress:
    """How far a stage of a day is, and the chi2 of the sweeps fitted since it was last told."""

    step: Step
    chi2: FloatArray = field(default_factory=lambda: np.empty(0), repr=False)


OnProgress = Callable[[DayProgress], None]


@dataclass(frozen=True)
class DayTask:
    """A day and the shard that its result goes to."""

    day: ArchiveDay
    shard: Path


@dataclass(frozen=True)
class DayReport:
    """How a day went: what its shard was made from, or in `failure` the one line that says why it has none.

    `chi2` holds the chi2 of the sweeps fitted in this run, for those who watch it.
    """

    task: DayTask
    source: SourceFile | None = None
    seconds: dict[str, float] = field(default_factory=dict, compare=False)
    sweeps: int = 0
    chi2: FloatArray = field(default_factory=lambda: np.empty(0), compare=False, repr=False)
    defects: tuple[dict[str, Any], ...] = ()
    is_resumed: bool = False
    failure: str | None = None
