"""What the public archive holds: addresses, names, sizes and digests.

Sources: the bundle ``urn:nasa:pds:lp-er-calibrated`` at the PDS Planetary Plasma Interactions node, the Lunar
Prospector kernels at NAIF, and the Lunar Prospector volumes at the PDS Geosciences node.
"""

import datetime as dt
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from potrun.archive.layout import ATTITUDE_NAME, FIRST_DAY, KERNEL_FOLDER, LAST_DAY, THETA_NAME, relative_table_path
from potrun.core.errors import UsageError
from potrun.core.records import ArchiveDay
from potrun.fetch.settings import BaseUrls

TABLE_BYTES = 24_400_000
"""A full day: 15,480 rows of 1,573 bytes; most days are a little smaller."""


LABEL_BYTES = 20_000

COPY_FOLDER = "geocopy/ppi/lp_er_calibrated"
"""The bundle's copy at the Geosciences node, where names of folders have underscores in place of hyphens."""


class Content(Enum):
    """What a file is, so that something else under its name is recognised."""

    TABLE = "day table"
    LABEL = "label"
    THETA = "inclinations"
    ATTITUDE = "attitude table"
    LEAP_SECONDS = "leap-seconds kernel"
    KERNEL = "kernel"

    @property
    def most_bytes(self) -> int:
        """No such file is larger; an answer that goes on is not waited for."""
        return _MOST_BYTES[self]


_MOST_BYTES = {
    Content.TABLE: 60_000_000,
    Content.LABEL: 1_000_000,
    Content.THETA: 100_000,
    Content.ATTITUDE: 5_000_000,
    Content.LEAP_SECONDS: 1_000_000,
    Content.KERNEL: 500_000_000,
}
"""A day has at most 17,280 rows of 1573 bytes; the others are several times the size of the largest of their kind."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of the archive: where it is served, where it goes, what it must be.

    `digest` is (algorithm, hexadecimal digits) where it is published; `date` is that of a day table, `label` the file
    beside it that describes it.
    """

    url: str
    relative_path: str
    content: Content
    estimated_bytes: int
    digest: tuple[str, str] | None = None
    date: dt.date | None = None
    label: "RemoteFile | None" = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.relative_path).name


DIGESTS = {
    "3D980116.TAB": ("sha256", "f072c346b6c4078d1072fd8649675f7b4999e8eb31da919afdf5ced7acfb3734"),
    "lp_ask_980111-980531.bsp": ("sha1", "9d0f6633d6a6c3eefb7e070a4cafb47bab3ecacb"),
    "lp_ask_980601-981031.bsp": ("sha1", "7280d34c39c0efd7e2961b3ecf2f067c11382e0f"),
    "lp_ask_981101-990331.bsp": ("sha1", "b3b3b09738875fd630d2611f174f36cb3b2586df"),
    "lp_ask_990401-990730.bsp": ("sha1", "d0d1e3d67ab8f2640a288eed8f452e4895503b0d"),
    "lpephemu.bsp": ("sha1", "1eece70640f2d1a2e5c7ad318a15af815819077f"),
    "pck00011.tpc": ("sha1", "5a224831c6b765d15e078cc7d8ceeab03a63d450"),
}
"""Published digests by file name."""

TRAJECTORIES = (
    ("lp_ask_980111-980531.bsp", dt.date(1998, 1, 11), dt.date(1998, 5, 31)),
    ("lp_ask_980601-981031.bsp", dt.date(1998, 6, 1), dt.date(1998, 10, 31)),
    ("lp_ask_981101-990331.bsp", dt.date(1998, 11, 1), dt.date(1999, 3, 31)),
    ("lp_ask_990401-990730.bsp", dt.date(1999, 4, 1), dt.date(1999, 7, 30)),
)
"""Spacecraft trajectories with the first and last day of each."""


