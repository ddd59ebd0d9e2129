"""A file on its way: ``<name>.part`` beside its final name, with a note of what its bytes belong to.

The bytes get their final name only by :meth:`PartialFile.publish`. The note (``<name>.part.json``) holds the address,
the length and the validators (ETag, Last-Modified) of the remote file, so that bytes of two versions are never joined.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

BUFFER_BYTES = 1 << 18
"""What may be lost of a transfer when its process is killed."""


@dataclass(frozen=True)
class Version:
    """Which bytes a server means: one version of one remote file; `size` is None where it does not tell."""

    url: str
    size: int | None
    etag: str | None
    last_modified: str | None

    @property
    def validator(self) -> str | None:
        """What If-Range may carry: a strong ETag, else the modification time."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified

    def contradicts(self, other: "Version") -> bool:
        """Tell whether anything known of both differs."""
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return any(mine is not None and theirs is not None and mine != theirs for mine, theirs in pairs)


@dataclass(frozen=True)
class ResumePoint:
    """Where to go on: so many bytes of that version are here."""

    offset: int
    version: Version


class PartialFile:
    """The unfinished copy of one file."""

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path = final.with_name(final.name + ".part")
        self._note = final.with_name(final.name + ".part.json")

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def resume_point(self, url: str) -> ResumePoint | None:
        """Return where a transfer from this address can go on, None if it has to begin.

        The last byte is asked for again when all of them are here, so that a server is always asked whether its file
        is still the same one.
        """
        version = self._read_note()
        if version is None or version.url != url or version.validator is None:
            return None
        if version.size is not None and self.size > version.size:
            return None
        offset = self.size if version.size is None else min(self.size, version.size - 1)
        return ResumePoint(offset, version) if offset > 0 else None

    def _read_note(self) -> Version | None:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            size = None if note["size"] is None else int(note["size"])
            return Version(note["url"], size, note["etag"], note["last_modified"])
        except (OSError, ValueError, KeyError, TypeError):
            return None  # without a readable note nothing is known of the bytes: the transfer begins anew

    def begin(self, version: Version) -> BinaryIO:
        """Open an empty file for this version; the old bytes go before the new note comes."""
        self.final.parent.mkdir(parents=True, exist_ok=True)
        self.discard()
        draft = self._note.with_name(self._note.name + ".new")
        draft.write_text(json.dumps(asdict(version)), encoding="utf-8")
        draft.replace(self._note)
        return self.path.open("wb", buffering=BUFFER_BYTES)

    def go_on(self, point: ResumePoint) -> BinaryIO:
        """Open the file to be continued, cut to the point of resumption."""
        os.truncate(self.path, point.offset)
        return self.path.open("ab", buffering=BUFFER_BYTES)

    def discard(self) -> None:
        """Remove bytes and note."""
        for path in (self.path, self._note):
            with suppress(FileNotFoundError):
                path.unlink()

    def publish(self) -> None:
        """Put checked bytes in place: on disk first, then under the final name in one step."""
        with self.path.open("rb") as stream:
            os.fsync(stream.fileno())
        self.path.replace(self.final)
        if os.name == "posix":  # elsewhere a folder cannot be opened; the rename is durable when the system says so
            folder = os.open(self.final.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        self.discard()
