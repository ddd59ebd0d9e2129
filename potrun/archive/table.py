"""One day's table as arrays."""

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from potrun.archive.cache import load_table, save_table
from potrun.archive.digest import remember_digest
from potrun.archive.midnight import MOVED, divided_sweep, rows_before, with_last_sweep, without_rows
from potrun.archive.rows import RawRows, read_rows
from potrun.archive.screen import screen
from potrun.archive.sidecar import FileState
from potrun.core.errors import DataError
from potrun.core.instrument import N_CELLS
from potrun.core.records import ArchiveDay, DayTable, Defect, SourceFile

_log = logging.getLogger(__name__)


def read_day(day: ArchiveDay, cache_dir: Path | None = None, strict: bool = False) -> DayTable:
    """Read a day's table into sweeps.

    Parameters
    ----------
    day : ArchiveDay
        Which file.
    cache_dir : Path, optional
        Folder for the parsed copy; None keeps it beside the table.
    strict : bool
        Whether anything dropped or noted is an error.

    Returns
    -------
    DayTable
        Its `defects` count what was left out.

    Raises
    ------
    DataError
        If the file cannot be read or has no usable sweep, or anything is wrong with it and `strict` is set.
    """
    try:
        state = FileState.of(day.path.stat())
        table = load_table(day, state, cache_dir)
        _log.debug("%s: %s", day.name, "parsed anew" if table is None else "taken from its parsed copy")
        if table is None:
            table = _read_source(day, state, cache_dir)
        table = _with_neighbours(table, day)
    except OSError as error:
        raise DataError(f"{day.name}: cannot be read ({error.strerror}): fetch it again") from error
    if not table.n_rows:
        raise DataError(f"{day.name}: all its rows count with the table of the day before: fetch both again")
    costly = [defect for defect in table.defects if defect.reason != MOVED]
    if strict and costly:
        worst = costly[0]
        raise DataError(f"{worst.file}: {worst.reason} from line {worst.first_line} on, and archive.strict=true")
    return table


def _with_neighbours(table: DayTable, day: ArchiveDay) -> DayTable:
    """Leave out what counts with the day before, and complete the last sweep from the table of the day after."""
    table = without_rows(table, rows_before(day))
    lines = divided_sweep(day)
    if not lines or not table.n_rows:
        return table
    try:
        return with_last_sweep(table, table_of_bytes(lines, day, table.source))
    except DataError:
        rest = Defect("rest of the last sweep, in the next table, is unusable", day.name, 0, 0, 0)
        return replace(table, defects=(*table.defects, rest))


def _read_source(day: ArchiveDay, state: FileState, cache_dir: Path | None) -> DayTable:
    """Parse the file and keep the result, unless the file changed meanwhile."""
    data = day.path.read_bytes()
    source = SourceFile(day.name, len(data), hashlib.sha256(data).hexdigest())
    table = table_of_bytes(data, day, source)
    if FileState.of(day.path.stat()) == state:
        remember_digest(day.path, state, source.sha256, cache_dir)
        save_table(table, day, state, cache_dir)
    return table


def table_of_bytes(data: bytes, day: ArchiveDay, source: SourceFile) -> DayTable:
    """Make a day's record of the bytes of its table.

    Parameters
    ----------
    data : bytes
        Content of the file.
    day : ArchiveDay
        The day that they are meant to hold.
    source : SourceFile
        Where they come from.

    Returns
    -------
    DayTable

    Raises
    ------
    DataError
        If no sweep can be used.
    """
    rows, bad = read_rows(data)
    if not len(rows.line) and not bad:
        raise DataError(f"{day.name}: empty file, expected lines of {7 + 2 * N_CELLS} fields: fetch it again")
    if not len(rows.line):
        raise DataError(f"{day.name}: none of its {len(bad)} lines is readable ({bad[0].reason} in line {bad[0].line})")
    runs, is_kept, defects = screen(rows, bad, day.date, day.name)
    if not is_kept.any():
        reasons = ", ".join(f"{item.reason} from line {item.first_line} on" for item in defects)
        raise DataError(f"{day.name}: none of its {len(runs.start)} sweeps is usable ({reasons})")
    defects += _blank_impossible(rows, day.name)
    chosen = np.repeat(is_kept, runs.size)
    size = runs.size[is_kept]
    return DayTable(
        date=day.date,
        source=source,
        utc=rows.utc[chosen].astype(np.str_),
        unix_time_s=rows.unix_time_s[chosen],
        energy_ev=rows.energy_ev[chosen],
        spectrum_number=rows.spectrum_number[chosen].astype(np.int64),
        b_scd_nt=rows.b_scd_nt[chosen],
        flux=rows.flux[chosen],
        phi_deg=rows.phi_deg[chosen],
        sweep_start=np.cumsum(size) - size,
        sweep_rows=size,
        defects=tuple(defects),
    )


def _blank_impossible(rows: RawRows, name: str) -> list[Defect]:
    """Make values that cannot be measured missing; only the cell is lost, so that it is noted without a cost."""
    defects = []
    for reason, values, is_impossible in (
        ("negative flux", rows.flux, rows.flux < 0),
        ("azimuth beyond 360 deg", rows.phi_deg, np.abs(rows.phi_deg) > 360),
    ):
        if is_impossible.any():
            values[is_impossible] = np.nan
            first = int(rows.line[is_impossible.any(axis=1)][0])
            defects.append(Defect(reason, name, first, 0, 0))
    return defects
