"""What ``verbose=true`` says of each day: what every stage had before it, decided and took."""

import logging
from collections.abc import Iterable

import numpy as np

from potrun.core.records import FitStatus, PotentialStatus
from potrun.results.day import DayResult
from potrun.runs.day import DayStages, PreparedDay

log = logging.getLogger(__name__)


def tell_inputs(stages: DayStages) -> None:
    """Log what all days share: kernels and attitude."""
    if log.isEnabledFor(logging.DEBUG):
        log.debug("kernels: %s", ", ".join(path.name for path in stages.kernel_paths))
        log.debug("fit: %s", stages.pace)


def tell_prepared(day: PreparedDay) -> None:
    """Log what comes before a day's fit."""
    if log.isEnabledFor(logging.DEBUG):
        for line in prepared_lines(day):
            log.debug("%s: %s", day.table.date, line)


def tell_fitted(day: PreparedDay, result: DayResult) -> None:
    """Log a day's fit, its seconds, and the memory of the process."""
    if log.isEnabledFor(logging.DEBUG):
        import psutil

        for line in fitted_lines(day, result):
            log.debug("%s: %s", day.table.date, line)
        log.debug("%s: the process holds %.0f MB", day.table.date, psutil.Process().memory_info().rss / 1e6)


def prepared_lines(day: PreparedDay) -> list[str]:
    """Return the lines of reading, geometry, spacecraft potential and normalisation.

    Parameters
    ----------
    day : PreparedDay

    Returns
    -------
    list of str
    """
    table, geometry, potential, batch = day.table, day.geometry, day.potential, day.batch
    dropped = sum(defect.rows for defect in table.defects)
    whole = (table.sweep_rows == table.sweep_rows.max()).sum()
    grids, sweeps_of = _grids(day)
    spans = [
        f"{low:.4g} to {high:.4g} eV in {count} sweeps" for (low, high), count in zip(grids, sweeps_of, strict=True)
    ]
    return [
        f"read {table.source.name}: {table.n_rows} rows in {table.n_sweeps} sweeps ({whole} of "
        f"{table.sweep_rows.max()} rows), {dropped} rows left out for {len(table.defects)} reasons; "
        f"{_took(day, 'read')}",
        f"energy grids: {'; '.join(spans)}",
        f"geometry: {_of(geometry.is_known)} rows known, {_of(geometry.polarity != 0)} connected to the Moon, "
        f"{_of(geometry.spacecraft_in_sun)} with LP in sun; {_took(day, 'geometry')}",
        f"spacecraft potential: {_counted(potential.status, PotentialStatus)}; {_took(day, 'potential')}",
        f"cells: {int(batch.mask.sum())} enter the fit, {np.median(batch.mask.sum(axis=(1, 2))):.0f} of a sweep "
        f"(median); {_counted(batch.status, FitStatus)}; {_took(day, 'normalise')}",
    ]


def fitted_lines(day: PreparedDay, result: DayResult) -> list[str]:
    """Return the line of the fit.

    Parameters
    ----------
    day : PreparedDay
    result : DayResult

    Returns
    -------
    list of str
    """
    has_fit = result.columns["spec_has_fit"]
    proven = int(result.columns["spec_fit_certified"][has_fit].sum())
    seconds = day.watch.seconds["fit"]
    pace = f", {len(has_fit) / seconds:.4g} sweeps/s" if seconds > 0 else ""
    return [f"fit: {has_fit.sum()} of {len(has_fit)} sweeps, {proven} proven; {seconds:.3g} s{pace}"]


def _grids(day: PreparedDay) -> tuple[list[tuple[float, float]], list[int]]:
    """Lowest and highest channel (eV) of each energy grid, and how many sweeps have it."""
    energy = np.round(day.batch.energy_ev, 1)
    ends = np.stack([np.nanmin(energy, axis=1), np.nanmax(energy, axis=1)], axis=1)
    grids, counts = np.unique(ends, axis=0, return_counts=True)
    order = np.argsort(-counts)[:5]
    return [(float(low), float(high)) for low, high in grids[order]], counts[order].tolist()


def _of(flags: np.ndarray) -> str:
    return f"{int(flags.sum())} of {flags.size}"


def _counted(codes: np.ndarray, names: "Iterable[FitStatus] | Iterable[PotentialStatus]") -> str:
    found = {name.name.lower().replace("_", " "): int((codes == name).sum()) for name in names}
    return ", ".join(f"{count} {name}" for name, count in found.items() if count)


def _took(day: PreparedDay, stage: str) -> str:
    return f"{day.watch.seconds.get(stage, 0.0):.3g} s"
