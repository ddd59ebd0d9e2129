"""``python -m potrun.plot FILE kind=...``: one picture, or all, of a result file."""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from potrun.core.commandline import Option, parse, run_command, usage
from potrun.core.errors import DataError, UsageError
from potrun.runs.redraw import KINDS, lit, redraw, settings_of, sweep_loader

if TYPE_CHECKING:
    from potrun.results.run_result import RunResult

OPTIONS = (
    Option("kind", (*KINDS, "all", "report"), "which picture; report: the page with all of them"),
    Option("illumination", ("day", "night", "all"), "only sweeps with a sunlit or a shadowed footpoint", "all"),
    Option("quality", ("good", "usable", "all"), "whose potentials are drawn", "good"),
    Option("sweep", int, "one sweep: its place in the file, counted from 0, or its number in spec_sweep_id"),
    Option("display", bool, "open a window", False),
    Option("output", str, "PNG to write, a folder with kind=all; default: beside FILE"),
    Option("root", str, "archive that the result was made from, for pictures of sweeps; default: as for a run"),
)
HELP = usage("python -m potrun.plot FILE [key=value ...]", "Draw the pictures of a result file.", OPTIONS)


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
    if kind in ("all", "report"):
        _draw_all(result, out, settings, as_page=kind == "report")
        return
    chosen = result if kind == "sweep" else lit(result, settings["illumination"])
    figure = redraw(chosen, kind, settings["quality"], settings["sweep"], settings["root"])
    save(figure, out)
    sys.stdout.write(f"{out}\n")
    if settings["display"]:
        from potrun.plots.window import show

        show([out])


def default_output(file: Path, kind: str, settings: Mapping[str, Any]) -> Path:
    """Return the picture's place beside the result."""
    side = "" if settings["illumination"] == "all" else f"_{settings['illumination']}"
    number = "" if settings["sweep"] is None else f"_{settings['sweep']}"
    suffix = {"all": "", "report": ".html"}.get(kind, ".png")
    return file.with_name(f"{file.stem}_{'pictures' if kind == 'all' else kind}{number}{side}{suffix}")


def _draw_all(result: "RunResult", out: Path, settings: Mapping[str, Any], as_page: bool) -> None:
    """Draw every picture into a folder, or a page; those of sweeps only where the archive is at hand, saying so."""
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
    if not as_page:
        for path in draw_all(chosen, out, loader, quality=settings["quality"]):
            sys.stdout.write(f"{path}\n")
        return
    from potrun.plots.page.write import write_page

    cfg = replace(settings_of(result), quality=settings["quality"])
    with tempfile.TemporaryDirectory(prefix="potrun-") as folder:
        pictures = draw_all(chosen, Path(folder), loader, quality=cfg.quality)
        sys.stdout.write(f"{write_page(chosen, cfg, pictures, out, loader)}\n")
