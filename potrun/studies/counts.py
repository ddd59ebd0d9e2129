"""How many electrons a sweep counted."""

from collections.abc import Sequence

import numpy as np

from potrun.archive.table import read_day
from potrun.core.instrument import GEOMETRIC_FACTOR_CM2_SR, cell_accumulation_s
from potrun.core.records import Archive, ArchiveDay, DayTable, FloatArray
from potrun.geometry.theta import read_theta


def sweep_counts(table: DayTable, theta_deg: FloatArray) -> FloatArray:
    """Add up the counts N = F G E tau of a sweep's cells.

    Parameters
    ----------
    table : DayTable
        One day.
    theta_deg : (C,) float64, deg
        Inclinations of the cells, which decide how long each one counts.

    Returns
    -------
    (S,) float64
        Instrument background included; missing cells count nothing.
    """
    flux = np.where(np.isfinite(table.flux), table.flux, 0.0)
    of_row = GEOMETRIC_FACTOR_CM2_SR * table.energy_ev * (flux @ cell_accumulation_s(theta_deg))
    return np.asarray(np.add.reduceat(of_row, table.sweep_start)) if table.n_sweeps else np.empty(0)


def archive_counts(archive: Archive, days: Sequence[ArchiveDay]) -> FloatArray:
    """Add up the counts of every sweep of some days, in their order.

    Parameters
    ----------
    archive : Archive
        Where the tables lie.
    days : sequence of ArchiveDay
        Which of them.

    Returns
    -------
    (S,) float64

    Raises
    ------
    DataError
        If a table cannot be read.
    """
    theta = read_theta(archive.theta_path)
    return np.concatenate([sweep_counts(read_day(day, archive.cache_dir), theta) for day in days])
