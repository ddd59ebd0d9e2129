"""``python -m potrun.plot FILE kind=...``: one picture, or all, of a result file."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from potrun.core.commandline import Option, parse, run_command, usage
from potrun.core.errors import DataError, UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from potrun.core.settings import RunConfig
    from potrun.results.run_result import RunResult
    from potrun.results.sweeps import SweepLoader

KINDS = ("map", "binned", "time", "plasma", "chi2", "environment", "coverage", "examples", "sweep", "all")
OPTIONS = (
    Option("kind", KINDS, "which picture"),
    Option("illumination", ("day", "night", "all"), "only sweeps with a sunlit or a shadowed footpoint", "all"),
    Option("quality", ("good", "usable", "all"), "whose potentials are drawn", "good"),
    Option("sweep", int, "one sweep: its place in the file, counted from 0, or its number in spec_sweep_id"),
    Option("display", bool, "open a window", False),
    Option("output", str, "PNG to write, a folder with kind=all; default: beside FILE"),
    Option("root", str, "archive that the result was made from, for pictures of sweeps; default: as for a run"),
)
HELP = usage("python -m potrun.plot FILE [key=value ...]", "Draw the pictures of a result file.", OPTIONS)
SIDE = {"day": "sun", "night": "shadow"}


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command("potrun.plot", command, sys.argv[1:], HELP))


def command(arguments: list[str]) -> None:
    """Draw what the command line asks for.

    Raises
    ------
    UsageError
        If a setting is wrong, or a window is asked for where there is none.
    DataError
        If the file is not a result, or the archive no longer holds its sweeps.
    """
    names, settings = parse(arguments, OPTIONS)
    if len(names) != 1:
        raise UsageError(f"{len(names)} files given ({' '.join(names) or 'none'}): give one NPZ file")
    from potrun.plots.style import save
    from potrun.results.load import load_results

    kind = settings["kind"] or ("map" if settings["sweep"] is None else "sweep")
    if (kind == "sweep") != (settings["sweep"] is not None):
        raise UsageError(f"kind={kind} with sweep={settings['sweep']}: kind=sweep and sweep=N go together")
    result = load_results(names[0])
    out = Path(settings["output"] or default_output(Path(names[0]), kind, settings))
    if kind == "all":
        _draw_all(result, out, settings)
        return
    figure = _figure(result, kind, settings)
    save(figure, out)
    sys.stdout.write(f"{out}\n")
    if settings["display"]:
        from potrun.plots.window import show

        show([out])


def default_output(file: Path, kind: str, settings: Mapping[str, Any]) -> Path:
    """Return the picture's place beside the result."""
    side = "" if settings["illumination"] == "all" else f"_{settings['illumination']}"
    number = "" if settings["sweep"] is None else f"_{settings['sweep']}"
    suffix = "" if kind == "all" else ".png"
    return file.with_name(f"{file.stem}_{'pictures' if kind == 'all' else kind}{number}{side}{suffix}")


def _figure(result: "RunResult", kind: str, settings: Mapping[str, Any]) -> "Figure":
    if kind == "sweep":
        return sweep_figure(result, find_sweep(result, settings["sweep"]), settings["root"])
    chosen = lit(result, settings["illumination"])
    if kind == "examples":
        from potrun.plots.examples import draw_examples, sweeps_at_quantiles

        return draw_examples(chosen, sweep_loader(chosen, sweeps_at_quantiles(chosen).tolist(), settings["root"]))
    from potrun.plots import draw

    return draw(chosen, kind, settings["quality"])


def _draw_all(result: "RunResult", folder: Path, settings: Mapping[str, Any]) -> None:
    """Draw every picture; those of sweeps are left out, saying so, where the archive is not at hand."""
    from potrun.core.errors import NoDataError
    from potrun.plots import draw_all
    from potrun.plots.examples import sweeps_at_quantiles

    if settings["display"]:
        raise UsageError("display=true shows one picture: name it with kind=")
    chosen = lit(result, settings["illumination"])
    loader = None
    try:
        loader = sweep_loader(chosen, sweeps_at_quantiles(chosen).tolist(), settings["root"])
    except (NoDataError, DataError) as error:
        sys.stderr.write(f"potrun.plot: without the page of example sweeps: {error}\n")
    for path in draw_all(chosen, folder, loader, quality=settings["quality"]):
        sys.stdout.write(f"{path}\n")


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
