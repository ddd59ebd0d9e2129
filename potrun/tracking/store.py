"""Where a run is recorded: which MLflow store, and how it is opened safely."""

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filelock import FileLock

from potrun.core.errors import TrackingUnreachableError, UsageError
from potrun.core.settings import TrackingConfig
from potrun.tracking.answering import require_answer
from potrun.tracking.pages import TAGS, dress

_MLFLOW_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # It prints tracebacks of errors that it raises as well.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "GIT_PYTHON_REFRESH": "quiet",
    # The defaults let one call to a dead server take minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}


def import_client() -> Any:
    """Import MLflow's client class with telemetry off and short network patience; what the user has set wins."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for name, value in _MLFLOW_SETTINGS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from mlflow.tracking import MlflowClient

    return MlflowClient


def start_dir() -> Path:
    """Return the directory where the command was started, even if Hydra has changed into the run's folder."""
    if "hydra.core.hydra_config" in sys.modules:
        from hydra.core.hydra_config import HydraConfig

        if HydraConfig.initialized():
            return Path(HydraConfig.get().runtime.cwd)
    return Path.cwd()


def default_database() -> Path:
    """Return the absolute path of the embedded store: ``outputs/mlflow.db`` where the command was started."""
    return start_dir() / "outputs" / "mlflow.db"