def mission_days() -> list[ArchiveDay]:
    """Return every day of the mission; the archive has no table for some of them."""
    dates = [FIRST_DAY + dt.timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    names = [(date, relative_table_path(date)) for date in dates]
    return [ArchiveDay(date=date, path=Path(name), name=name) for date, name in names]


def files_for(days: Sequence[dt.date], base_urls: BaseUrls) -> list[RemoteFile]:
    """List what a run over these days needs: kernels, attitude, inclinations, then the tables with their labels.

    A trajectory is taken along when a day within one of its span is asked for, because a file of a day may end in the
    first second of the next and a kernel's ends are in another time scale.

    Raises
    ------
    UsageError
        If a base address is not acceptable (see :func:`checked_base`).
    """
    servers = _servers(base_urls)
    bundle, folder = ("pds_ppi", "lp-er-calibrated/data-3deleflux")
    if base_urls.tables_from == "geosciences":
        bundle, folder = ("geosciences", f"{COPY_FOLDER}/data_3deleflux")
    beside = f"{folder}{'_' if bundle == 'geosciences' else '-'}anc"
    one_day = dt.timedelta(days=1)
    trajectories = [
        name for name, first, last in TRAJECTORIES if any(first - one_day <= day <= last + one_day for day in days)
    ]
    common = [
        (bundle, f"{beside}/theta/theta.tab", THETA_NAME, Content.THETA, 600),
        ("geosciences", "lunar/prospectorcd/lp_0019/geometry/attitude.tab", ATTITUDE_NAME, Content.ATTITUDE, 60_000),
        ("naif", "generic_kernels/lsk/latest_leapseconds.tls", None, Content.LEAP_SECONDS, 5_300),
        ("naif", "generic_kernels/pck/pck00011.tpc", None, Content.KERNEL, 130_000),
        ("geosciences", "missions/lunarp/spice/lpephemu.bsp", None, Content.KERNEL, 5_000_000),
        *(("naif", f"LPM/kernels/spk/{name}", None, Content.KERNEL, 40_000_000) for name in trajectories),
        *(
            (
                bundle,
                f"{folder}/{relative_table_path(day)}",
                relative_table_path(day),
                Content.TABLE,
                TABLE_BYTES,
            )
            for day in days
        ),
    ]
    dates = [None] * (len(common) - len(days)) + list(days)
    files = []
    for (server, remote_path, local_path, content, size), date in zip(common, dates, strict=True):
        local = local_path or f"{KERNEL_FOLDER}/{PurePosixPath(remote_path).name}"
        url = servers[server] + (local if base_urls.mirror else remote_path)
        digest = DIGESTS.get(PurePosixPath(local).name)
        label = None
        if content is Content.TABLE:
            label = RemoteFile(_label_of(url), _label_of(local), Content.LABEL, LABEL_BYTES)
        files.append(RemoteFile(url, local, content, size, digest, date, label))
    return files


def _label_of(table: str) -> str:
    """Address or path of the label beside a table."""
    return table.removesuffix(".TAB") + ".xml"


def _servers(base_urls: BaseUrls) -> dict[str, str]:
    keys = ("pds_ppi", "naif", "geosciences")
    if base_urls.mirror is not None:
        return dict.fromkeys(keys, checked_base("mirror", base_urls.mirror))
    return {key: checked_base(key, getattr(base_urls, key)) for key in keys}


def checked_base(key: str, url: str) -> str:
    """Return a base address that ends in a slash.

    Raises
    ------
    UsageError
        If it is neither https nor plain http on a loopback address, or has anything but a host and a path.
    """
    parts = urlsplit(url)
    setting = f"fetch.base_urls.{key}={url}"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise UsageError(f"{setting} is not an address: expected https://host/path/")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise UsageError(f"{setting} holds a query, a fragment or a name: expected https://host/path/ alone")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise UsageError(f"{setting} is not encrypted: use https (plain http only on a loopback address)")
    return url if url.endswith("/") else url + "/"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def safe_target(root: Path, relative_path: str) -> Path:
    """Return where a file goes, after refusing any name that could lead out of the root.

    Raises
    ------
    UsageError
        If the path is absolute, or a part of it is not a plain file name.
    """
    parts = relative_path.split("/")
    plain = all(part and part not in (".", "..") and not set(part) & set("\\:\0") for part in parts)
    if not plain or Path(relative_path).is_absolute():
        raise UsageError(f"remote name {relative_path!r} is no plain file name below the archive's root: not fetched")
    return root.joinpath(*parts)


def total_bytes(files: Iterable[RemoteFile]) -> int:
    """Return the estimated size of all files together."""
    return sum(file.estimated_bytes for file in files)
