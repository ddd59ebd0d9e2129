"""What a day's table holds, in a few numbers."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import numpy as np

from potrun.core.instrument import N_CHANNELS
from potrun.core.records import ArchiveDay, DayTable, Defect, IntArray
from potrun.core.utc import split_utc

GAP_S = 300
"""Time between the starts of two sweeps that counts as a gap (s); they are 80 s apart."""

Grid = tuple[float, float, int]
"""Lowest and highest energy of a sweep (eV), and its rows."""


@dataclass(frozen=True, eq=False)
class DaySummary:
    """One day; `failure` is why nothing of it could be read. `start_s` is each sweep's start, seconds into the day."""

    day: ArchiveDay
    size_bytes: int
    rows: int
    missing_cells: int
    start_s: IntArray
    short_sweeps: int
    grids: Counter[Grid]
    defects: tuple[Defect, ...]
    failure: str | None = None

    @classmethod
    def of_failure(cls, day: ArchiveDay, failure: str) -> "DaySummary":
        """Describe a day that cannot be read."""
        size = day.path.stat().st_size if day.path.exists() else 0
        return cls(day, size, 0, 0, np.zeros(0, dtype=np.int64), 0, Counter(), (), failure)

    @property
    def gaps_s(self) -> IntArray:
        """Lengths of the gaps between sweeps, and from and to midnight (s)."""
        apart = np.diff(self.start_s, prepend=0, append=86400)
        return apart[apart > GAP_S]

    @property
    def dropped_sweeps(self) -> int:
        """Sweeps that were left out."""
        return sum(defect.sweeps for defect in self.defects)


def _seconds_into(date: dt.date, table: DayTable) -> IntArray:
    """Start of each sweep in seconds from the day's beginning; a table may begin just before it."""
    day, second, _ = split_utc(table.utc[table.sweep_start])
    return (day - (date - dt.date(1970, 1, 1)).days) * 86400 + second


def summarise(day: ArchiveDay, table: DayTable) -> DaySummary:
    """Sum a table up.

    Parameters
    ----------
    day : ArchiveDay
        Its file.
    table : DayTable
        Its content.

    Returns
    -------
    DaySummary
    """
    lowest = np.minimum.reduceat(table.energy_ev, table.sweep_start)
    highest = np.maximum.reduceat(table.energy_ev, table.sweep_start)
    grids = zip(lowest.tolist(), highest.tolist(), table.sweep_rows.tolist(), strict=True)
    return DaySummary(
        day=day,
        size_bytes=table.source.size_bytes,
        rows=table.n_rows,
        missing_cells=int((np.isnan(table.flux) | np.isnan(table.phi_deg)).sum()),
        start_s=_seconds_into(day.date, table),
        short_sweeps=int((table.sweep_rows < N_CHANNELS).sum()),
        grids=Counter(grids),
        defects=table.defects,
    )
