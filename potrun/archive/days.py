"""Which days an archive holds, and which of them were asked for."""

import datetime as dt
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from potrun.archive import layout
from potrun.core.errors import NoDataError
from potrun.core.records import Archive, ArchiveDay, Defect

_COMPRESSED = (".gz", ".bz2", ".xz", ".zip", ".z", ".zst")
_LIKE_DATA = (*_COMPRESSED, *layout.KERNEL_SUFFIXES, ".tab", ".tm", ".tf", ".bc")
"""Ends of names of files that someone may expect to be read."""

_BESIDE_TABLES = (layout.THETA_NAME, layout.SOLID_ANGLES_NAME, layout.ATTITUDE_NAME)


def scan_archive(root: Path, cache_dir: Path | None = None) -> Archive:
    """List what lies under a root, whether or not it is complete.

    Parameters
    ----------
    root : Path
        Folder in the layout of :mod:`potrun.archive.layout`.
    cache_dir : Path, optional
        Folder for parsed copies of the tables; None keeps each beside its table.

    Returns
    -------
    Archive
    """
    days: dict[dt.date, ArchiveDay] = {}
    ignored: list[Defect] = []
    kernels: list[Path] = []
    for path in _files(root):
        name, lower = path.relative_to(root).as_posix(), path.name.lower()
        date = layout.date_of_name(path.name)
        if date is None:
            if lower.endswith(layout.KERNEL_SUFFIXES) and name.startswith(f"{layout.KERNEL_FOLDER}/"):
                kernels.append(path)
            elif lower.endswith(_LIKE_DATA) and name not in _BESIDE_TABLES:
                ignored.append(Defect(reason=_unused(lower), file=name, first_line=0, rows=0, sweeps=0))
            continue
        problem = _misplaced(name, date, days)
        if problem:
            ignored.append(Defect(reason=problem, file=name, first_line=0, rows=0, sweeps=0))
        else:
            days[date] = ArchiveDay(date=date, path=path, name=name)
    return Archive(
        root=root,
        origin="simulated" if _is_simulated(root) else "measured",
        cache_dir=cache_dir,
        days=tuple(days[date] for date in sorted(days)),
        theta_path=root / layout.THETA_NAME,
        attitude_path=root / layout.ATTITUDE_NAME,
        kernel_paths=tuple(kernels),
        ignored=tuple(ignored),
    )


def select_days(
    days: Sequence[ArchiveDay], year: int | None = None, month: int | None = None, day: int | None = None
) -> tuple[ArchiveDay, ...]:
    """Narrow days down by their dates; a month without a year means that month of every year.

    Parameters
    ----------
    days : sequence of ArchiveDay
        The days of an archive.
    year, month, day : int, optional
        What each date must have; None lets all pass.

    Returns
    -------
    tuple of ArchiveDay
        At least one, in the given order.

    Raises
    ------
    NoDataError
        If no day is left; the message says which days there are.
    """
    wanted = {"year": year, "month": month, "day": day}
    chosen = tuple(
        item
        for item in days
        if all(value is None or getattr(item.date, name) == value for name, value in wanted.items())
    )
    if not chosen:
        asked = " ".join(f"{name}={value}" for name, value in wanted.items() if value is not None) or "any day"
        raise NoDataError(
            f"no day matches {asked}: the archive holds {describe_dates(item.date for item in days) or 'no days'}"
        )
    return chosen


def mission_dates(year: int | None = None, month: int | None = None, day: int | None = None) -> list[dt.date]:
    """Return the days of the mission, each of which has a table, that match a filter as in :func:`select_days`."""
    number = (layout.LAST_DAY - layout.FIRST_DAY).days + 1
    dates = (layout.FIRST_DAY + dt.timedelta(days=n) for n in range(number))
    wanted = {"year": year, "month": month, "day": day}
    return [
        date for date in dates if all(value is None or getattr(date, name) == value for name, value in wanted.items())
    ]


def describe_dates(dates: Iterable[dt.date]) -> str:
    """Write dates as ranges of consecutive days, such as ``1998-04-15..1998-04-16, 1999-04-29``."""
    ranges: list[list[dt.date]] = []
    for date in sorted(dates):
        if ranges and date - ranges[-1][1] == dt.timedelta(days=1):
            ranges[-1][1] = date
        else:
            ranges.append([date, date])
    return ", ".join(f"{first}" if first == last else f"{first}..{last}" for first, last in ranges)


def _files(root: Path) -> list[Path]:
    """List the files under a root in order, through links to folders; what begins with a dot is not the archive's."""
    found: list[Path] = []
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        folders[:] = [] if real in seen else [name for name in folders if not name.startswith(".")]
        if real not in seen:
            found += [Path(folder, name) for name in names if not name.startswith(".")]
        seen.add(real)
    return sorted(path for path in found if path.is_file())


def _unused(name: str) -> str:
    """Say why a file that looks like data is not used."""
    if name.endswith(_COMPRESSED):
        return "compressed, which is not read: unpack it in its place"
    if name.endswith(layout.KERNEL_SUFFIXES):
        return f"kernel outside the folder {layout.KERNEL_FOLDER}, not used"
    return "not a file of this archive, not used"


def _misplaced(name: str, date: dt.date, days: dict[dt.date, ArchiveDay]) -> str:
    """Say why a file named like a day's table is not that day's table; empty if it is."""
    expected = layout.relative_table_path(date)
    if not layout.FIRST_DAY <= date <= layout.LAST_DAY:
        return f"date outside the mission ({layout.FIRST_DAY}..{layout.LAST_DAY})"
    if name.lower() != expected.lower():
        return f"table in the wrong folder (its place is {expected})"
    return f"second table of {date} (the first is {days[date].name})" if date in days else ""


def _is_simulated(root: Path) -> bool:
    """Tell from its mark whether an archive was simulated."""
    mark = root / layout.ORIGIN_NAME
    return mark.is_file() and "simulated" in mark.read_text(encoding="utf-8", errors="replace").lower()
