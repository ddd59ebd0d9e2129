"""Send what runs could not send to their tracking store."""

from pathlib import Path

from potrun.core.errors import NoDataError, PartialResultError, PotrunError, TrackingUnreachableError
from potrun.tracking.journal import Journal, Record
from potrun.tracking.sender import Sender, StoreDownError
from potrun.tracking.store import Store


def resend(run_dir: Path, uri: str | None = None) -> list[str]:
    """Send every unsent record of a run's folder, or of all runs in a multirun's folder.

    An interrupted call is continued by the next one; a run that ended without a word is closed as KILLED.

    Parameters
    ----------
    run_dir : Path
        Folder of a run or of a multirun.
    uri : str, optional
        The store, if it is not at its old address any more.

    Returns
    -------
    list of str
        One line for every run found.

    Raises
    ------
    NoDataError
        If no run was ever tracked from this folder.
    TrackingUnreachableError
        If the store does not take the records now.
    PartialResultError
        If the store refuses some of them for good.
    """
    journals = Journal.find_all(run_dir)
    if not journals:
        raise NoDataError(f"{run_dir} holds no tracked run: give the folder of a run, such as outputs/<name>")
    lines = [_send(journal, uri) for journal in journals]
    refused = [reason for journal in journals for reason in journal.rejections]
    if refused:
        raise PartialResultError(f"{'; '.join(lines)}; {len(refused)} records refused: {'; '.join(refused)}")
    return lines


def _send(journal: Journal, uri: str | None) -> str:
    if journal.is_complete:
        return f"run {journal.run_id}: nothing to do, everything was sent"
    journal.acquire()
    try:
        records = journal.records()
        if not records:
            raise PotrunError(f"{journal.folder} has lost its journal.jsonl: nothing is left to send from it")
        _close_silent_end(journal, records)
        store = _store_of(records[0], uri)
        left = records[journal.sent :]
        Sender(store, journal).send(left)
        journal.close()
    except StoreDownError as error:
        raise TrackingUnreachableError(
            f"{journal.run_dir}: stopped after {journal.sent} records ({error}); the same command continues from there"
        ) from error
    finally:
        journal.release()
    return f"run {journal.run_id}: {len(left)} records sent to {store.uri}"


def _close_silent_end(journal: Journal, records: list[Record]) -> None:
    """Add the end that a run killed outright could not write; its journal being free, the run is over."""
    if records[-1]["kind"] == "finish":
        return
    last_time = max(record["time_ms"] for record in records if "time_ms" in record)
    finish = {"kind": "finish", "status": "KILLED", "time_ms": last_time}
    journal.append(finish)
    records.append(finish)


def _store_of(create: Record, uri: str | None) -> Store:
    if uri is None:
        return Store(create["uri"], create["experiment"], create["artifacts"])
    if uri.startswith("http"):
        return Store(uri.rstrip("/"), create["experiment"])
    return Store.embedded(uri, create["experiment"])
