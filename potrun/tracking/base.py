"""What every tracker offers to a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import quote

Status = Literal["FINISHED", "FAILED", "KILLED"]

PARENT_VARIABLE = "POTRUN_PARENT_RUN_ID"
"""Environment variable by which the jobs of a multirun learn their parent run."""

CONFIG_ARTIFACT = "config.yaml"
"""Name of the artifact that holds a run's resolved configuration."""

NOTE_TAG = "mlflow.note.content"
"""The tag that MLflow's page shows as the run's description, in Markdown."""


def picture_link(run_id: str | None, path: str, title: str) -> str:
    """Return the Markdown that shows an artifact in a description; no text as long as the run has no id."""
    return "" if run_id is None else f"![{title}](get-artifact?path={quote(path, safe='')}&run_uuid={run_id})"


class Tracker(Protocol):
    """The record of one run; no method but `start` waits for the store or fails because of it."""

    @property
    def run_id(self) -> str | None:
        """The run's id in the store; None before `start`, without tracking, or while the store is unreachable."""

    @property
    def where(self) -> str:
        """How a person looks at the record: the run's id, with the address or the command that opens it."""

    def start(
        self,
        name: str,
        params: Mapping[str, object],
        tags: Mapping[str, object],
        parent_run_id: str | None = None,
    ) -> None:
        """Open the run; `parent_run_id` defaults to the multirun that this process belongs to."""

    def log_params(self, params: Mapping[str, object]) -> None:
        """Record settings; a text too long for the store is kept whole as an artifact."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record numbers; returns at once, the numbers are sent in batches from the background."""

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set searchable labels; a text too long for the store is kept whole as an artifact."""

    def log_dataset(self, name: str, digest: str, source: str) -> None:
        """Record the input; a digest longer than 36 characters keeps its first 36 in the store."""

    def log_artifact(self, path: Path, folder: str | None = None) -> None:
        """Keep a file with the run; files outside the run's folder are copied before this returns."""

    def log_text(self, text: str, name: str) -> None:
        """Keep a text as the artifact `name` (forward slashes make folders)."""

    def finish(self, status: Status) -> bool:
        """Send what is left and close the run; False if something stays unsent in the run's folder."""
