"""`python -m potrun`: compose, run, one line for an error, one exit code for each way to end."""

import os
import sys
from concurrent.futures.process import BrokenProcessPool

from potrun.errors import ExitCode, PotrunError, UsageError
from potrun.interrupts import RunInterruptedError


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from potrun.composition import conf_dir, one_line
    from potrun.job import experiment
    from potrun.tracking.multirun import close_multirun

    nameless = [word for word in arguments if word.startswith("=")]
    if nameless:
        return _say(f"{nameless[0]!r} names no setting: write key=value", ExitCode.USAGE)
    wants_traceback = os.environ.get("HYDRA_FULL_ERROR") == "1"
    # Hydra would print its own page about an error and exit with 1; this makes it hand the error over.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        try:
            hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(experiment)()
        finally:
            close_multirun()
    except (HydraException, OmegaConfBaseException, PotrunError, OSError) as error:
        if wants_traceback:
            raise
        if isinstance(error, RunInterruptedError):
            return _say(str(error), 128 + error.signum)
        if isinstance(error, PotrunError):
            return _say(str(error), error.exit_code)
        if isinstance(error, HydraException | OmegaConfBaseException):
            return _say(one_line(error, arguments), UsageError.exit_code)
        return _say(str(error), ExitCode.FAILED)
    except BrokenProcessPool as error:
        return _say(f"a process of the sweep died ({' '.join(str(error).split())}); is memory short?", ExitCode.FAILED)
    except KeyboardInterrupt:
        return _say("stopped at once", 130)
    return ExitCode.DONE


def _say(message: str, code: int) -> int:
    print(f"potrun: {message}", file=sys.stderr)  # noqa: T201
    return int(code)


if __name__ == "__main__":
    main()
