"""The archive that comes with the program: simulated on first use, then re-used."""

import datetime as dt
import hashlib
from pathlib import Path

from potrun.simulate import SIMULATOR_VERSION
from potrun.simulate.build import build_once
from potrun.simulate.settings import Instrument, SimulationSettings

DEMO_DAYS = (
    dt.date(1998, 4, 15),
    dt.date(1998, 4, 16),
    dt.date(1998, 12, 31),
    dt.date(1999, 1, 1),
    dt.date(1999, 4, 29),
)
"""Sun-lit spring days, the two around a leap second, and the day of Halekas et al. 2008, Fig. 5."""


def demo_folder(root: Path, seed: int, sweeps_per_day: int, instrument: Instrument | None = None) -> Path:
    """Give the folder of a demo archive; it is another one whenever its bytes would be others.

    Parameters
    ----------
    root : pathlib.Path
        Folder that holds demo archives.
    seed : int
        Seed of the simulation.
    sweeps_per_day : int
        Sweeps a day.
    instrument : Instrument, optional
        The ideal one unless told otherwise.

    Returns
    -------
    pathlib.Path
    """
    name = f"demo-v{SIMULATOR_VERSION}-seed{seed}-sweeps{sweeps_per_day}"
    if instrument is None or instrument == Instrument():
        return root / name
    return root / f"{name}-{instrument.name}-{hashlib.sha256(repr(instrument).encode()).hexdigest()[:8]}"


def ensure_demo_archive(root: Path, seed: int, sweeps_per_day: int, instrument: Instrument | None = None) -> Path:
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
    instrument : Instrument, optional
        The ideal one unless told otherwise.

    Returns
    -------
    pathlib.Path
        The archive's own root.

    Raises
    ------
    PotrunError
        If the folder cannot be written to.
    """

    def build(folder: Path) -> None:
        from potrun.simulate.archive import simulate_archive

        chosen = instrument or Instrument()
        settings = SimulationSettings(instrument=chosen.name, departures=chosen.departures)  # type: ignore[arg-type]
        simulate_archive(folder, DEMO_DAYS, sweeps_per_day, seed, settings)

    return build_once(demo_folder(root, seed, sweeps_per_day, instrument), build)
