"""Sweeps at a day's end that two neighbouring tables may share.

A sweep that crosses midnight belongs to the table that begins it, but tables end with rows of the next date and may
begin with rows of the day before. A row that stands at the end of the table before is therefore left out of the later
one, row by row, and a sweep that is divided between two tables is put together in the earlier one: nothing is lost
where only one table has it, and nothing counts twice.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from potrun.archive.edges import EDGE_BYTES, Line, Lines, Row, first_lines, first_sweep, last_lines, last_sweep
from potrun.archive.layout import relative_table_path
from potrun.core.instrument import N_CHANNELS
from potrun.core.records import ArchiveDay, BoolArray, DayTable, Defect, IntArray

NEIGHBOUR_S = 300
"""How far beyond midnight a table may go on (s); rows further away are of a wrong day."""

SPIN_S = 5
"""Time between the rows of a sweep (s), one spin of the spacecraft."""

SWEEP_S = 80
"""Time from one sweep to the next (s)."""

MOVED = "row of a sweep that begins in the table of the day before"
SHORT = "short sweep (fewer than 15 rows)"
"""What a table's defects call rows that count elsewhere, and sweeps of fewer than 15 rows."""

_PER_ROW = ("utc", "unix_time_s", "energy_ev", "spectrum_number", "b_scd_nt", "flux", "phi_deg")
_NUMBER_FIELD = re.compile(rb"^(\s*\S+\s+\S+\s+\S+)(\s+\d+)")


def rows_before(day: ArchiveDay) -> frozenset[Row]:
    """List the rows about midnight that count with the day before; empty where there is no such table.

    Parameters
    ----------
    day : ArchiveDay
        The later day.

    Returns
    -------
    frozenset of (str, float)
        UTC and energy (eV) of the rows at the end of the table before, within five minutes of the midnight between the
        two, and of those in this table that continue its last sweep.

    Raises
    ------
    OSError
        If a table is there and cannot be read.
    """
    before = _neighbour(day, -1)
    if before is None:
        return frozenset()
    tail = last_lines(before, day.date)
    near = {line.row for line in tail if line is not None and abs(line.second) <= NEIGHBOUR_S}
    return frozenset(near | {line.row for line in _rest(tail, first_lines(day.path, day.date))})


def neighbours_digest(day: ArchiveDay) -> str:
    """Return a text that changes with what the neighbouring tables give to a day or take; empty if that is nothing.

    Parameters
    ----------
    day : ArchiveDay
        The day.

    Returns
    -------
    str

    Raises
    ------
    OSError
        If a table is there and cannot be read.
    """
    taken, given = sorted(rows_before(day)), [line.text for line in _divided_sweep(day)[1]]
    return hashlib.sha256(repr((taken, given)).encode()).hexdigest() if taken or given else ""


