"""Whole archives on disk: tables, kernels, attitude, truth, and the mark that says they are simulated."""

import datetime as dt
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.errors import UsageError
from potrun.simulate import SIMULATOR_VERSION
from potrun.simulate.attitude import AttitudeRecords, make_records
from potrun.simulate.cells import SOLID_ANGLE_SR, THETA_DEG
from potrun.simulate.clock import MISSION_END, MISSION_START
from potrun.simulate.day import simulate_day
from potrun.simulate.form import Form, form_of
from potrun.simulate.kernels import write_kernels
from potrun.simulate.mission_attitude import mission_records
from potrun.simulate.schedule import MAX_SWEEPS
from potrun.simulate.settings import SimulationSettings

ORIGIN_FILE = "ORIGIN"
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def simulate_archive(
    root: Path,
    days: Sequence[dt.date],
    sweeps: int,
    seed: int,
    settings: SimulationSettings | None = None,
    *,
    workers: int = 1,
    truth: bool = True,
) -> Path:
    """Write an archive in the layout of the public one.

    It is built in a sibling folder and renamed into place, so that no half-built archive is ever seen.

    Parameters
    ----------
    root : pathlib.Path
        Folder to make; it may exist only if it is empty.
    days : sequence of datetime.date
        Days within the mission, each once.
    sweeps : int
        Sweeps a day, 1 to 1080.
    seed : int
        Equal arguments give equal bytes.
    settings : SimulationSettings, optional
        What to draw from.
    workers : int
        Processes that share the days; the bytes do not depend on it.
    truth : bool
        Save the truth beside the tables; a big archive for speed tests may do without.

    Returns
    -------
    pathlib.Path
        The root.

    Raises
    ------
    UsageError
        If an argument is out of range or `root` holds something.
    """
    check_request(days, sweeps, seed)
    if workers < 1:
        raise UsageError(f"workers={workers} is out of range: allowed 1 and more")
    check_vacant(root)
    settings = settings or SimulationSettings()
    form = form_of(settings.instrument, settings.earth_shadow)
    attitude = mission_records() if form.attitude_of_mission else make_records(days, seed)
    with _renamed_into_place(root) as build:
        write_ancillary(build, days, attitude, form, f"seed {seed}")
        one_day = partial(_make_day, build, sweeps, seed, attitude, settings, truth)
        if workers == 1:
            for date in sorted(days):
                one_day(date)
        else:
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
                list(pool.map(one_day, sorted(days)))
    return root


@contextmanager
def _renamed_into_place(root: Path) -> Iterator[Path]:
    """Give a sibling folder to build in, which becomes the root if all goes well and vanishes if not."""
    root.parent.mkdir(parents=True, exist_ok=True)
    build = root.parent / f".{root.name}.{token_hex(8)}"
    build.mkdir()
    try:
        yield build
        build.rename(root)
    except BaseException:
        rmtree(build, ignore_errors=True)
        raise


def _make_day(
    root: Path,
    sweeps: int,
    seed: int,
    attitude: AttitudeRecords,
    settings: SimulationSettings,
    truth: bool,
    date: dt.date,
) -> None:
    made = simulate_day(date, sweeps, seed, attitude, settings)
    write_day(root, date, made.table, made.truth if truth else None)


def write_ancillary(root: Path, days: Sequence[dt.date], attitude: AttitudeRecords, form: Form, source: str) -> None:
    """Write everything of an archive except the days: inclinations and solid angles, attitude, kernels, origin.

    Parameters
    ----------
    root : pathlib.Path
        Existing folder.
    days : sequence of datetime.date
        Days to cover.
    attitude : AttitudeRecords
        Records to write.
    form : Form
        Its orbits.
    source : str
        What the archive was made from, for its origin line.
    """
    origin = f"simulated by potrun's archive simulator, version {SIMULATOR_VERSION}, {source}; no measurements\n"
    _write_text(root / ORIGIN_FILE, origin)
    _write_text(root / "theta.tab", "".join(f"{theta:.2f}\n" for theta in THETA_DEG))
    _write_text(root / "solid_angles.tab", "".join(f"{omega:.6f}\n" for omega in SOLID_ANGLE_SR))
    _write_text(root / "attitude.tab", "".join(f"{line}\r\n" for line in attitude.lines))
    kernels = root / "spice_kernels"
    kernels.mkdir()
    write_kernels(kernels, days, form.orbits)


def write_day(root: Path, date: dt.date, table: bytes, truth: dict[str, NDArray[Any]] | None) -> None:
    """Write one day's table, and its truth beside if there is any.

    Parameters
    ----------
    root : pathlib.Path
        The archive.
    date : datetime.date
        The day.
    table : bytes
        Its records.
    truth : dict of str to array, or None
        Its truth.
    """
    path = root / table_path(date)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(table)
    if truth is None:
        return
    beside = root / "truth" / f"{date:%Y%m%d}.npz"
    beside.parent.mkdir(exist_ok=True)
    np.savez(beside, allow_pickle=False, **truth)


def table_path(date: dt.date) -> Path:
    """Give a day's table relative to the root: year, folder of days and month, file.

    Parameters
    ----------
    date : datetime.date
        The day.

    Returns
    -------
    pathlib.Path
    """
    first = date.replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    folder = f"{first:%j}_{last:%j}{_MONTHS[date.month - 1]}"
    return Path(f"{date.year}") / folder / f"3D{date:%y%m%d}.TAB"


def check_request(days: Sequence[dt.date], sweeps: int, seed: int) -> None:
    """Refuse days outside the mission or given twice, and counts out of range.

    Parameters
    ----------
    days : sequence of datetime.date
        Days asked for.
    sweeps, seed : int
        Sweeps a day and seed.

    Raises
    ------
    UsageError
        Naming the value and what is allowed.
    """
    if not days:
        raise UsageError("days=[] names no day: give at least one, such as days=[1998-04-15]")
    for number, day in enumerate(days):
        if not MISSION_START <= day <= MISSION_END:
            raise UsageError(f"days={day} is outside the mission: allowed {MISSION_START} to {MISSION_END}")
        if day in days[:number]:
            raise UsageError(f"days={day} is given twice: give each day once")
    if not 1 <= sweeps <= MAX_SWEEPS:
        raise UsageError(f"sweeps={sweeps} is out of range: allowed 1 to {MAX_SWEEPS}")
    if not 0 <= seed <= 2**31:
        raise UsageError(f"seed={seed} is out of range: allowed 0 to {2**31}")


def check_vacant(root: Path) -> None:
    """Refuse a root that is a file or a folder with something in it.

    Parameters
    ----------
    root : pathlib.Path
        Where an archive is to be made.

    Raises
    ------
    UsageError
        Naming what stands there.
    """
    if root.is_dir():
        first = next(root.iterdir(), None)
        if first is not None:
            raise UsageError(f"root={root} already holds {first.name}: give a new or empty folder")
    elif root.exists() or root.is_symlink():
        raise UsageError(f"root={root} is not a folder: give a new or empty folder")


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode("ascii"))
