"""Measure how fast and in how much memory the run's fitter works on its device."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from potrun.archive.table import read_day
from potrun.core.errors import NoDataError
from potrun.core.records import FitStatus, SweepBatch
from potrun.core.table import Table
from potrun.geometry.compute import GeometryModel
from potrun.losscone.normalise import build_sweep_batch
from potrun.plasma.estimate import make_potential_model
from potrun.studies.base import AcceptsAnyRun, StudyCase, StudyReport
from potrun.studies.measure_fit import measure_fit

TITLES = {
    "sweeps_per_second": "sweeps/s",
    "best_sweeps_per_second": "best sweeps/s",
    "fit_memory_mb": "memory of the fit (MB)",
    "process_memory_mb": "memory of the process (MB)",
    "gpu_memory_mb": "GPU memory in use (MB)",
    "gpu_reserved_mb": "GPU memory reserved (MB)",
}


class ThroughputOfTheFit(AcceptsAnyRun):
    """Fits the run's sweeps again and again in a fresh process, whose memory is its own."""

    def report(self, case: StudyCase) -> StudyReport:
        """Measure with the settings of the run.

        Parameters
        ----------
        case : StudyCase
            A finished run.

        Returns
        -------
        StudyReport

        Raises
        ------
        NoDataError
            If no sweep of the run can be fitted.
        """
        cfg = case.cfg
        batch = gather_sweeps(case, cfg.study.throughput_sweeps)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found = pool.submit(
                measure_fit, batch, cfg.fitter, cfg.device, cfg.fast, cfg.study.throughput_seconds
            ).result()
        device = cfg.device
        size = "auto" if device.batch_size is None else str(device.batch_size)
        table = Table(
            f"Throughput and memory of the fit on {found.device}: {batch.n_sweeps} sweeps, {found.repeats} times",
            ("method", "batch size", "dtype", "threads", *TITLES.values()),
            [
                [
                    cfg.fitter.method,
                    size,
                    device.dtype,
                    device.threads or "auto",
                    *(found.numbers[name] for name in TITLES),
                ]
            ],
        )
        metrics = {f"throughput/{name}": value for name, value in found.numbers.items() if np.isfinite(value)}
        return StudyReport(metrics, {"throughput": table})


def gather_sweeps(case: StudyCase, number: int) -> SweepBatch:
    """Make sweeps of the run ready for a fit, repeating them where it has too few.

    Parameters
    ----------
    case : StudyCase
        A finished run.
    number : int
        How many sweeps.

    Returns
    -------
    SweepBatch
        Of sweeps that have a fit.

    Raises
    ------
    NoDataError
        If there is none.
    """
    found = fitted_sweeps(case, number)
    return found.take(np.arange(number) % found.n_sweeps)


def fitted_sweeps(case: StudyCase, number: int) -> SweepBatch:
    """Make the first sweeps of the run that can be fitted ready for a fit; arguments as of :func:`gather_sweeps`.

    Returns
    -------
    SweepBatch
        At most `number`, in the run's own kind of batch.

    Raises
    ------
    NoDataError
        If there is none.
    """
    geometry_model = GeometryModel.of(case.archive, case.cfg.archive)
    potential_model = make_potential_model(case.cfg.spacecraft_potential, case.cfg.device, case.cfg.fast)
    parts: list[SweepBatch] = []
    for day in case.days:
        table = read_day(day, case.archive.cache_dir)
        geometry = geometry_model.compute(table)
        batch = build_sweep_batch(table, geometry, potential_model.estimate(table, geometry), case.cfg.fitter)
        parts.append(batch.take(batch.status == FitStatus.OK))
        if sum(part.n_sweeps for part in parts) >= number:
            break
    have = sum(part.n_sweeps for part in parts)
    if not have:
        raise NoDataError(
            "no sweep of the run can be fitted: there is nothing to measure the fit with, take other days"
        )
    kind = type(parts[0])
    names = list(kind.__dataclass_fields__)
    joined = kind(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
    return joined.take(np.arange(min(number, have)))
