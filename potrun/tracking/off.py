"""No tracking: every call is accepted and forgotten."""

from collections.abc import Mapping
from pathlib import Path

from potrun.tracking.base import Status


class NoTracker:
    """The tracker of ``tracking=off``."""

    @property
    def run_id(self) -> str | None:
        """None: there is no run."""
        return None

    @property
    def where(self) -> str:
        """That there is nothing to look at."""
        return "not tracked (tracking=off)"

    def start(
        self,
        name: str,
        params: Mapping[str, object],
        tags: Mapping[str, object],
        parent_run_id: str | None = None,
    ) -> None:
        """Do nothing."""

    def log_params(self, params: Mapping[str, object]) -> None:
        """Do nothing."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Do nothing."""

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Do nothing."""

    def log_dataset(self, name: str, digest: str, source: str) -> None:
        """Do nothing."""

    def log_artifact(self, path: Path, folder: str | None = None) -> None:
        """Do nothing."""

    def log_text(self, text: str, name: str) -> None:
        """Do nothing."""

    def finish(self, status: Status) -> bool:  # noqa: ARG002
        """Return True: nothing is left to send."""
        return True
