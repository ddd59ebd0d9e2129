"""Finds what a tracked run has left behind, by its MLflow run id."""

import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from potrun.core.errors import NoDataError, TrackingUnreachableError, UsageError
from potrun.tracking.base import CONFIG_ARTIFACT
from potrun.tracking.store import Store, default_database, first_line


def find_result(run_id: str, uri: str | None = None) -> Path:
    """Return the result file of a tracked run.

    Parameters
    ----------
    run_id : str
        The run's id, 32 hexadecimal digits.
    uri : str, optional
        The store: a server's address, the path of an SQLite file, or None for the default store.

    Returns
    -------
    Path
        The artifact where it lies, or a copy in a temporary folder if the store is a server.

    Raises
    ------
    UsageError
        If `run_id` is not an id, or the store holds no such run.
    NoDataError
        If the run has no result.
    TrackingUnreachableError
        If the store does not answer.
    """
    return _find(run_id, uri, r".*\.npz", "result: it failed or was stopped, or is the parent of a multirun")


def find_config(run_id: str, uri: str | None = None) -> Path:
    """Return the resolved configuration of a tracked run; as :func:`find_result`."""
    return _find(run_id, uri, re.escape(CONFIG_ARTIFACT), "configuration: it was not made by potrun")


def _find(run_id: str, uri: str | None, name: str, absence: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{32}", run_id):
        raise UsageError(f"{run_id} is no MLflow run id: expected 32 hexadecimal digits")
    store = _store(uri)
    client = store.connect()
    import requests
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
        found = [item.path for item in client.list_artifacts(run_id) if re.fullmatch(name, item.path)]
        if not found:
            raise NoDataError(f"run {run_id} ({run.info.run_name}, {run.info.status}) in {store.uri} has no {absence}")
        return _local(client, run, found[0])
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            raise UsageError(f"{store.uri} holds no run {run_id}: give another id, or the store's address") from error
        raise TrackingUnreachableError(f"{store.uri}: {first_line(error)}") from error
    except requests.RequestException as error:
        raise TrackingUnreachableError(f"{store.uri}: {first_line(error)}") from error


def _store(uri: str | None) -> Store:
    if uri is not None and uri.startswith(("http://", "https://")):
        return Store(uri.rstrip("/"), "")
    store = Store.embedded(uri, "")
    if not store.database.exists():
        given = "" if uri else f" (the default is {default_database()})"
        raise NoDataError(f"no tracking store at {store.database}{given}: give its address")
    return store


def _local(client: Any, run: Any, artifact: str) -> Path:
    place = urlparse(run.info.artifact_uri)
    if place.scheme == "file":
        path = Path(unquote(place.path)) / artifact
        if not path.exists():
            raise NoDataError(f"{path} of run {run.info.run_id} is gone: the store's artifacts were moved or deleted")
        return path
    return Path(client.download_artifacts(run.info.run_id, artifact, tempfile.mkdtemp(prefix="potrun-")))
