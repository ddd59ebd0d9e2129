"""The archive of a run: a downloaded one, or a simulated one that is built on first use."""

import logging
import shlex
from pathlib import Path

from potrun.archive.days import scan_archive
from potrun.core.errors import NoDataError
from potrun.core.records import Archive
from potrun.core.settings import ArchiveConfig

log = logging.getLogger(__name__)

DEFAULT_ROOT = "data"
"""Root of a downloaded archive, relative to the working directory."""


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
        log.warning("ignored %s: %s", defect.file, defect.reason)
    if not archive.days:
        asked = {"year": year, "month": month, "day": day}
        words = [f"{name}={value}" for name, value in asked.items() if value is not None]
        command = shlex.join(["python", "-m", "potrun.fetch", *words, f"archive.root={root}"])
        raise NoDataError(f"no day tables under {root.absolute()}: fetch them with `{command}`")
    return archive


def _simulated_root(cfg: ArchiveConfig) -> Path:
    """Root of the simulated archive of these settings, built if it is not there."""
    from platformdirs import user_cache_path

    from potrun.simulate.departures import Departures
    from potrun.simulate.settings import Instrument

    folder = Path(cfg.root) if cfg.root else user_cache_path("potrun")
    instrument = Instrument(cfg.instrument, Departures.read(cfg.departures))
    if cfg.kind == "closure":
        from potrun.simulate.closure import ensure_closure_archive

        return ensure_closure_archive(folder, cfg.seed, cfg.sweeps_per_day, cfg.days, cfg.ranges, instrument)
    from potrun.simulate.demo import ensure_demo_archive

    return ensure_demo_archive(folder, cfg.seed, cfg.sweeps_per_day, instrument)
