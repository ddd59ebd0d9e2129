"""`python -m potrun`: compose the settings and hand them to Hydra, which runs one job or a sweep of them."""

import gc
import os
import signal
import sys
from pathlib import Path

from potrun.core.errors import NoDataError, UsageError
from potrun.core.streams import fill_closed_streams


def main() -> None:
    """Run the command line and exit with its code."""
    # Imports make a million objects that stay: looking through them again and again for garbage takes a fifth of their
    # time, and once more at the end.
    gc.set_threshold(50_000, 20, 50)
    fill_closed_streams()
    code = _run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    from potrun.core import endings

    with endings.hydra_hands_over():
        try:
            _command(arguments)
        except BrokenPipeError:
            # Whoever read our output has enough; nothing more may be written, not even at the interpreter's end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 128 + signal.SIGPIPE
        except SystemExit as exit_:
            return exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        except (*endings.FORESEEN, KeyboardInterrupt) as error:
            if endings.wants_traceback():
                raise
            return endings.say(error, arguments)
    return 0


def _command(arguments: list[str]) -> None:
    if {"--version", "-V"} & set(arguments):
        from potrun import __version__

        sys.stdout.write(f"potrun {__version__}\n")
        return
    import hydra

    from potrun.cli.show_jobs import describe_jobs
    from potrun.cli.words import flag_value, settings_among, translate
    from potrun.core.composition import conf_dir, help_text
    from potrun.runs.job import experiment
    from potrun.tracking.multirun import close_multirun

    nameless = [word for word in arguments if word.startswith("=")]
    if nameless:
        raise UsageError(f"{nameless[0]!r} names no setting: write key=value")
    words, said = translate(arguments)
    folder = flag_value(words, "--config-dir", "-cd")
    config_dir = None if folder is None else Path(folder)
    if {"--help", "-h"} & set(words):
        sys.stdout.write(help_text(settings_among(words), config_dir))
        return
    if flag_value(words, "--experimental-rerun") is not None:
        raise UsageError("--experimental-rerun reads Python pickles: use python -m potrun.rerun RUN_ID")
    if {"--multirun", "-m"} & set(words) and flag_value(words, "--cfg", "-c", "--info", "-i") is not None:
        if flag_value(words, "--cfg", "-c") != "job":
            raise UsageError("a sweep shows the settings of its jobs alone: write -m ... --cfg job, or leave -m out")
        for text in describe_jobs(settings_among(words), config_dir):
            sys.stdout.write(f"{text}\n")
        return
    if said:
        sys.stderr.write(f"potrun: the classic flags stand for {' '.join(said)}\n")
    sys.argv[1:] = words
    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(experiment)()
    finally:
        missed = close_multirun()
    if missed is not None:
        raise NoDataError(missed)


if __name__ == "__main__":
    main()
