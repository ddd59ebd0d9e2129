"""Day tables made line by line, for tests of the reader."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from potrun.archive.layout import relative_table_path
from potrun.core.records import ArchiveDay

DATE = dt.date(1998, 8, 20)
LEVELS = 16680.334 * 0.6483 ** np.arange(15)
MISSING_FLUX, WRONG_FLUX = b"9.999E-99", b"-9.99E-99"
MISSING_PHI, WRONG_PHI = b"999.99", b"998.99"


def table_lines(n_sweeps: int, date: dt.date = DATE, seed: int = 0, interval_s: float = 80.0) -> list[bytes]:
    """Lines of a well-formed table in fixed columns, without line ends; sweeps are numbered from 1."""
    rng = np.random.default_rng(seed)
    lines = []
    for sweep in range(n_sweeps):
        for row, energy in enumerate(LEVELS):
            time = dt.datetime.combine(date, dt.time()) + dt.timedelta(seconds=int(36 + interval_s * sweep + 2.5 * row))
            unix = (time - dt.datetime(1970, 1, 1)).total_seconds()
            field = rng.normal(0, 8, 3)
            flux = rng.poisson(3, 88) * 10.0 ** rng.uniform(-3, 6, 88)
            phi = rng.uniform(0, 360, 88)
            lines.append(
                (
                    f"{time:%Y-%m-%dT%H:%M:%S}{unix:14.1f}{energy:11.3f}{sweep + 1:6d}"
                    + "".join(f"{value:12.6f}" for value in field)
                    + "".join(f" {value:9.3E}" for value in flux)
                    + "".join(f"{value:7.2f}" for value in phi)
                ).encode()
            )
    return lines


def with_field(line: bytes, index: int, value: bytes) -> bytes:
    """Replace one blank-separated field (counted from 0), keeping its end in place."""
    end = 0
    for _ in range(index + 1):
        start = len(line) - len(line[end:].lstrip())
        end = start + len(line[start:].split(maxsplit=1)[0])
    start = end - max(end - start, len(value))
    return line[:start] + value.rjust(end - start) + line[end:]


def join(lines: Sequence[bytes], end: bytes = b"\r\n") -> bytes:
    return end.join([*lines, b""])


def write_day(root: Path, lines: Sequence[bytes] | bytes, date: dt.date = DATE) -> ArchiveDay:
    """Put a table where an archive has it."""
    name = relative_table_path(date)
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lines if isinstance(lines, bytes) else join(lines))
    return ArchiveDay(date, path, name)