def without_rows(table: DayTable, before: frozenset[Row]) -> DayTable:
    """Leave out the rows that count with the day before.

    Parameters
    ----------
    table : DayTable
        The later day.
    before : frozenset of (str, float)
        Of :func:`rows_before`.

    Returns
    -------
    DayTable
        A new one where rows were left out, with their number in its defects.
    """
    if not before or not table.n_rows:
        return table
    head = range(min(table.n_rows, EDGE_BYTES // 1000))
    is_moved = np.zeros(table.n_rows, dtype=bool)
    is_moved[[row for row in head if (str(table.utc[row]), float(table.energy_ev[row])) in before]] = True
    if not is_moved.any():
        return table
    whole = int((np.add.reduceat(~is_moved, table.sweep_start) == 0).sum())
    return _take(table, ~is_moved, Defect(MOVED, table.source.name, 0, int(is_moved.sum()), whole))


def divided_sweep(day: ArchiveDay) -> bytes:
    """Return the lines of a day's last sweep if the table of the next day holds the rest of it, or nothing.

    The sweep is one where both parts follow each other in time like its rows, no energy stands in both, and together
    they have no more rows than a sweep; its second part gets the spectrum number of the first.

    Parameters
    ----------
    day : ArchiveDay
        The earlier day.

    Returns
    -------
    bytes
        Whole lines, each closed by a line end.

    Raises
    ------
    OSError
        If a table is there and cannot be read.
    """
    begun, rest = _divided_sweep(day)
    if not rest:
        return b""
    number = str(begun[0].spectrum_number).encode()
    renamed = [_NUMBER_FIELD.sub(lambda found: found[1] + number.rjust(len(found[2])), line.text) for line in rest]
    return b"".join(text + b"\r\n" for text in [*(line.text for line in begun), *renamed])


def with_last_sweep(table: DayTable, whole: DayTable) -> DayTable:
    """Put a sweep in the place of the last one, of which the table holds only the first rows.

    Parameters
    ----------
    table : DayTable
        The earlier day.
    whole : DayTable
        The sweep of :func:`divided_sweep`.

    Returns
    -------
    DayTable
        The table itself where its last sweep is another one, as a part that was damaged is not put together.
    """
    start = table.sweep_start[-1]
    if whole.n_sweeps != 1 or table.utc[start] != whole.utc[0] or whole.n_rows <= table.sweep_rows[-1]:
        return table
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(table, name)[:start], getattr(whole, name)]) for name in _PER_ROW
    }
    size = np.concatenate([table.sweep_rows[:-1], whole.sweep_rows])
    return replace(
        table, **columns, sweep_start=np.cumsum(size) - size, sweep_rows=size, defects=_notes(table.defects, size)
    )


def _take(table: DayTable, kept: BoolArray, defect: Defect) -> DayTable:
    size = np.add.reduceat(kept, table.sweep_start, dtype=np.int64)
    size = size[size > 0]
    return replace(
        table,
        **{name: getattr(table, name)[kept] for name in _PER_ROW},
        sweep_start=np.cumsum(size) - size,
        sweep_rows=size,
        defects=(*_notes(table.defects, size), defect),
    )


def _notes(defects: Iterable[Defect], size: IntArray) -> tuple[Defect, ...]:
    """Keep the note on short sweeps only where there are any."""
    has_short = bool((size < N_CHANNELS).any())
    return tuple(defect for defect in defects if has_short or defect.reason != SHORT)


def _neighbour(day: ArchiveDay, step: int) -> Path | None:
    """Return the table of the day before (-1) or after (1) in the same archive, if it is there."""
    path = day.path.parents[2] / relative_table_path(day.date + dt.timedelta(days=step))
    return path if day.name == relative_table_path(day.date) and path.is_file() else None


def _divided_sweep(day: ArchiveDay) -> tuple[list[Line], list[Line]]:
    """Return both parts of a day's last sweep; the second is empty where nothing of it is in the next table."""
    after = _neighbour(day, 1)
    if after is None:
        return [], []
    midnight = day.date + dt.timedelta(days=1)
    tail = last_lines(day.path, midnight)
    return last_sweep(tail), _rest(tail, first_lines(after, midnight))


def _rest(tail: Lines, head: Lines) -> list[Line]:
    """Find the lines at a table's beginning that continue the last sweep of the table before."""
    begun = last_sweep(tail)
    first = first_sweep(head)
    known = {line.row for line in begun}
    rest = [line for line in first if line.row not in known]
    both = [*begun, *rest]
    energies = {line.energy_ev for line in both}
    if not begun or not rest or len(both) > N_CHANNELS or len(energies) < len(both):
        return []
    follows = 0 < rest[0].second - begun[-1].second <= 2 * SPIN_S or len({line.unix_time_s for line in both}) == 1
    in_order = max(line.second for line in begun) < min(line.second for line in rest)
    is_near = max(abs(line.second) for line in both) <= NEIGHBOUR_S
    is_one = rest[-1].second - begun[0].second < SWEEP_S
    return rest if follows and in_order and is_near and is_one else []
