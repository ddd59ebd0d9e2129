"""`python -m potrun.archive.simulate key=value ...`: write a simulated archive."""

import sys
from pathlib import Path

from potrun.cli.simulate_arguments import HELP, read_request
from potrun.core.commandline import run_command
from potrun.core.errors import PotrunError


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command("potrun.archive.simulate", command, sys.argv[1:], HELP))


def command(arguments: list[str]) -> None:
    """Simulate what the command line asks for.

    Raises
    ------
    UsageError
        If a word is wrong, or the folder holds something.
    PotrunError
        If the archive cannot be written.
    """
    request = read_request(arguments)
    from potrun.simulate.archive import simulate_archive

    try:
        root = simulate_archive(
            Path(request.root), request.days, request.sweeps, request.seed, request.settings,
            workers=request.workers, truth=request.truth,
        )  # fmt: skip
    except OSError as error:
        raise PotrunError(f"the archive cannot be written: {error}") from error
    days = "1 simulated day" if len(request.days) == 1 else f"{len(request.days)} simulated days"
    sys.stdout.write(f"wrote {days} of {request.sweeps} sweeps each to {root}\n")
