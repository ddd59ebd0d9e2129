"""A Dask scheduler and workers as separate processes on this machine's loopback."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class DaskCluster:
    """What `dask scheduler` and `dask worker` start; `address` is the scheduler's."""

    def __init__(self, folder: Path, workers: int, allowed_failures: int) -> None:
        self._folder = folder
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures),
        }
        self._file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--no-dashboard")
        self._wanted = workers
        self.workers: list[subprocess.Popen[bytes]] = []
        self.keep_up()

    def add_worker(self) -> None:
        """Start one more worker, a single process that nothing starts again."""
        self.workers.append(self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard"))

    def keep_up(self) -> None:
        """Put new workers in the place of those that died."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < self._wanted:
            self.add_worker()

    def _start(self, kind: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1"]
        log = (self._folder / f"{kind}.log").open("ab")
        return subprocess.Popen(
            [*command, "--scheduler-file", str(self._file), *words],
            env=self._environment, cwd=self._folder, stdout=log, stderr=log,
        )  # fmt: skip

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return str(json.loads(self._file.read_text())["address"])
            except (OSError, ValueError):
                assert time.monotonic() < deadline, "the Dask scheduler did not start"
                time.sleep(0.05)

    def stop(self) -> None:
        """End all processes."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def dask_cluster(folder: Path, workers: int = 2, allowed_failures: int = 1) -> Iterator[DaskCluster]:
    """Start a cluster and end it."""
    cluster = DaskCluster(folder, workers, allowed_failures)
    try:
        yield cluster
    finally:
        cluster.stop()
