"""Samples of the machine's load while a run goes on, under the names that MLflow's system page shows."""

import shutil
import subprocess
import threading
from collections.abc import Callable

import psutil

SAMPLE_EVERY_S = 5.0
MEGABYTE = 1e6


class SystemSampler:
    """Logs CPU, memory and GPU use every few seconds from a thread of its own.

    Parameters
    ----------
    log_metrics : callable
        Takes a dictionary of values and a step.
    every_s : float
        Seconds between samples.
    """

    def __init__(self, log_metrics: Callable[[dict[str, float], int], None], every_s: float = SAMPLE_EVERY_S) -> None:
        self._log_metrics = log_metrics
        self._every_s = every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="potrun-system-metrics", daemon=True)
        self._process = psutil.Process()
        self._nvidia_smi = shutil.which("nvidia-smi")

    def start(self) -> None:
        """Begin to sample."""
        # The first values of a percentage are measured from here on.
        psutil.cpu_percent()
        self._process.cpu_percent()
        self._thread.start()

    def stop(self) -> None:
        """Take a last sample and end."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        step = 0
        while True:
            ended = self._ending.wait(self._every_s)
            self._log_metrics(self.sample(), step)
            step += 1
            if ended:
                return

    def sample(self) -> dict[str, float]:
        """Measure once.

        Returns
        -------
        dict
            Percentages and megabytes, keyed by MLflow's ``system/`` names.
        """
        memory = psutil.virtual_memory()
        values = {
            "system/cpu_utilization_percentage": psutil.cpu_percent(),
            "system/system_memory_usage_megabytes": memory.used / MEGABYTE,
            "system/system_memory_usage_percentage": memory.percent,
            "system/process_cpu_utilization_percentage": self._process.cpu_percent(),
            "system/process_memory_megabytes": self._process.memory_info().rss / MEGABYTE,
        }
        return values | self._sample_gpus()

    def _sample_gpus(self) -> dict[str, float]:
        if self._nvidia_smi is None:
            return {}
        query = ["--query-gpu=utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits"]
        try:
            done = subprocess.run([self._nvidia_smi, *query], capture_output=True, text=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return {}
        return parse_gpus(done.stdout) if done.returncode == 0 else {}


def parse_gpus(text: str) -> dict[str, float]:
    """Read what nvidia-smi says: a line per GPU of utilisation (%), used and total memory (MiB)."""
    values: dict[str, float] = {}
    for index, line in enumerate(text.strip().splitlines()):
        try:
            use, used, total = (float(word) for word in line.split(","))
        except ValueError:
            continue  # a GPU that does not tell, such as one that is shared, prints "[N/A]"
        values[f"system/gpu_{index}_utilization_percentage"] = use
        values[f"system/gpu_{index}_memory_usage_megabytes"] = used * 1.048576
        values[f"system/gpu_{index}_memory_usage_percentage"] = 100.0 * used / total
    return values
