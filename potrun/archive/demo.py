"""The archive that comes with the program: simulated on first use, then re-used."""

import datetime as dt
import logging
from pathlib import Path
from shutil import rmtree

from filelock import FileLock

from potrun.archive.simulate import SIMULATOR_VERSION
from potrun.errors import PotrunError

log = logging.getLogger(__name__)

DEMO_DAYS = (
    dt.date(1998, 4, 15),
    dt.date(1998, 4, 16),
    dt.date(1998, 12, 31),
    dt.date(1999, 1, 1),
    dt.date(1999, 4, 29),
)
"""Sun-lit spring days, the two around a leap second, and the day of Halekas et al. 2008, Fig. 5."""


def demo_folder(root: Path, seed: int, sweeps_per_day: int) -> Path:
    """Give the folder of a demo archive; it is another one whenever its bytes would be others.

    Parameters
    ----------
    root : pathlib.Path
        Folder that holds demo archives.
    seed : int
        Seed of the simulation.
    sweeps_per_day : int
        Sweeps a day.

    Returns
    -------
    pathlib.Path
    """
    return root / f"demo-v{SIMULATOR_VERSION}-seed{seed}-sweeps{sweeps_per_day}"


def ensure_demo_archive(root: Path, seed: int, sweeps_per_day: int) -> Path:
    """Return the demo archive, building it first where it is not there.

    Of several processes that start at once one builds and the others wait; a half-built archive is never visible.

    Parameters
    ----------
    root : pathlib.Path
        Folder that holds demo archives; made if need be.
    seed : int
        Seed of the simulation.
    sweeps_per_day : int
        Sweeps a day, 1 to 1080.

    Returns
    -------
    pathlib.Path
        The archive's own root.

    Raises
    ------
    PotrunError
        If the folder cannot be written to.
    """
    folder = demo_folder(root, seed, sweeps_per_day)
    if folder.is_dir():
        return folder
    try:
        root.mkdir(parents=True, exist_ok=True)
        _build(root, folder, seed, sweeps_per_day)
    except OSError as error:
        raise PotrunError(
            f"the demo archive cannot be written to {root} ({error}): choose another archive.root"
        ) from error
    return folder


def _build(root: Path, folder: Path, seed: int, sweeps_per_day: int) -> None:
    """Build under a lock; what a killed build left is cleared away, which is safe as only its holder builds."""
    with FileLock(root / f"{folder.name}.lock"):
        if not folder.is_dir():
            from potrun.archive.simulate.archive import simulate_archive

            for abandoned in root.glob(f".{folder.name}.*"):
                rmtree(abandoned)
            log.info("simulating the demo archive in %s (once; later runs use it again)", folder)
            simulate_archive(folder, DEMO_DAYS, sweeps_per_day, seed)
