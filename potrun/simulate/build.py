"""Simulated archives that are built on first use and kept."""

import logging
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

from filelock import FileLock

from potrun.core.errors import PotrunError

log = logging.getLogger(__name__)


def build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return an archive's folder, building it first where it is not there.

    Of several processes that start at once one builds and the others wait. What a killed build left is cleared away,
    which is safe as only the lock's holder builds.

    Parameters
    ----------
    folder : pathlib.Path
        The archive's own root; the folder above it is made if need be.
    build : callable
        Makes the folder, by renaming a finished one into its place.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    PotrunError
        If it cannot be written.
    """
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f"{folder.name}.lock"):
            if not folder.is_dir():
                for abandoned in folder.parent.glob(f".{folder.name}.*"):
                    rmtree(abandoned)
                log.info("simulating an archive in %s (once; later runs use it again)", folder)
                build(folder)
    except OSError as error:
        raise PotrunError(
            f"the simulated archive cannot be written to {folder.parent} ({error}): choose another archive.root"
        ) from error
    return folder
