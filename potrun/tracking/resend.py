"""Send what runs could not send to their tracking store."""

import logging
import os
from pathlib import Path

from potrun.core.errors import NoDataError, PartialResultError, PotrunError, TrackingUnreachableError, UsageError
from potrun.core.settings import TrackingConfig
from potrun.tracking.journal import Journal
from potrun.tracking.schema import Record
from potrun.tracking.sender import Sender, StoreDownError
from potrun.tracking.store import Store, default_database

log = logging.getLogger(__name__)


def resend(run_dir: Path, uri: str | None = None) -> list[str]:
    """Send every unsent record of a run's folder, or of all runs in a multirun's folder.

    An interrupted call is continued by the next one; a run that ended without a word is closed as KILLED.

    Parameters
    ----------
    run_dir : Path
        Folder of a run or of a multirun.
    uri : str, optional
        The store. Without it, records that belong to the one that MLFLOW_TRACKING_URI names, else to the default store,
        go there; an address that the folder names is not believed, since the folder may come from elsewhere.

    Returns
    -------
    list of str
        One line for every run found.

    Raises
    ------
    NoDataError
        If no run was ever tracked from this folder.
    UsageError
        If the records belong to another store than the default one, and no store was named.
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


def send_left_over(cfg: TrackingConfig, run_dir: Path) -> None:
    """Send what earlier runs of this folder left unsent, as :func:`potrun.tracking.close_left_open` says."""
    try:
        for journal in Journal.find_all(run_dir, own=True):
            if not journal.is_complete:
                log.info("%s", _send(journal, Store.from_config(cfg)))
    except PotrunError as error:
        log.warning("the record of an earlier run is not complete: %s", error)


def _send(journal: Journal, named: str | Store | None) -> str:
    if journal.is_complete:
        return f"run {journal.run_id}: nothing to do, everything was sent"
    journal.acquire()
    try:
        records = journal.records()
        if not records or records[0]["kind"] != "create":
            raise PotrunError(f"{journal.folder} has lost its journal.jsonl: nothing is left to send from it")
        store = _store_of(records[0], named, journal.run_dir)
        _close_silent_end(journal, records)
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


def _store_of(create: Record, named: str | Store | None, run_dir: Path) -> Store:
    """Return the store that the user named, or the one that the records name if it is the user's as well."""
    uri = named or os.environ.get("MLFLOW_TRACKING_URI", "").rstrip("/") or f"sqlite:///{default_database()}"
    if isinstance(uri, Store):
        own, uri = "the store of this run", uri.uri
    else:
        own = "MLFLOW_TRACKING_URI" if "MLFLOW_TRACKING_URI" in os.environ and named is None else "the default store"
    if not isinstance(named, str) and create["uri"] != uri:
        raise UsageError(
            f"the records in {run_dir} belong to {create['uri']}, not to {own} {uri}:"
            f" if they are to go there, say so with `python -m potrun.sync {run_dir} uri={create['uri']}`"
        )
    if uri.startswith(("http://", "https://")):
        return Store(uri.rstrip("/"), create["experiment"])
    return Store.embedded(uri, create["experiment"])