@dataclass(frozen=True)
class Store:
    """An MLflow store and the experiment in it; `artifacts` is where an embedded store keeps its files."""

    uri: str
    experiment: str
    artifacts: str | None = None

    @classmethod
    def from_config(cls, cfg: TrackingConfig) -> "Store":
        """Resolve the settings to absolute places.

        Raises
        ------
        UsageError
            If ``tracking.uri`` does not fit ``tracking.kind``.
        """
        if cfg.kind == "server":
            if not (cfg.uri and re.match(r"https?://[^/]", cfg.uri)):
                raise UsageError(
                    f"tracking=server needs the server's address but tracking.uri={cfg.uri}:"
                    " give tracking.uri=http://host:port"
                )
            return cls(cfg.uri.rstrip("/"), cfg.experiment)
        return cls.embedded(cfg.uri, cfg.experiment)

    @classmethod
    def embedded(cls, uri: str | None, experiment: str) -> "Store":
        """Return the store in an SQLite file; `uri` is a path, a ``sqlite:///`` address, or None for the default."""
        if uri is None:
            database = default_database()
        elif "://" in uri and not uri.startswith("sqlite:///"):
            raise UsageError(
                f"tracking.uri={uri} is not an SQLite file: give sqlite:///path/to/mlflow.db, or choose tracking=server"
            )
        else:
            database = start_dir() / uri.removeprefix("sqlite:///")
        folder = database.parent / "mlartifacts" / quote(experiment, safe=" ")
        return cls(f"sqlite:///{database}", experiment, folder.as_uri())

    @property
    def is_server(self) -> bool:
        """True if the store is reached over the network."""
        return self.artifacts is None

    @property
    def database(self) -> Path:
        """The file of an embedded store."""
        return Path(self.uri.removeprefix("sqlite:///"))

    def open(self) -> tuple[Any, str]:
        """Open the store, create it and the experiment if they are not there.

        Returns
        -------
        client : mlflow.tracking.MlflowClient
        experiment_id : str

        Raises
        ------
        TrackingUnreachableError
            If the server does not answer, answers as something else, or the file cannot be opened.
        """
        if self.is_server:
            return self._open()
        self._check_path()
        try:
            self.database.parent.mkdir(parents=True, exist_ok=True)
            # Processes that create the tables at once destroy each other's work.
            with FileLock(f"{self.database}.lock"):
                if not self.database.exists() or self.database.stat().st_size == 0:
                    self._create()
                return self._open()
        except OSError as error:
            raise TrackingUnreachableError(f"tracking store {self.database} cannot be opened: {error}") from error

    def _create(self) -> None:
        """Make the tables in a file that takes the store's name once it has all of them.

        A process killed midway would leave tables that MLflow neither completes nor opens.
        """
        import_client()
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        new = self.database.with_name(f".{self.database.name}.new")
        new.unlink(missing_ok=True)
        try:
            with self.troubles():
                SqlAlchemyStore(f"sqlite:///{new}", self.artifacts).engine.dispose()
            new.replace(self.database)
        finally:
            new.unlink(missing_ok=True)

    def _check_path(self) -> None:
        """Refuse a path that SQLite's address cannot carry or that is no file, before anything is made there."""
        if re.search(r"[?#]|%[0-9a-fA-F]{2}", str(self.database)):
            raise TrackingUnreachableError(
                f"tracking store {self.database} cannot be opened: in an SQLite address ?, # and codes such as %20 mean"
                " something else; give tracking.uri a path without them"
            )
        if self.database.is_dir():
            raise TrackingUnreachableError(
                f"tracking store {self.database} is a folder: give tracking.uri a file, as {self.database}/mlflow.db"
            )

    def connect(self) -> Any:
        """Return a client of a store that is there already, changing nothing in it.

        Raises
        ------
        TrackingUnreachableError
            If the server does not answer, or the file is no store of this MLflow.
        """
        if self.is_server:
            require_answer(self.uri)
        client_class = import_client()
        with self.troubles():
            return client_class(tracking_uri=self.uri)

    def _open(self) -> tuple[Any, str]:
        client = self.connect()
        with self.troubles():
            return client, self._experiment_id(client)

    @contextmanager
    def troubles(self) -> Iterator[None]:
        """Turn what MLflow and its database raise over a store into one line.

        Raises
        ------
        TrackingUnreachableError
        """
        import requests
        from alembic.util import CommandError
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (MlflowException, SQLAlchemyError, CommandError, requests.RequestException) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> TrackingUnreachableError:
        text = str(error)
        if match := re.search(r"database schema \(found version (\w+), but expected (\w+)", text):
            return TrackingUnreachableError(
                f"tracking store {self.uri} was made by another MLflow (its tables are {match[1]}, this one's"
                f" {match[2]}): use that MLflow, give another tracking.uri, or, if it was an older one, make a copy and"
                f" bring the store up to date with `mlflow db upgrade {self.uri}`"
            )
        if re.search(r"table \w+ already exists", text):
            return TrackingUnreachableError(
                f"tracking store {self.uri} holds only a part of its tables, as a process leaves it when it is killed"
                " while making them: delete that file, or give another tracking.uri"
            )
        if match := re.search(r"too many (\d+) error responses", text):
            return TrackingUnreachableError(
                f"tracking server {self.uri} answers with HTTP status {match[1]}: see its log, and that of a proxy"
                " between"
            )
        return TrackingUnreachableError(
            f"tracking store {self.uri} cannot be used: {first_line(error)}; check tracking.uri"
        )

    def _experiment_id(self, client: Any) -> str:
        from mlflow.exceptions import MlflowException

        found = client.get_experiment_by_name(self.experiment)
        if found is None:
            try:
                return str(client.create_experiment(self.experiment, self.artifacts, TAGS))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
                found = client.get_experiment_by_name(self.experiment)
        if found.lifecycle_stage == "deleted":
            raise UsageError(
                f"tracking.experiment={self.experiment} was deleted from {self.uri}: choose another name,"
                f" or restore it with `mlflow experiments restore --experiment-id {found.experiment_id}`"
            )
        if not found.experiment_id:
            raise TrackingUnreachableError(f"{self.uri} answers, but not as an MLflow server does: check tracking.uri")
        dress(client, found.experiment_id, found.tags)
        return str(found.experiment_id)


def first_line(error: BaseException) -> str:
    """Shorten an error to its first line, at most 300 characters."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]
