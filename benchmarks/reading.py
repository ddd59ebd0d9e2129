"""How fast a day's table is read: first, again, and by pandas.

    python -m benchmarks.reading [sweeps]

Prints one table. Every reader runs in a process of its own, on one core, on the same simulated file; the best of
several rounds counts, because whatever else the machine does can only slow a reader down.
"""

import datetime as dt
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9
READERS = {
    "pandas": "pandas C reader (read_csv, blank separated)",
    "parse": "potrun, bytes to arrays (parsing alone)",
    "first": "potrun, first read (parsing, SHA-256, screening, writing the copy)",
    "again": "potrun, second read (from the copy)",
}


def main() -> None:
    """Print the table."""
    sweeps = int(sys.argv[1]) if len(sys.argv) > 1 else 1032
    with tempfile.TemporaryDirectory() as folder:
        path = make_table(Path(folder), sweeps)
        size = path.stat().st_size
        results = {name: run_reader(name, path) for name in READERS}
    print(f"{describe_machine()}; one table of {sweeps} sweeps, {size / 1e6:.2f} MB; best of {ROUNDS}, one core")
    print(f"{'reader':<68} {'ms':>8} {'MB/s':>8} {'x pandas':>9} {'CPU ms':>8} {'peak MB':>8}")
    for name, text in READERS.items():
        seconds, peak = results[name]["seconds"], results[name]["peak_mb"]
        processor = results[name]["processor"] * 1e3
        ratio = results["pandas"]["seconds"] / seconds
        print(f"{text:<68} {seconds * 1e3:8.1f} {size / seconds / 1e6:8.0f} {ratio:9.1f} {processor:8.1f} {peak:8.0f}")
    print(f"second read: {results['first']['seconds'] / results['again']['seconds']:.0f} times faster than the first")
    print("peak MB: most memory held above that of the imports; a mapped copy counts only where it was touched")


def make_table(folder: Path, sweeps: int) -> Path:
    """Write a day with sweeps 80 s apart."""
    from tests.support.tables import table_lines, write_day

    return write_day(folder, table_lines(sweeps, interval_s=86300 / sweeps)).path


def run_reader(name: str, path: Path) -> dict[str, float]:
    """Time a reader in a process of its own."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [
        sys.executable,
        "-c",
        f"from benchmarks.reading import time_reader; time_reader({name!r}, {str(path)!r})",
    ]
    done = subprocess.run(command, env={**os.environ, **threads}, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def time_reader(name: str, path: str) -> None:
    """Read the file several times; print the shortest time and the memory that reading added."""
    import pandas as pd

    from potrun.archive.rows import read_rows
    from potrun.archive.sidecar import FOLDER
    from potrun.archive.table import read_day
    from potrun.core.records import ArchiveDay

    table = Path(path)
    year, month, day = (int(table.stem[index : index + 2]) for index in (2, 4, 6))
    archive_day = ArchiveDay(dt.date(1900 + year, month, day), table, table.name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, processor = [], []
    for _ in range(ROUNDS):
        if name == "first":
            for copy in (table.parent / FOLDER).glob("*"):
                copy.unlink()
        start, start_processor = time.perf_counter(), time.process_time()
        if name == "pandas":
            pd.read_csv(table, sep=r"\s+", header=None, engine="c")
        elif name == "parse":
            read_rows(table.read_bytes())
        else:
            read_day(archive_day)
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - start_processor)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"seconds": min(seconds), "processor": min(processor), "peak_mb": peak}))


def describe_machine() -> str:
    """Name processor, system and versions."""
    import numpy as np
    import pandas as pd

    info = Path("/proc/cpuinfo")
    names = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in names if line.startswith("model name")), platform.machine())
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, pandas {pd.__version__}"
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, {versions}"


if __name__ == "__main__":
    main()
