"""All files of one download: a few at a time, one answer to a signal."""

import asyncio
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from potrun.core.errors import OutputError, PotrunError
from potrun.fetch.catalogue import RemoteFile, safe_target
from potrun.fetch.exchange import make_client
from potrun.fetch.hosts import Host
from potrun.fetch.outcome import Outcome, State
from potrun.fetch.partial import PartialFile
from potrun.fetch.progress import FetchProgress
from potrun.fetch.settings import TransferSettings
from potrun.fetch.transfer import Transfer, existing_folder

LOCK_NAME = ".fetch.lock"
"""File in the archive's root that only one download holds at a time."""


class FetchInterruptedError(PotrunError):
    """The download was asked to end by a signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(
            f"stopped by {signal.Signals(signum).name}: what came so far is kept, the same command goes on from there"
        )
        self.signum = signum


def still_to_come(files: Sequence[RemoteFile], root: Path) -> list[tuple[RemoteFile, int]]:
    """List the files that do not stand under their final names, each with its estimated bytes to come."""
    missing = []
    for file in files:
        final = safe_target(root, file.relative_path)
        if not final.is_file():
            missing.append((file, max(0, file.estimated_bytes - PartialFile(final).size)))
    return missing


def check_space(files: Sequence[RemoteFile], root: Path) -> None:
    """Compare what is still to come with the free space.

    Raises
    ------
    OutputError
        With both numbers, if it does not fit.
    """
    needed = sum(size for _, size in still_to_come(files, root))
    free = shutil.disk_usage(existing_folder(root / LOCK_NAME)).free
    if needed > free:
        raise OutputError(
            f"about {needed / 1e9:.2f} GB are to come, {free / 1e9:.2f} GB are free under {root}: "
            "make room, ask for fewer days, or choose another archive.root"
        )


def fetch_all(
    files: Sequence[RemoteFile], root: Path, settings: TransferSettings, progress: FetchProgress
) -> list[Outcome]:
    """Bring all files, a few at a time.

    Parameters
    ----------
    files : sequence of RemoteFile
        In the order in which they are begun.
    root : Path
        The archive's root.
    settings : TransferSettings
        Connections, patience, back-off.
    progress : FetchProgress
        Told about every block and every file.

    Returns
    -------
    list of Outcome
        One for each file, in the order in which they ended, and one for each label that could not be brought.

    Raises
    ------
    OutputError
        If the folder cannot take more; transfers under way are kept for a later resumption.
    FetchInterruptedError
        On SIGINT and SIGTERM.
    """
    return asyncio.run(_fetch_all(files, root, settings, progress))


async def _fetch_all(
    files: Sequence[RemoteFile], root: Path, settings: TransferSettings, progress: FetchProgress
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    waiting = iter(files)
    hosts: dict[str, Host] = {}

    async def bring(file: RemoteFile) -> Outcome:
        name = urlsplit(file.url).netloc
        host = hosts.setdefault(name, Host(name))
        return await Transfer(client, file, root, settings, host, progress).run()

    async def bring_with_label(file: RemoteFile) -> Outcome:
        if file.label is None:
            return await bring(file)
        stated = await bring(file.label)
        outcome = await bring(file)
        if outcome.is_at_odds and stated.state is State.PRESENT:
            # The label of an earlier version: both are brought anew.
            safe_target(root, file.label.relative_path).unlink(missing_ok=True)
            stated = await bring(file.label)
            outcome = await bring(file)
        progress.label_done(stated)
        if stated.state is State.FAILED:
            outcomes.append(stated)
        return outcome

    async def work() -> None:
        for file in waiting:
            outcome = await bring_with_label(file)
            outcomes.append(outcome)
            progress.done(outcome)

    received = _cancel_on_signal()
    async with make_client(settings) as client:
        workers = [asyncio.create_task(work()) for _ in range(settings.workers)]
        try:
            await asyncio.gather(*workers)
        except asyncio.CancelledError:
            if received:
                raise FetchInterruptedError(received[0]) from None
            raise
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
    return outcomes


def _cancel_on_signal() -> list[int]:
    """Cancel the running task on SIGINT and SIGTERM; the list returned holds the signals that came."""
    received: list[int] = []
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def stop(signum: int) -> None:
        received.append(signum)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        # Where the loop takes no handlers (Windows, a thread other than the main one) Python's own stay in force.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop, number)
    return received
