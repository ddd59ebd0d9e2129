"""``python -m potrun.sync FOLDER [...]``: send what runs could not send to their tracking store."""

import sys
from pathlib import Path

from potrun.core.commandline import Option, parse, run_command, usage
from potrun.core.errors import PotrunError, UsageError

OPTIONS = (Option("uri", str, "the store that they go to; none: the default store, outputs/mlflow.db here"),)
HELP = usage(
    "python -m potrun.sync FOLDER [FOLDER...] [key=value ...]",
    "Send what runs could not send to their tracking store. FOLDER is that of a run, or of a multirun with its runs.\n"
    "Records of another store than the default one go nowhere before that store is named.",
    OPTIONS,
)


def command(arguments: list[str]) -> None:
    """Send what the command line names, every folder even if one fails.

    Raises
    ------
    PotrunError
        The first of the worst failures; the others are printed.
    """
    folders, settings = parse(arguments, OPTIONS)
    if not folders:
        raise UsageError("no folder given: name the folder of a run or of a multirun")
    from potrun.tracking.resend import resend

    errors: list[PotrunError] = []
    for folder in folders:
        try:
            for line in resend(Path(folder), settings["uri"]):
                sys.stdout.write(f"{line}\n")
        except PotrunError as error:
            errors.append(error)
    if errors:
        worst = max(errors, key=lambda error: error.exit_code)
        for failure in errors:
            if failure is not worst:
                sys.stderr.write(f"potrun.sync: {failure}\n")
        raise worst


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command("potrun.sync", command, sys.argv[1:], HELP))
