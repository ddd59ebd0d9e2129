"""``python -m potrun.day FILE``: one day's table in memory, with its picture, in one command."""

import sys
from pathlib import Path

from potrun.core.commandline import Option, parse, run_command, usage
from potrun.core.errors import UsageError

KINDS = ("map", "binned", "time", "chi2", "environment", "coverage")
OPTIONS = (
    Option("kind", KINDS, "which picture", "map"),
    Option("illumination", ("day", "night", "all"), "only sweeps with a sunlit or a shadowed footpoint", "all"),
    Option("quality", ("good", "usable", "all"), "whose potentials are drawn", "good"),
    Option("display", bool, "open a window", False),
    Option("output", str, "PNG to write; default: <table>_<kind>.png in the current folder"),
)
HELP = usage(
    "python -m potrun.day FILE [key=value ...]",
    "Fit one day's table (<root>/1998/213_243AUG/3D980820.TAB) in memory and draw it. "
    "Settings of a run (fitter=lillis, fast=false, ...) may be given as well.",
    OPTIONS,
)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command("potrun.day", command, sys.argv[1:], HELP))


def command(arguments: list[str]) -> None:
    """Process the table and draw its picture.

    Raises
    ------
    PotrunError
        If a setting is wrong, the file is no day's table, or the day cannot be processed.
    """
    own = {option.name for option in OPTIONS}
    mine = [word for word in arguments if "=" not in word or word.split("=", 1)[0] in own]
    names, settings = parse(mine, OPTIONS)
    if len(names) != 1:
        raise UsageError(f"{len(names)} files given ({' '.join(names) or 'none'}): give one day's table")
    from potrun.api import process_day
    from potrun.plots import draw
    from potrun.plots.style import save
    from potrun.results.statistics import statistics
    from potrun.runs.closing import fit_lines, lay_out
    from potrun.runs.redraw import lit

    result = process_day(names[0], *(word for word in arguments if word not in mine))
    chosen = lit(result, settings["illumination"])
    quality = settings["quality"]
    for line in lay_out(fit_lines(chosen, quality, statistics(chosen, quality))):
        sys.stdout.write(f"{line}\n")
    out = Path(settings["output"] or f"{Path(names[0]).stem}_{settings['kind']}.png")
    save(draw(chosen, settings["kind"], quality), out)
    sys.stdout.write(f"{out}\n")
    if settings["display"]:
        from potrun.plots.window import show

        show([out])
