"""What the PDS4 label of a table states of it, and whether the table agrees."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

BLOCK_BYTES = 1 << 20


class LabelError(ValueError):
    """A file is no PDS4 label of a table."""


@dataclass(frozen=True)
class Label:
    """What a label states; None where it is silent."""

    file_name: str
    size_bytes: int | None
    md5: str | None
    records: int | None
    record_bytes: int | None

    @property
    def tells_end(self) -> bool:
        """Whether a table that agrees with the label is proven whole."""
        return any(value is not None for value in (self.size_bytes, self.md5, self.records))


def read_label(path: Path) -> Label:
    """Read a label.

    Parameters
    ----------
    path : Path
        The ``.xml`` file.

    Returns
    -------
    Label

    Raises
    ------
    LabelError
        If it is not XML, is cut short, names no file, or defines entities (a label needs none, and they can be nested
        until they fill the memory).

    References
    ----------
    PDS4 Information Model, classes File and Table_Character.
    """
    data = path.read_bytes()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise LabelError("it defines entities, which a label does not need")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise LabelError(f"it is no XML ({error})") from error
    areas = [item for item in root.iter() if _name(item) == "File_Area_Observational"]
    if not areas:
        raise LabelError("it describes no file of observations")
    found: dict[str, str] = {}
    for item in areas[0].iter():
        found.setdefault(_name(item), (item.text or "").strip())
    if not found.get("file_name"):
        raise LabelError("it names no file")
    md5 = found.get("md5_checksum", "").lower()
    return Label(
        file_name=found["file_name"],
        size_bytes=_number(found.get("file_size")),
        md5=md5 if re.fullmatch(r"[0-9a-f]{32}", md5) else None,
        records=_number(found.get("records")),
        record_bytes=_number(found.get("record_length")),
    )


def disagreement(label: Label, path: Path) -> str | None:
    """Say in what a complete table differs from its label, None if in nothing.

    Where the label states a digest, length and digest decide; else the length and the number of records do.

    Parameters
    ----------
    label : Label
        What is stated.
    path : Path
        The table.

    Returns
    -------
    str or None
    """
    size = path.stat().st_size
    if label.size_bytes is not None and size != label.size_bytes:
        return f"{size:,} bytes, its label states {label.size_bytes:,}"
    if label.md5 is not None:
        md5 = hashlib.md5(usedforsecurity=False)
        for block in _blocks(path):
            md5.update(block)
        return None if md5.hexdigest() == label.md5 else f"md5 is {md5.hexdigest()}, its label states {label.md5}"
    if label.records is not None:
        records = sum(block.count(b"\n") for block in _blocks(path))
        if records != label.records:
            return f"{records:,} records, its label states {label.records:,}"
        if label.record_bytes is not None and size != records * label.record_bytes:
            return f"{size:,} bytes, its label states {label.records:,} records of {label.record_bytes:,}"
    return None


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from iter(lambda: stream.read(BLOCK_BYTES), b"")


def _name(item: ElementTree.Element) -> str:
    """Name of an element without its namespace."""
    return str(item.tag).rpartition("}")[2]


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,15}", text) else None
