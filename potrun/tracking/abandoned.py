"""Runs in a store that stay RUNNING because their process is gone."""

import logging
import socket
from pathlib import Path
from typing import Any

from potrun.core.errors import DataError, TrackingUnreachableError
from potrun.tracking.environment import is_gone
from potrun.tracking.journal import Journal
from potrun.tracking.schema import Record
from potrun.tracking.store import Store

log = logging.getLogger(__name__)

KEY_TAG = "potrun.key"
"""The tag by which a store knows a run again even if the answer to its creation was lost."""

JOURNAL_TAG = "potrun.journal"
"""Names the folder of a run's journal on its host, so that another process can see how the run ended."""


def close_abandoned(store: Store, client: Any, experiment_id: str) -> None:
    """Close runs whose process on this host is gone: as what their journal says that they were.

    A run whose rest waits for `potrun.sync` has ended all the same; one that was killed outright left no end. A store
    that does not take it is a warning: it is other runs that are not closed.

    Parameters
    ----------
    store : Store
        The store.
    client : mlflow.tracking.MlflowClient
        Of it.
    experiment_id : str
        Whose runs are looked through.
    """
    try:
        with store.troubles():
            runs = client.search_runs(
                [experiment_id], f"attributes.status = 'RUNNING' and tags.host = '{socket.gethostname()}'"
            )
            for run in runs:
                if is_gone(run.data.tags["host"], run.data.tags.get("process", "")):
                    _close(client, run)
    except TrackingUnreachableError as error:
        log.warning("runs that were killed earlier may stay RUNNING: %s", error)


def _close(client: Any, run: Any) -> None:
    tags, name = run.data.tags, f"{run.info.run_id} ({run.info.run_name})"
    end = _end_of(Path(tags.get(JOURNAL_TAG, "")), tags.get(KEY_TAG, ""))
    if end is None:
        client.set_terminated(run.info.run_id, status="KILLED")
        log.warning("run %s had died without a word: closed as KILLED", name)
    else:
        client.set_terminated(run.info.run_id, status=end["status"], end_time=end["time_ms"])
        log.warning("run %s had ended as %s, its record had not: closed as that", name, end["status"])


def _end_of(folder: Path, key: str) -> Record | None:
    """Return the end that a run wrote into its journal; None if it wrote none, or the journal is not there."""
    if not key or folder.name.partition("-")[2] != key or not folder.is_dir():
        return None
    try:
        return Journal(folder).end()
    except DataError as error:
        log.warning("%s", error)
        return None
