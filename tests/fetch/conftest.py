"""A small simulated archive behind a server that can misbehave."""

import datetime as dt
import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from potrun.archive.layout import relative_table_path
from potrun.cli.fetch import run
from potrun.fetch import catalogue
from tests.support.faulty_server import FaultyServer

DAYS = [dt.date(1998, 6, 7), dt.date(1998, 6, 8), dt.date(1998, 6, 9)]
DAY = relative_table_path(DAYS[1])
LABEL = DAY.replace(".TAB", ".xml")
KERNEL = "spice_kernels/lp_ask_980601-981031.bsp"


@cache
def table_bytes(date: dt.date, n_rows: int = 200) -> bytes:
    """Rows of 183 fields in which every row differs, so that joining at the wrong place shows."""
    rows = [
        f"{date}T00:00:00 {row:10d}.0 " + " ".join(f"{row * 1000 + n:8d}" for n in range(181)) for row in range(n_rows)
    ]
    return "".join(f"{text}\r\n" for text in rows).encode()


def label_bytes(name: str, data: bytes, **stated: object) -> bytes:
    """A label in the form of PDS4 that states what is true of a table, or what is given."""
    told = {"file_size": len(data), "records": data.count(b"\n"), "record_length": "", "md5_checksum": "", **stated}
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1">
  <Identification_Area><title>simulated</title></Identification_Area>
  <File_Area_Observational>
    <File>
      <file_name>{name}</file_name>
      <file_size unit="byte">{told["file_size"]}</file_size>
      <md5_checksum>{told["md5_checksum"]}</md5_checksum>
    </File>
    <Table_Character>
      <offset unit="byte">0</offset>
      <records>{told["records"]}</records>
      <Record_Character><record_length unit="byte">{told["record_length"]}</record_length></Record_Character>
    </Table_Character>
  </File_Area_Observational>
</Product_Observational>
""".encode()


def with_label(name: str, data: bytes) -> dict[str, bytes]:
    """A table and its label by their paths."""
    return {name: data, name.replace(".TAB", ".xml"): label_bytes(Path(name).name, data)}


def content() -> dict[str, bytes]:
    """The files of the archive by their path below the root."""
    files = {}
    for date in DAYS:
        files |= with_label(relative_table_path(date), table_bytes(date))
    files["theta.tab"] = b"".join(
        b"%6.2f\r\n" % (sign * theta) * cells
        for theta, cells in ((78.75, 4), (56.25, 8), (33.75, 16), (11.25, 16))
        for sign in (1, -1)
    )
    files["attitude.tab"] = b"1998-06-01T00:00, 12.000, 350.10,  86.20\r\n1998-07-01T00:00, 12.000, 351.10,  86.30\r\n"
    files["spice_kernels/latest_leapseconds.tls"] = b"KPL/LSK\n\\begindata\nDELTET/DELTA_AT = ( 10, @1972-JAN-1 )\n"
    for name in ("pck00011.tpc", "lpephemu.bsp", "lp_ask_980601-981031.bsp"):
        files[f"spice_kernels/{name}"] = name.encode() * 5000
    return files


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    logger = logging.getLogger("potrun")
    before = logger.handlers[:], logger.propagate, logger.level
    yield
    logger.handlers[:], logger.propagate = before[:2]
    logger.setLevel(before[2])


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The archive's content, with its digests in the place of the published ones."""
    made = content()
    digests = {
        Path(name).name: ("sha1", hashlib.sha1(data).hexdigest())
        for name, data in made.items()
        if "/l" in name or "pck" in name
    }
    digests.pop("latest_leapseconds.tls")
    monkeypatch.setattr(catalogue, "DIGESTS", digests)
    return made


@pytest.fixture
def server(files: dict[str, bytes]) -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        for path, data in files.items():
            running.put(path, data)
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def words(server: FaultyServer, root: Path) -> list[str]:
    """The command line of a quick download of one day."""
    return [
        "year=1998",
        "month=6",
        "day=8",
        f"archive.root={root}",
        f"fetch.base_urls.mirror={server.url}",
        "fetch.backoff_s=0.01",
        "fetch.backoff_max_s=0.05",
        "fetch.timeout_s=5",
    ]


def merged(words: Sequence[str], more: Sequence[str]) -> list[str]:
    """Words with others in place of those that set the same; a command line gives a setting once."""
    replaced = {word.partition("=")[0] for word in more}
    return [*(word for word in words if word.partition("=")[0] not in replaced), *more]


@pytest.fixture
def fetch(words: list[str]) -> Callable[..., int]:
    """Run the download in this process, with further settings."""
    return lambda *more: int(run(merged(words, more)))


@pytest.fixture
def start(words: list[str], files: dict[str, bytes]) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start the download as a process of its own, with further settings and lines of code to run first."""
    begun: list[subprocess.Popen[str]] = []

    def begin(*more: str, first: str = "") -> "subprocess.Popen[str]":
        digests = json.dumps(catalogue.DIGESTS)
        code = (
            f"import json\nfrom potrun.fetch import catalogue\ncatalogue.DIGESTS = json.loads({digests!r})\n"
            "catalogue.DIGESTS = {name: tuple(pair) for name, pair in catalogue.DIGESTS.items()}\n"
            f"{first}\nfrom potrun.cli.fetch import main\nmain()"
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        process = subprocess.Popen(
            [sys.executable, "-c", code, *merged(words, more)], stderr=subprocess.PIPE, text=True, env=environment
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def assert_complete(root: Path, files: dict[str, bytes]) -> Callable[[], None]:
    """Every file of the day stands with the right bytes, and nothing unfinished is left."""

    def check() -> None:
        wanted = {name: data for name, data in files.items() if not name.startswith("1998") or name in (DAY, LABEL)}
        for name, data in wanted.items():
            assert (root / name).read_bytes() == data, name
        assert not list(root.rglob("*.part*"))

    return check
