"""What a person sees of a download: one bar on a terminal, plain log lines elsewhere."""

import logging
import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from potrun.fetch.catalogue import RemoteFile
from potrun.fetch.outcome import Outcome, State

log = logging.getLogger(__name__)

LINE_EVERY_S = 10.0
"""Least time between two plain progress lines."""


class FetchProgress:
    """Overall bytes, rate and files; one line for each file that is not there in the end."""

    def __init__(self, files: list[RemoteFile]) -> None:
        parts = [part for file in files for part in (file.label, file) if part is not None]
        self._left = {part.relative_path: part.estimated_bytes for part in parts}
        self.labels_absent = 0
        self._left_bytes = sum(self._left.values())
        self._n_files = len(files)
        self._n_done = 0
        self.received_bytes = 0
        self._started = self._last_line = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True, soft_wrap=True),  # a log line above the bar stays one line
                transient=True,
            )
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
            self._show()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def expect(self, file: RemoteFile, left_bytes: int) -> None:
        """So many bytes of the file are still to come."""
        self._left_bytes += left_bytes - self._left[file.relative_path]
        self._left[file.relative_path] = left_bytes
        self._show()

    def received(self, file: RemoteFile, n_bytes: int) -> None:
        """So many more have come."""
        self.received_bytes += n_bytes
        self.expect(file, max(0, self._left[file.relative_path] - n_bytes))

    def done(self, outcome: Outcome) -> None:
        """Count a file whose turn has ended."""
        self._n_done += 1
        self.expect(outcome.file, 0)
        where = outcome.file.relative_path
        if outcome.state is State.ABSENT:
            log.warning("%s: not on the server (%s)", where, outcome.reason)
        elif outcome.state is State.FAILED:
            log.error("%s: %s", where, outcome.reason)
        else:
            log.debug("%s: %s", where, outcome.state.value)

    def label_done(self, outcome: Outcome) -> None:
        """Note how the label of a table came; one that the server does not have is counted."""
        self.expect(outcome.file, 0)
        self.labels_absent += outcome.state is State.ABSENT
        if outcome.state is State.FAILED:
            log.error("%s: %s", outcome.file.relative_path, outcome.reason)

    def rate_bytes_s(self) -> float:
        """Mean rate since the start."""
        return self.received_bytes / max(time.monotonic() - self._started, 1e-3)

    @property
    def total_bytes(self) -> int:
        """What this download will have received in the end, as far as is known."""
        return self.received_bytes + self._left_bytes

    def _show(self) -> None:
        total = self.total_bytes
        if self._bar is not None and self._task is not None:
            text = f"files {self._n_done}/{self._n_files}"
            self._bar.update(self._task, description=text, completed=self.received_bytes, total=total)
        elif time.monotonic() - self._last_line >= LINE_EVERY_S:
            self._last_line = time.monotonic()
            log.info(
                "%d of %d files, %.1f of about %.1f MB, %.2f MB/s",
                self._n_done,
                self._n_files,
                self.received_bytes / 1e6,
                total / 1e6,
                self.rate_bytes_s() / 1e6,
            )
