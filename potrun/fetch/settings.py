"""Settings of the download: typed, checked, with the defaults of ``conf/fetch.yaml``."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from potrun.core.commandline import split_words
from potrun.core.composition import conf_dir, one_line
from potrun.core.errors import UsageError
from potrun.core.settings import Checked, between, one_of


@dataclass
class BaseUrls(Checked):
    """Where each part of the archive is served."""

    tables_from: str = one_of("pds_ppi", ("pds_ppi", "geosciences"))
    pds_ppi: str = ""
    naif: str = ""
    geosciences: str = ""
    mirror: str | None = None

    @classmethod
    def _label(cls) -> str:
        return "fetch.base_urls."


@dataclass
class TransferSettings(Checked):
    """How hard, how fast and from where."""

    workers: int = between(4, 1, 16)
    attempts: int = between(6, 1, 100)
    timeout_s: float = between(60.0, 0.1, 3600.0)
    min_rate_bytes_s: float = between(1000.0, 0.0, 1e9)
    backoff_s: float = between(1.0, 0.0, 600.0)
    backoff_max_s: float = between(120.0, 0.0, 3600.0)
    patience_s: float = between(900.0, 0.0, 86400.0)
    answer_max_s: float = between(3600.0, 1.0, 86400.0)
    base_urls: BaseUrls = field(default_factory=BaseUrls)

    @classmethod
    def _label(cls) -> str:
        return "fetch."


@dataclass
class TargetSettings:
    """The folder to fill."""

    root: str = "data"

    @property
    def path(self) -> Path:
        """The folder, with a leading ~ taken for the user's home.

        Raises
        ------
        UsageError
            If there is no such home.
        """
        try:
            return Path(self.root).expanduser()
        except RuntimeError as error:
            raise UsageError(f"archive.root={self.root}: no such user's home is known: write the folder out") from error


@dataclass
class FetchSettings(Checked):
    """One download: everything that ``python -m potrun.fetch`` can be told."""

    year: int | None = between(None, 1998, 1999)
    month: int | None = between(None, 1, 12)
    day: int | None = between(None, 1, 31)
    dry_run: bool = False
    verbose: bool = False
    archive: TargetSettings = field(default_factory=TargetSettings)
    fetch: TransferSettings = field(default_factory=TransferSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.day is not None and self.month is None:
            raise UsageError(f"day={self.day} was given without a month: add month=1..12")


def compose(arguments: Sequence[str]) -> FetchSettings:
    """Merge the defaults and the command line.

    Parameters
    ----------
    arguments : sequence of str
        ``key=value`` words, dotted keys; ``--dry-run`` stands for ``dry_run=true``.

    Raises
    ------
    UsageError
        Naming the word that is not understood, with the nearest valid name for an unknown key.
    """
    schema = OmegaConf.merge(OmegaConf.structured(FetchSettings), OmegaConf.load(conf_dir() / "fetch.yaml"))
    words = ["dry_run=true" if word == "--dry-run" else word for word in arguments]
    rest, _ = split_words(words, _dotted_keys(FetchSettings))
    if rest:
        raise UsageError(f"{rest[0]!r} is not of the form key=value; `--help` lists the settings")
    try:
        merged = OmegaConf.merge(schema, OmegaConf.from_dotlist(words))
        return cast(FetchSettings, OmegaConf.to_object(cast(DictConfig, merged)))
    except OmegaConfBaseException as error:
        raise UsageError(one_line(error, words)) from None


def _dotted_keys(schema: Any, prefix: str = "") -> list[str]:
    keys = []
    for item in fields(schema):
        if isinstance(item.type, type) and is_dataclass(item.type):
            keys += _dotted_keys(item.type, f"{prefix}{item.name}.")
        else:
            keys.append(prefix + item.name)
    return keys
