"""The tracker that records a run in an MLflow store, without ever making the run wait for it."""

import atexit
import logging
import os
import shlex
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from potrun.core.errors import PotrunError, TrackingUnreachableError
from potrun.core.progress import waiting
from potrun.tracking.base import PARENT_VARIABLE, Status
from potrun.tracking.environment import environment_tags, now_ms
from potrun.tracking.journal import Journal
from potrun.tracking.limits import (
    MAX_LABELS,
    MAX_METRICS,
    MAX_PARAM_CHARACTERS,
    MAX_TAG_CHARACTERS,
    chunks,
    safe_key,
)
from potrun.tracking.schema import Record
from potrun.tracking.sender import BY_KEY, Sender, StoreDownError
from potrun.tracking.store import Store
from potrun.tracking.system_metrics import SystemSampler

log = logging.getLogger(__name__)

SEND_EVERY_S = 1.5
UI_COMMAND = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --workers 1 --backend-store-uri"
"""Opens an embedded store in a browser with one process instead of five."""
RETRY_EVERY_S = 15.0


class MlflowTracker:
    """The record of one run in an MLflow store.

    Every call writes one line to the run's journal and returns; a background thread sends the journal in batches. When
    the store stops answering, the run goes on, the thread keeps trying, and what is left at the end stays in the run's
    folder for ``python -m potrun.sync``.

    Parameters
    ----------
    store : Store
        The MLflow store.
    run_dir : Path
        The run's own folder.
    is_required : bool
        Whether `start` fails if the store cannot be opened.
    """

    def __init__(self, store: Store, run_dir: Path, is_required: bool = True) -> None:
        self.store = store
        self.run_dir = run_dir
        self.is_required = is_required
        self._journal: Journal | None = None
        self._sender: Sender | None = None
        self._pending: list[Record] = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._is_down = False
        self._last_metrics: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self._sampler = SystemSampler(self.log_metrics)

    @property
    def run_id(self) -> str | None:
        """The run's id in the store; None before `start` or while the store is unreachable."""
        return self._journal.run_id if self._journal else None

    @property
    def where(self) -> str:
        """The run's id, with the address or the command that opens it."""
        if self.run_id is None or self._sender is None:
            command = f"python -m potrun.sync {self.run_dir} uri={self.store.uri}"
            return f"no store took the record, it is kept in {self.run_dir}: `{command}`"
        page = f"/#/experiments/{self._sender.experiment_id}/runs/{self.run_id}"
        if self.store.is_server:
            return f"run {self.run_id}: {self.store.uri}{page}"
        return f"run {self.run_id}: {UI_COMMAND} {shlex.quote(self.store.uri)}, then http://127.0.0.1:5000{page}"

    @property
    def reference(self) -> str:
        """What children name as their parent: the run's id, or its key as long as it has none."""
        return self.run_id or BY_KEY + self._started().key

    def start(
        self,
        name: str,
        params: Mapping[str, object],
        tags: Mapping[str, object],
        parent_run_id: str | None = None,
    ) -> None:
        """Open the run.

        Raises
        ------
        TrackingUnreachableError
            If the store cannot be opened and tracking is required.
        """
        if self._journal is not None:
            raise PotrunError(f"{self.run_dir}: this tracker has already started a run; make another one")
        journal = Journal.create(self.run_dir)
        journal.acquire()
        self._journal, self._sender = journal, Sender(self.store, journal)
        create: Record = {
            "kind": "create",
            "name": name,
            "parent": parent_run_id or os.environ.get(PARENT_VARIABLE),
            "uri": self.store.uri,
            "experiment": self.store.experiment,
            "artifacts": self.store.artifacts,
            "tags": environment_tags(),
            "time_ms": now_ms(),
        }
        self._add(create)
        self.set_tags(tags)
        self.log_params(params)
        with waiting(f"opening the tracking store {self.store.uri}"):
            self._open_run(journal)
        atexit.register(self._finish_at_exit)
        self._thread = threading.Thread(target=self._send_in_background, name="potrun-tracking", daemon=True)
        self._thread.start()
        self._sampler.start()

    def log_params(self, params: Mapping[str, object]) -> None:
        """Record settings; a text too long for the store is kept whole as an artifact."""
        self._add_labels("params", params, MAX_PARAM_CHARACTERS)

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set searchable labels; a text too long for the store is kept whole as an artifact."""
        self._add_labels("tags", tags, MAX_TAG_CHARACTERS)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record numbers; returns at once."""
        values = {safe_key(key): float(value) for key, value in metrics.items()}
        self._last_metrics |= values
        for chunk in chunks(values, MAX_METRICS):
            self._add({"kind": "metrics", "values": chunk, "step": step or 0, "time_ms": now_ms()})

    def log_dataset(self, name: str, digest: str, source: str) -> None:
        """Record the input; a digest longer than 36 characters keeps its first 36 in the store."""
        self._add({"kind": "dataset", "name": name[:500], "digest": digest, "source": source})

    def log_artifact(self, path: Path, folder: str | None = None) -> None:
        """Keep a file with the run; files outside the run's folder are copied before this returns."""
        self._add({"kind": "artifact", "path": self._started().keep_file(Path(path)), "folder": folder})

    def log_text(self, text: str, name: str) -> None:
        """Keep a text as the artifact `name` (forward slashes make folders)."""
        folder, _, file_name = name.rpartition("/")
        path = self._started().keep_text(text, file_name)
        self._add({"kind": "artifact", "path": path, "folder": folder or None})

    def finish(self, status: Status) -> bool:
        """Send what is left and close the run; without a run, or a second time, it changes nothing.

        Returns
        -------
        bool
            False if something stays unsent in the run's folder.
        """
        journal = self._journal
        if journal is None or self._ending.is_set():
            return journal is None or journal.is_complete
        self._sampler.stop()
        self._add({"kind": "finish", "status": status, "time_ms": now_ms()})
        journal.summarise({"status": status, "metrics": self._last_metrics})
        self._ending.set()
        atexit.unregister(self._finish_at_exit)
        with waiting(f"sending the record to {self.store.uri}"):
            if self._thread is not None:
                self._thread.join()
            for pause_s in (0.0,) if self._is_down else (0.0, 2.0):
                time.sleep(pause_s)
                self._send_pending()
                if not self._pending:
                    break
        left = len(self._pending)
        if left:
            log.warning(
                "%d records of this run are not in %s; they are kept in %s: send them with"
                " `python -m potrun.sync %s uri=%s`",
                left,
                self.store.uri,
                journal.folder,
                self.run_dir,
                self.store.uri,
            )
        else:
            journal.close()
        journal.release()
        return not left

    def _started(self) -> Journal:
        if self._journal is None:
            raise PotrunError("the tracker was used before start(): call start() first")
        return self._journal

    def _open_run(self, journal: Journal) -> None:
        """Create the run in the store, or decide to do without for now."""
        assert self._sender is not None
        try:
            self._sender.open()
            self._sender.send(self._pending)
            self._pending.clear()
            self._sender.close_abandoned()
        except (TrackingUnreachableError, StoreDownError) as error:
            if self.is_required:
                journal.discard()
                self._journal = None
                if isinstance(error, TrackingUnreachableError):
                    raise
                raise TrackingUnreachableError(f"tracking store {self.store.uri} took no new run: {error}") from error
            self._is_down = True
            log.warning("%s; the run goes on and keeps its record in %s", error, journal.folder)

    def _add(self, record: Record) -> None:
        journal = self._started()
        if self._ending.is_set():
            raise PotrunError("the tracker was used after finish(): its run is closed")
        with self._lock:
            journal.append(record)
            self._pending.append(record)

    def _add_labels(self, kind: str, labels: Mapping[str, object], limit: int) -> None:
        values: dict[str, str] = {}
        for key, value in labels.items():
            text, safe = str(value), safe_key(key)
            if len(text) > limit:
                name = f"{kind}/{safe.replace('/', '.')}.txt"
                self.log_text(text, name)
                text = f"{len(text)} characters, see artifact {name}"
            values[safe] = text
        for chunk in chunks(values, MAX_LABELS):
            self._add({"kind": kind, "values": chunk})

    def _send_in_background(self) -> None:
        while not self._ending.wait(RETRY_EVERY_S if self._is_down else SEND_EVERY_S):
            self._send_pending()

    def _send_pending(self) -> None:
        """Send what has gathered; only ever called by one thread at a time."""
        assert self._sender is not None
        with self._lock:
            records = list(self._pending)
        if not records:
            return
        before = self._sender.journal.sent
        try:
            self._sender.send(records)
        except (TrackingUnreachableError, StoreDownError) as error:
            if not self._is_down:
                log.warning("tracking store %s does not answer, the run goes on: %s", self.store.uri, error)
            self._is_down = True
        else:
            if self._is_down:
                log.info("tracking store %s answers again", self.store.uri)
            self._is_down = False
        with self._lock:
            del self._pending[: self._sender.journal.sent - before]

    def _finish_at_exit(self) -> None:
        """Close a run that its owner left open, so that it does not stay RUNNING for ever."""
        self.finish("FAILED")
