"""potrun in a notebook: the same stages as the command line, results in memory.

Nothing is written but what reading keeps for the next time: the demo archive, and parsed copies of tables. What takes
long is told on stderr; ``logging.getLogger("potrun").setLevel("WARNING")`` keeps it quiet.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from potrun.archive.days import scan_archive, select_days
from potrun.archive.digest import ancillary_files
from potrun.core.composition import settings_from
from potrun.core.errors import NoDataError, UsageError
from potrun.core.progress import Display, about, listening, tell
from potrun.core.provenance import Provenance
from potrun.core.records import Archive, ArchiveDay
from potrun.core.settings import RunConfig
from potrun.results import load
from potrun.results.run_result import RunResult
from potrun.runs.day import DayStages, OnFitted
from potrun.runs.inputs import open_archive
from potrun.runs.report import describe_archive, describe_caveat

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Result(RunResult):
    """A result in a notebook, which can draw itself."""

    def plot(
        self, kind: str = "map", quality: str = "good", sweep: int | None = None, root: str | None = None
    ) -> "Figure":
        """Draw one picture of the result, of any name that ``python -m potrun.plot`` knows.

        Parameters
        ----------
        kind : str
            One of the names in :data:`potrun.runs.redraw.KINDS`; ``examples`` and ``sweep`` read the archive again.
        quality : {"good", "usable", "all"}
            Whose potentials are drawn.
        sweep : int, optional
            For ``sweep``: its place in the result, or its number in ``spec_sweep_id``.
        root : str, optional
            The archive that the result was made from; default: as for a run.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from potrun.runs.redraw import redraw

        return redraw(self, kind, quality, sweep, root)


def load_results(path: str | Path) -> Result:
    """Open a result file (see :func:`potrun.results.load.load_results`)."""
    found = load.load_results(path)
    return Result(found, found.provenance, found.path)


def run(*overrides: str) -> Result:
    """Run an experiment in memory.

    Parameters
    ----------
    *overrides : str
        What the command line would be given: ``run("year=1998", "fitter=lillis")``.

    Returns
    -------
    Result
        The result's named arrays; ``result.save(path)`` writes them, ``result.plot()`` draws them.

    Raises
    ------
    UsageError
        If a setting is unknown or not allowed, or asks for studies, which write files.
    NoDataError
        If no day matches.
    DataError
        If a day cannot be processed.
    """
    cfg = settings_from(overrides)
    if cfg.studies:
        raise UsageError(
            f"studies={cfg.studies} write files beside a result, and this writes none: use python -m potrun"
        )
    archive = open_archive(cfg.archive, year=cfg.year, month=cfg.month, day=cfg.day)
    return _process(cfg, archive, select_days(archive.days, cfg.year, cfg.month, cfg.day))


def process_day(table: str | Path, *overrides: str) -> Result:
    """Process one day's table.

    Parameters
    ----------
    table : str or Path
        A ``3Dyymmdd.TAB`` within an archive, whose root is the folder above the year's.
    *overrides : str
        Settings as on the command line: ``process_day(path, "fitter=lillis")``.

    Returns
    -------
    Result
        The day's named arrays; ``result.plot()`` draws them.

    Raises
    ------
    UsageError
        If a setting is unknown or not allowed.
    NoDataError
        If the file is not a day's table in an archive.
    DataError
        If the day cannot be processed.
    """
    path = Path(table).absolute()
    archive = scan_archive(path.parents[2]) if len(path.parents) > 2 else None
    found = [day for day in archive.days if day.path.absolute() == path] if archive else []
    if archive is None or not found:
        raise NoDataError(f"{table} is no day's table of an archive: expected <root>/1998/213_243AUG/3D980820.TAB")
    return _process(settings_from(overrides), archive, found)


def _process(cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> Result:
    from threadpoolctl import threadpool_limits

    describe_archive(archive)
    describe_caveat(cfg.fitter)
    with (
        # A notebook may have asked for exceptions, by np.seterr(all="raise").
        np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"),
        threadpool_limits(1, user_api="blas"),
        Display(len(days)) as display,
        listening(display.show),
        display.announced("loading libraries, kernels and the search"),
    ):
        stages = DayStages(cfg, archive)
        shared = Provenance.of(cfg, archive.origin, ancillary_files(archive))
        sources, results = [], []
        for day in days:
            with about(day.date.isoformat()):
                table = stages.read(day)
                sources.append(table.source)
                results.append(stages.process(table, _tell_fitted(table.n_sweeps)))
            display.day_done(day.date.isoformat())
    defects = [defect for result in results for defect in result.notes["defects"]]
    return Result.from_days(results, shared.of_result(sources, defects, failed={}))


def _tell_fitted(n_sweeps: int) -> OnFitted:
    return lambda done, _chi2: tell("fit", done, n_sweeps)
