"""Sends a journal's records to an MLflow store: in order, once, from where the last sending stopped."""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from potrun.tracking.abandoned import JOURNAL_TAG, KEY_TAG, close_abandoned
from potrun.tracking.journal import Journal
from potrun.tracking.limits import MAX_LABELS, MAX_METRICS
from potrun.tracking.schema import Record
from potrun.tracking.store import Store, first_line

log = logging.getLogger(__name__)

BY_KEY = "key:"

_REFUSALS = {
    "BAD_REQUEST",
    "ENDPOINT_NOT_FOUND",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "NOT_FOUND",
    "PERMISSION_DENIED",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_DOES_NOT_EXIST",
}
_TRY_AGAIN_STATUS = {408, 429}


class StoreDownError(Exception):
    """The store did not take a record now; it may later."""


class Sender:
    """Hands records over to one store.

    Parameters
    ----------
    store : Store
        Opened at the first record, and again after it was lost.
    journal : Journal
        Its count of confirmed records moves on with every success.
    """

    def __init__(self, store: Store, journal: Journal) -> None:
        self.store = store
        self.journal = journal
        self._client: Any = None
        self._experiment_id = ""

    @property
    def experiment_id(self) -> str:
        """The experiment's id in the store; no text before it was opened."""
        return self._experiment_id

    def open(self) -> None:
        """Open the store now, so that its absence is seen before anything is computed.

        Raises
        ------
        TrackingUnreachableError
            If it cannot be opened.
        """
        if self._client is None:
            self._client, self._experiment_id = self.store.open()

    def close_abandoned(self) -> None:
        """Close what dead processes of this host left open (see :mod:`potrun.tracking.abandoned`)."""
        close_abandoned(self.store, self._client, self._experiment_id)

    def send(self, records: Sequence[Record]) -> None:
        """Send records that follow the confirmed ones.

        Raises
        ------
        StoreDownError
            At the first record that the store does not take now; those before it are confirmed.
        TrackingUnreachableError
            If the store cannot be opened.
        """
        self.open()
        for group in _groups(records):
            self._send_group(group)
            self.journal.confirm(len(group))

    def _send_group(self, group: Sequence[Record]) -> None:
        import requests
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            self._deliver(group)
        except (MlflowException, requests.RequestException, SQLAlchemyError, OSError) as error:
            if not _is_refusal(error) or group[0]["kind"] == "create":
                raise StoreDownError(first_line(error)) from error
            self._refused(group, error)

    def _refused(self, group: Sequence[Record], error: Exception) -> None:
        """Find the record that is at fault: one bad value must not cost its neighbours."""
        if len(group) > 1:
            for record in group:
                self._send_group([record])
            return
        reason = f"{self.store.uri} refuses {_describe(group[0])}: {first_line(error)}"
        log.error(reason)
        self.journal.reject(reason)

    def _deliver(self, group: Sequence[Record]) -> None:
        kind = group[0]["kind"]
        if kind in _BATCHED:
            self._send_batch(group)
        else:
            actions: dict[str, Callable[[Record], None]] = {
                "create": self._create,
                "dataset": self._send_dataset,
                "artifact": self._send_artifact,
                "finish": self._finish,
            }
            actions[kind](group[0])

    def _create(self, record: Record) -> None:
        journal = self.journal
        if journal.run_id is not None:
            return
        known = self._find(journal.key) if journal.was_attempted else None
        if known is None:
            journal.attempt()
            tags = {**record["tags"], KEY_TAG: journal.key, JOURNAL_TAG: str(journal.folder.absolute())}
            if record["parent"]:
                tags["mlflow.parentRunId"] = self._resolve(record["parent"])
            run = self._client.create_run(
                self._experiment_id, start_time=record["time_ms"], tags=tags, run_name=record["name"]
            )
            known = run.info.run_id
        journal.created(known)

    def _resolve(self, reference: str) -> str:
        """Turn what a job was told of its parent into a run id: a parent without an id yet is known by its key."""
        if not reference.startswith(BY_KEY):
            return reference
        parent = self._find(reference.removeprefix(BY_KEY))
        if parent is None:
            raise StoreDownError("the multirun it belongs to is not in the store yet: send the multirun's folder")
        return parent

    def _find(self, key: str) -> str | None:
        runs = self._client.search_runs([self._experiment_id], f"tags.`{KEY_TAG}` = '{key}'", max_results=1)
        return str(runs[0].info.run_id) if runs else None

    def _send_batch(self, group: Sequence[Record]) -> None:
        from mlflow.entities import Metric, Param, RunTag

        metrics = [
            Metric(key, value, record["time_ms"], record["step"])
            for record in group
            if record["kind"] == "metrics"
            for key, value in record["values"].items()
        ]
        params, tags = (
            [make(key, value) for record in group if record["kind"] == kind for key, value in record["values"].items()]
            for kind, make in (("params", Param), ("tags", RunTag))
        )
        self._client.log_batch(self.journal.run_id, metrics=metrics, params=params, tags=tags)

    def _send_dataset(self, record: Record) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(
            name=record["name"],
            digest=record["digest"][:36],
            source_type="local",
            source=json.dumps({"uri": record["source"], "digest": record["digest"]}),
        )
        self._client.log_inputs(
            self.journal.run_id,
            [DatasetInput(dataset=dataset, tags=[InputTag(key="mlflow.data.context", value="input")])],
        )

    def _send_artifact(self, record: Record) -> None:
        path = self.journal.run_dir / PurePosixPath(record["path"])
        # A journal may come from elsewhere: its links, .. and absolute paths must not carry other files into the store.
        if not path.resolve().is_relative_to(self.journal.run_dir.resolve()):
            raise FileNotFoundError(f"{record['path']} lies outside the run's folder {self.journal.run_dir}")
        self._client.log_artifact(self.journal.run_id, str(path), record["folder"])

    def _finish(self, record: Record) -> None:
        self._client.set_terminated(self.journal.run_id, status=record["status"], end_time=record["time_ms"])


_BATCHED = {"metrics": MAX_METRICS, "params": MAX_LABELS, "tags": MAX_LABELS}


def _groups(records: Sequence[Record]) -> list[list[Record]]:
    """Put neighbouring metrics, params and tags together, as many as one call may carry."""
    groups: list[list[Record]] = []
    counts: dict[str, int] = {}
    for record in records:
        kind = record["kind"]
        size = len(record["values"]) if kind in _BATCHED else 0
        counts[kind] = counts.get(kind, 0) + size
        fits = kind in _BATCHED and counts[kind] <= _BATCHED[kind] and sum(counts.values()) <= MAX_METRICS
        if groups and fits and groups[-1][0]["kind"] in _BATCHED:
            groups[-1].append(record)
        else:
            groups.append([record])
            counts = {kind: size}
    return groups


def _is_refusal(error: Exception) -> bool:
    """Tell a store that will never take a record from one that does not answer now."""
    if isinstance(error, FileNotFoundError):
        return True
    response = getattr(error, "response", None)
    if response is not None:
        return 400 <= response.status_code < 500 and response.status_code not in _TRY_AGAIN_STATUS
    return getattr(error, "error_code", None) in _REFUSALS


def _describe(record: Record) -> str:
    names = record.get("values") or {record.get("path") or record.get("name") or record.get("status"): None}
    return f"{record['kind']} {', '.join(map(str, names))}"
