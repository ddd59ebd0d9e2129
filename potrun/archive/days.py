"""Which days an archive holds, and which of them were asked for."""

import datetime as dt
import logging
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from potrun.archive import layout
from potrun.core.errors import NoDataError
from potrun.core.records import ArchiveDay, Defect
from potrun.core.settings import ArchiveConfig

_log = logging.getLogger(__name__)

DEFAULT_ROOT = "data"
"""Root of a downloaded archive, relative to the working directory."""


@dataclass(frozen=True)
class Archive:
    """The files of one archive; `ignored` lists the tables that lie where no day's table belongs."""

    root: Path
    origin: Literal["simulated", "measured"]
    cache_dir: Path | None
    days: tuple[ArchiveDay, ...]
    theta_path: Path
    attitude_path: Path
    kernel_paths: tuple[Path, ...]
    ignored: tuple[Defect, ...] = ()


def open_archive(
    cfg: ArchiveConfig, *, year: int | None = None, month: int | None = None, day: int | None = None
) -> Archive:
    """Find the files of an archive, building the simulated one on first use.

    Parameters
    ----------
    cfg : ArchiveConfig
        Where to look; the simulated kinds keep their archives in a folder of the user's cache without a root.
    year, month, day : int, optional
        What the run asks for; only used to name the download that is missing.

    Returns
    -------
    Archive
        Days in the order of their dates.

    Raises
    ------
    NoDataError
        If there is no day's table at all; the message holds the command that fetches them.
    """
    root = Path(cfg.root or DEFAULT_ROOT) if cfg.kind == "pds" else _simulated_root(cfg)
    archive = scan_archive(root, Path(cfg.cache_dir) if cfg.cache_dir else None)
    for defect in archive.ignored:
        _log.warning("ignored %s: %s", defect.file, defect.reason)
    if not archive.days:
        asked = {"year": year, "month": month, "day": day}
        words = [f"{name}={value}" for name, value in asked.items() if value is not None]
        command = shlex.join(["python", "-m", "potrun.fetch", *words, f"archive.root={root}"])
        raise NoDataError(f"no day tables under {root.absolute()}: fetch them with `{command}`")
    return archive


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
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        date = layout.date_of_name(path.name)
        if date is None or not path.is_file():
            continue
        name = path.relative_to(root).as_posix()
        problem = _misplaced(name, date, days)
        if problem:
            ignored.append(Defect(reason=problem, file=name, first_line=0, rows=0, sweeps=0))
        else:
            days[date] = ArchiveDay(date=date, path=path, name=name)
    kernels = root / layout.KERNEL_FOLDER
    found = sorted(kernels.iterdir()) if kernels.is_dir() else []
    return Archive(
        root=root,
        origin="simulated" if _is_simulated(root) else "measured",
        cache_dir=cache_dir,
        days=tuple(days[date] for date in sorted(days)),
        theta_path=root / layout.THETA_NAME,
        attitude_path=root / layout.ATTITUDE_NAME,
        kernel_paths=tuple(path for path in found if path.suffix.lower() in {".bsp", ".tpc", ".tls"}),
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


def describe_dates(dates: Iterable[dt.date]) -> str:
    """Write dates as ranges of consecutive days, such as ``1998-04-15..1998-04-16, 1999-04-29``."""
    ranges: list[list[dt.date]] = []
    for date in sorted(dates):
        if ranges and date - ranges[-1][1] == dt.timedelta(days=1):
            ranges[-1][1] = date
        else:
            ranges.append([date, date])
    return ", ".join(f"{first}" if first == last else f"{first}..{last}" for first, last in ranges)


def _simulated_root(cfg: ArchiveConfig) -> Path:
    """Root of the simulated archive of these settings, built if it is not there."""
    from platformdirs import user_cache_path

    folder = Path(cfg.root) if cfg.root else user_cache_path("potrun")
    if cfg.kind == "closure":
        from potrun.simulate.closure import ensure_closure_archive

        return ensure_closure_archive(folder, cfg.seed, cfg.sweeps_per_day, cfg.days, cfg.ranges)
    from potrun.simulate.demo import ensure_demo_archive

    return ensure_demo_archive(folder, cfg.seed, cfg.sweeps_per_day)


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
