"""`python -m potrun.archive.simulate key=value ...`: write a simulated archive."""

import sys
from pathlib import Path

from potrun.cli.simulate_arguments import HELP, parse
from potrun.core.errors import ExitCode, PotrunError


def main(arguments: list[str]) -> int:
    """Simulate what the command line asks for.

    Parameters
    ----------
    arguments : list of str
        Words of the form ``key=value``.

    Returns
    -------
    int
        Exit code.
    """
    if not arguments or {"-h", "--help"} & set(arguments):
        sys.stdout.write(HELP)
        return ExitCode.DONE if arguments else ExitCode.USAGE
    try:
        request = parse(arguments)
        from potrun.simulate.archive import simulate_archive

        root = simulate_archive(
            Path(request.root), request.days, request.sweeps, request.seed, request.settings,
            workers=request.workers, truth=request.truth,
        )  # fmt: skip
    except PotrunError as error:
        sys.stderr.write(f"potrun.archive.simulate: {error}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"potrun.archive.simulate: the archive cannot be written: {error}\n")
        return ExitCode.FAILED
    sys.stdout.write(f"wrote {len(request.days)} simulated days of {request.sweeps} sweeps each to {root}\n")
    return ExitCode.DONE
