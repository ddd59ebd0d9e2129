"""``python -m potrun.fetch``: fill an archive folder with the measurements."""

import logging
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING

from potrun.core.errors import ExitCode, NoDataError, PotrunError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from potrun.fetch.catalogue import RemoteFile
    from potrun.fetch.outcome import Outcome
    from potrun.fetch.settings import FetchSettings

log = logging.getLogger("potrun.fetch")

USAGE = """\
Fill a folder with the measurements of Lunar Prospector's Electron Reflectometer: day tables, attitude, kernels.

  python -m potrun.fetch year=1998 month=6 archive.root=data
  python -m potrun.fetch year=1998 month=6 --dry-run

Run it again to complete what is missing: unfinished files are resumed, finished ones are not fetched again.
Exit codes: 0 all is there, 1 failed, 2 wrong usage, 3 no such day, 5 in part, 128+n signal n.

== Settings: key=value ==
"""


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line.

    Parameters
    ----------
    arguments : list of str
        ``key=value`` words, ``--dry-run``, ``--help``.

    Returns
    -------
    int
        The exit code.
    """
    from potrun.core.composition import conf_dir

    if {"--help", "-h"} & set(arguments):
        sys.stdout.write(USAGE + (conf_dir() / "fetch.yaml").read_text(encoding="utf-8"))
        return ExitCode.DONE
    from potrun.fetch.session import FetchInterruptedError
    from potrun.fetch.settings import compose

    try:
        settings = compose(arguments)
        _set_up_log(settings.verbose)
        return _fetch(settings)
    except FetchInterruptedError as error:
        return _say(str(error), 128 + error.signum)
    except PotrunError as error:
        return _say(str(error), error.exit_code)
    except BrokenPipeError:  # whoever read the list has seen enough; nothing more may be written at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except KeyboardInterrupt:
        return _say("stopped before anything was fetched", 130)


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"potrun.fetch: {message}\n")
    return int(code)


def _set_up_log(is_verbose: bool) -> None:
    from potrun.core.progress import StderrHandler

    handler = StderrHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    package = logging.getLogger("potrun")
    package.handlers[:] = [handler]
    package.propagate = False
    package.setLevel(logging.DEBUG if is_verbose else logging.INFO)


def _fetch(settings: "FetchSettings") -> int:
    from potrun.archive.days import scan_archive, select_days
    from potrun.core.locks import hold
    from potrun.fetch.catalogue import files_for, mission_days
    from potrun.fetch.progress import FetchProgress
    from potrun.fetch.session import LOCK_NAME, check_space, fetch_all

    root = settings.archive.path
    chosen = select_days(mission_days(), settings.year, settings.month, settings.day)
    files = files_for([day.date for day in chosen], settings.fetch.base_urls)
    if scan_archive(root).origin == "simulated":
        raise UsageError(f"archive.root={root} holds a simulated archive: choose another folder for measurements")
    if settings.year is None and settings.month is None:
        log.info("no year or month was given: the whole mission is asked for")
    _announce(files, root)
    if settings.dry_run:
        return _list(files, root)
    check_space(files, root)
    with hold(root / LOCK_NAME), FetchProgress(files) as progress:
        outcomes = fetch_all(files, root, settings.fetch, progress)
    counts = Counter(outcome.state.value for outcome in outcomes)
    summary = ", ".join(f"{n} {state}" for state, n in counts.items())
    log.info("%s; %.1f MB, %.2f MB/s", summary, progress.received_bytes / 1e6, progress.rate_bytes_s() / 1e6)
    if progress.labels_absent:
        log.warning(
            "%d day table(s) without a label on the server: length and content are checked",
            progress.labels_absent,
        )
    _write_solid_angles(root)
    return _judge(outcomes, root)


def _write_solid_angles(root: "Path") -> None:
    """Write the cells' solid angles beside their inclinations; other programs for these tables read them."""
    from potrun.archive.layout import SOLID_ANGLES_NAME, THETA_NAME
    from potrun.core.atomic import write_text
    from potrun.core.errors import DataError
    from potrun.core.instrument import cell_solid_angle_sr
    from potrun.geometry.theta import read_theta

    theta = root / THETA_NAME
    if not theta.is_file():
        return
    try:
        angles = cell_solid_angle_sr(read_theta(theta))
    except DataError as error:
        log.warning("%s is not written: %s", SOLID_ANGLES_NAME, error)
        return
    write_text(root / SOLID_ANGLES_NAME, "".join(f"{angle:.6f}\n" for angle in angles))


def _announce(files: "list[RemoteFile]", root: "Path") -> None:
    from potrun.fetch.session import still_to_come

    n_tables = sum(file.date is not None for file in files)
    missing = still_to_come(files, root)
    log.info(
        "%d day tables and %d other files asked for; %d files are to come, about %.2f GB, into %s",
        n_tables,
        len(files) - n_tables,
        len(missing),
        sum(size for _, size in missing) / 1e9,
        root.absolute(),
    )


def _list(files: "list[RemoteFile]", root: "Path") -> int:
    from potrun.fetch.session import still_to_come

    missing = {file.relative_path: size for file, size in still_to_come(files, root)}
    for file in files:
        to_come = missing.get(file.relative_path)
        state = "here" if to_come is None else f"~{to_come / 1e6:.2f} MB"
        sys.stdout.write(f"{state:>12}  {file.relative_path}  {file.url}\n")
    return ExitCode.DONE


def _judge(outcomes: "list[Outcome]", root: "Path") -> int:
    """Turn what became of the files into an exit code and, where something lacks, into the last line."""
    from potrun.archive.days import describe_dates
    from potrun.fetch.outcome import State

    lacking = [outcome for outcome in outcomes if not outcome.is_there]
    if not lacking:
        log.info("all is there: python -m potrun archive=pds archive.root=%s", root)
        return ExitCode.DONE
    tables = [outcome for outcome in outcomes if outcome.file.date is not None]
    absent = [outcome for outcome in lacking if outcome.state is State.ABSENT]
    no_table = describe_dates(outcome.file.date for outcome in absent if outcome.file.date is not None)
    if all(outcome.state is State.ABSENT for outcome in tables):
        raise NoDataError(f"the server has no table of {no_table}: ask for other days, or check fetch.base_urls")
    parts = [f"no table on the server for {no_table}"] if no_table else []
    failed = [outcome for outcome in lacking if outcome.file.date is None or outcome.state is State.FAILED]
    if failed:
        names = ", ".join(outcome.file.relative_path for outcome in failed[:3])
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        noun = "file" if len(failed) == 1 else "files"
        parts.append(f"{len(failed)} {noun} failed ({names}{more}), the same command tries again")
    code = ExitCode.PARTIAL if any(outcome.is_there for outcome in tables) else ExitCode.FAILED
    return _say(f"not all is there: {'; '.join(parts)}", code)
