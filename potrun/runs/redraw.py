"""Pictures of a finished result, its sweeps read from the archive again; for the command line and for notebooks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from potrun.core.errors import DataError, UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from potrun.core.settings import RunConfig
    from potrun.results.run_result import RunResult
    from potrun.results.sweeps import SweepLoader

KINDS = ("map", "binned", "time", "plasma", "chi2", "environment", "coverage", "examples", "sweep")
SIDE = {"day": "sun", "night": "shadow"}


def redraw(
    result: "RunResult", kind: str = "map", quality: str = "good", sweep: int | None = None, root: str | None = None
) -> "Figure":
    """Draw one picture of a result.

    Parameters
    ----------
    result : RunResult
    kind : str
        One of :data:`KINDS`; ``examples`` and ``sweep`` need the archive.
    quality : {"good", "usable", "all"}
        Whose potentials are drawn.
    sweep : int, optional
        For ``sweep``: its place in the result, or its number in ``spec_sweep_id``.
    root : str, optional
        The archive that the result was made from; default: as for a run.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UsageError
        If there is no such picture or sweep.
    NoDataError
        If the archive is not there.
    DataError
        If it does not hold the tables that the result was made from.
    """
    if (kind == "sweep") != (sweep is not None):
        raise UsageError(f"kind={kind} with sweep={sweep}: kind=sweep and sweep=N go together")
    if kind == "sweep" and sweep is not None:
        return sweep_figure(result, find_sweep(result, sweep), root)
    if kind == "examples":
        from potrun.plots.examples import draw_examples, sweeps_at_quantiles

        return draw_examples(result, sweep_loader(result, sweeps_at_quantiles(result).tolist(), root))
    if kind not in KINDS:
        raise UsageError(f"kind={kind!r} is not allowed: choose one of {', '.join(KINDS)}")
    from potrun.plots import draw

    return draw(result, kind, quality)


def lit(result: "RunResult", side: str) -> "RunResult":
    """Return the sweeps of one illumination, ``day`` or ``night``, or ``all`` of them."""
    from potrun.results.statistics import illumination

    return result if side == "all" else result.select(illumination(result)[SIDE[side]])


def find_sweep(result: "RunResult", number: int) -> int:
    """Return the index of a sweep that is given by its index or by its number.

    Raises
    ------
    UsageError
        If there is no such sweep.
    """
    if 0 <= number < result.n_sweeps:
        return number
    found = (result["spec_sweep_id"] == number).nonzero()[0]
    if not len(found):
        numbers = result["spec_sweep_id"]
        known = f"numbers {numbers.min()} to {numbers.max()}" if len(numbers) else "none"
        raise UsageError(f"sweep={number} is not in the result: it has places 0 to {result.n_sweeps - 1}, {known}")
    return int(found[0])


def sweep_figure(result: "RunResult", sweep: int, root: str | None) -> "Figure":
    """Draw one sweep with the objective of its fit."""
    from potrun.losscone.objective_surface import whole_and_near
    from potrun.losscone.objectives import CLASSIC_METHODS
    from potrun.plots.sweep import draw_sweep

    loader = sweep_loader(result, [sweep], root)
    surfaces, fitter = None, settings_of(result).fitter
    if result["spec_has_fit"][sweep] and fitter.method in CLASSIC_METHODS:
        u, ratio, beam = (float(result[name][sweep]) for name in ("spec_u_surface", "spec_bs_over_bm", "spec_beam_amp"))
        surfaces = whole_and_near(loader.batch(sweep), fitter, (u, ratio, beam))
    return draw_sweep(result, sweep, loader(sweep), surfaces)


def sweep_loader(result: "RunResult", sweeps: Sequence[int], root: str | None) -> "SweepLoader":
    """Open the archive of a result, to read some of its sweeps again.

    Raises
    ------
    NoDataError
        If the archive is not there.
    DataError
        If it is there, but does not hold the tables that the result was made from.
    """
    from potrun.archive.digest import source_file
    from potrun.results.sweeps import SweepLoader
    from potrun.runs.inputs import open_archive

    cfg = settings_of(result)
    archive = open_archive(replace(cfg.archive, root=root or cfg.archive.root))
    there = {day.name: day.path for day in archive.days}
    for file in sorted({int(result["spec_source_file"][sweep]) for sweep in sweeps}):
        name, digest = str(result["source_name"][file]), result["source_sha256"][file]
        if name not in there or source_file(there[name], archive.root, archive.cache_dir).sha256 != digest:
            state = "another file in" if name in there else "not in"
            raise DataError(
                f"{name} is {state} {archive.root}: give root= of the archive that the result was made from"
            )
    return SweepLoader(archive, cfg.archive, cfg.fitter, result)


def settings_of(result: "RunResult") -> "RunConfig":
    """Return the settings that a result was made with.

    Raises
    ------
    DataError
        If its provenance does not hold the settings of this version.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from potrun.core.settings import RunConfig

    cfg = OmegaConf.structured(RunConfig)
    try:
        for key, value in result.provenance.get("settings", {}).items():
            OmegaConf.update(cfg, key, value)
        settings = OmegaConf.to_object(cfg)
    except (OmegaConfBaseException, UsageError) as error:
        line = str(error).splitlines()[0]
        raise DataError(f"the result was made with settings that this version does not know ({line})") from error
    assert isinstance(settings, RunConfig)
    return settings
