"""What was put into a simulated archive, joined to what a run found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potrun.core.errors import DataError, NoDataError
from potrun.core.records import Archive, ArchiveDay, IntArray
from potrun.results.day import SWEEPS_PER_DATE
from potrun.results.run_result import RunResult

TRUTH_FOLDER = "truth"
PREFIX = "sweep_"


def check_truth(archive: Archive, days: Sequence[ArchiveDay]) -> None:
    """Refuse an archive without a truth for each day.

    Raises
    ------
    NoDataError
        Naming the file that is missing and an archive that has one.
    """
    for day in days:
        path = _truth_path(archive, day)
        if not path.is_file():
            raise NoDataError(
                f"the truth of {day.date} is unknown, there is no {path}: only simulated archives have one, "
                "take archive=closure or archive=demo"
            )


def has_truth(archive: Archive, days: Sequence[ArchiveDay]) -> bool:
    """Tell whether an archive has a truth for each day."""
    return all(_truth_path(archive, day).is_file() for day in days)


def load_truth(archive: Archive, days: Sequence[ArchiveDay], result: RunResult) -> dict[str, NDArray[Any]]:
    """Read the truth of every sweep of a result.

    Parameters
    ----------
    archive : Archive
        Simulated, with its truth beside the tables.
    days : sequence of ArchiveDay
        The days of the result.
    result : RunResult
        Tells which sweeps, by date and spectrum number.

    Returns
    -------
    dict of str to (S, ...) array
        `U` (V), `r`, `A`, `n` (m-3), `Te` (eV), `kappa`, `Usc` (V) and others, in the order of the result.

    Raises
    ------
    NoDataError
        If a day has no truth.
    DataError
        If its truth lacks a sweep.
    """
    check_truth(archive, days)
    date = result["spec_sweep_id"] // SWEEPS_PER_DATE
    parts: dict[str, list[NDArray[Any]]] = {}
    order: list[IntArray] = []
    for day in days:
        mine = np.flatnonzero(date == int(f"{day.date:%Y%m%d}"))
        with np.load(_truth_path(archive, day), allow_pickle=False) as npz:
            place = _places(npz["sweep_spec"], result["spec_original_spec_no"][mine], _truth_path(archive, day))
            for key in npz.files:
                if key.startswith(PREFIX):
                    parts.setdefault(key.removeprefix(PREFIX), []).append(npz[key][place])
        order.append(mine)
    back = np.argsort(np.concatenate(order), kind="stable")
    return {name: np.concatenate(arrays)[back] for name, arrays in parts.items()}


def _truth_path(archive: Archive, day: ArchiveDay) -> Path:
    return archive.root / TRUTH_FOLDER / f"{day.date:%Y%m%d}.npz"


def _places(known: NDArray[Any], wanted: NDArray[Any], path: Path) -> IntArray:
    """Find spectrum numbers in the truth of their day."""
    index = {int(number): place for place, number in enumerate(known)}
    missing = [number for number in wanted.tolist() if number not in index]
    if missing:
        raise DataError(f"{path} lacks spectrum number {missing[0]}: simulate the archive again")
    return np.array([index[number] for number in wanted.tolist()], dtype=np.int64)
