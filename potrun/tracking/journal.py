"""What a run told its tracker, kept as append-only JSON lines in the run's folder until the store has it all.

``<run folder>/tracking/<started>-<key>/journal.jsonl`` holds one record a line, ``sent.jsonl`` how many of them the
store has confirmed, ``files/`` copies of artifacts that lie outside the run's folder, ``summary.json`` the last value
of each metric. A journal that is wholly sent loses its records and files.
"""

import contextlib
import json
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from potrun.core.atomic import write_text
from potrun.core.errors import DataError, PotrunError
from potrun.tracking.schema import LARGEST_JOURNAL, LONGEST_LINE, Record, trouble_with_note, trouble_with_record

FOLDER = "tracking"


def _read_lines(path: Path, trouble_with: Callable[[object], str]) -> Iterator[Record]:
    """Read whole JSON lines; a last line cut off by a crash was never confirmed to the run and is left out.

    Raises
    ------
    DataError
        If the file is too large, or a line is no record.
    """
    if not path.exists():
        return
    if path.stat().st_size > LARGEST_JOURNAL:
        raise DataError(f"{path} has {path.stat().st_size:,} bytes, expected a journal: delete it to give its run up")
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1):
            if not line.endswith(b"\n"):
                if len(line) < LONGEST_LINE:
                    return
                trouble = f"it is longer than {LONGEST_LINE:,} bytes"
            else:
                try:
                    record = json.loads(line)
                    trouble = trouble_with(record)
                except (ValueError, RecursionError) as error:
                    trouble = str(error)
            if trouble:
                raise DataError(
                    f"{path}:{number} is damaged ({trouble}): restore the file, or delete it to give its run up"
                )
            yield record


def _drop_torn_line(path: Path) -> None:
    """Cut off what a crash left of an unfinished line, so that the next line starts on its own."""
    if path.exists():
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)


class Journal:
    """The journal of one run.

    Parameters
    ----------
    folder : Path
        ``<run folder>/tracking/<started>-<key>``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_dir = folder.parents[1]
        self.sent = 0
        self.run_id: str | None = None
        self.is_complete = False
        self.was_attempted = False
        self.rejections: list[str] = []
        self._lock = FileLock(folder / "lock")
        self._writing = threading.Lock()
        for line in _read_lines(folder / "sent.jsonl", trouble_with_note):
            self._note(line)

    @classmethod
    def create(cls, run_dir: Path) -> "Journal":
        """Start a journal in the run's folder."""
        key = uuid.uuid4().hex
        folder = run_dir / FOLDER / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{key}"
        folder.mkdir(parents=True)
        return cls(folder)

    @classmethod
    def find_all(cls, run_dir: Path, *, own: bool = False) -> list["Journal"]:
        """List the journals of a run's folder and, unless its `own` are wanted, of the folders in it.

        A multirun's own come first, then the oldest.
        """
        pattern = f"{FOLDER}/*-*/*.jsonl"
        found = {path.parent for path in (run_dir.glob(pattern) if own else run_dir.rglob(pattern))}
        return [cls(path) for path in sorted(found, key=lambda path: (len(path.parts), path.name))]

    @property
    def key(self) -> str:
        """The run's own key, by which a store recognises it even if the answer to its creation was lost."""
        return self.folder.name.partition("-")[2]

    def acquire(self) -> None:
        """Claim the journal for this process until it ends or releases it.

        Raises
        ------
        PotrunError
            If another process holds it: the run goes on, or is being sent already.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise PotrunError(
                f"{self.run_dir}: the run is still going on or is being sent by another process; try again later"
            ) from None
        for name in ("journal.jsonl", "sent.jsonl"):
            _drop_torn_line(self.folder / name)

    def release(self) -> None:
        """Let other processes send what is left."""
        self._lock.release()

    def discard(self) -> None:
        """Forget the journal of a run that never began."""
        self.release()
        shutil.rmtree(self.folder)
        with contextlib.suppress(OSError):
            self.folder.parent.rmdir()

    def records(self) -> list[Record]:
        """Read every record back."""
        return list(_read_lines(self.folder / "journal.jsonl", trouble_with_record))

    def end(self) -> Record | None:
        """Return the record of the run's end, if it came to write one."""
        return next((record for record in reversed(self.records()) if record["kind"] == "finish"), None)

    def append(self, record: Record) -> None:
        """Write one record; it is in the file when this returns."""
        self._write("journal.jsonl", record)

    def attempt(self) -> None:
        """Note that the store may have created the run from now on, even if its answer gets lost."""
        self._write_note({"attempted": True})

    def created(self, run_id: str) -> None:
        """Note the run's id in the store."""
        self._write_note({"run_id": run_id})

    def confirm(self, count: int) -> None:
        """Note that the store has `count` more records."""
        self._write_note({"sent": self.sent + count})

    def reject(self, reason: str) -> None:
        """Note that the store refuses a record for good."""
        self._write_note({"rejected": reason})

    def summarise(self, summary: Record) -> None:
        """Leave what the run came to beside the journal, for a multirun's table."""
        write_text(self.folder / "summary.json", json.dumps(summary))

    def close(self) -> None:
        """Shrink a journal that is wholly sent."""
        self._write_note({"complete": True})
        (self.folder / "journal.jsonl").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "files", ignore_errors=True)

    def keep_file(self, path: Path) -> str:
        """Make sure that a file can still be sent later.

        Returns
        -------
        str
            Where it lies, relative to the run's folder, so that the folder may be moved.
        """
        resolved = path.resolve()
        own = self.run_dir.resolve()
        if not resolved.is_relative_to(own):
            copy = self._new_file(path.name)
            shutil.copy2(resolved, copy)
            resolved = copy.resolve()
        return resolved.relative_to(own).as_posix()

    def keep_text(self, text: str, name: str) -> str:
        """Write a text that is to be sent; returns its path relative to the run's folder."""
        path = self._new_file(name)
        path.write_text(text, encoding="utf-8", newline="")
        return path.relative_to(self.run_dir).as_posix()

    def _new_file(self, name: str) -> Path:
        folder = self.folder / "files" / uuid.uuid4().hex[:12]
        folder.mkdir(parents=True)
        return folder / name

    def _write_note(self, note: Record) -> None:
        self._write("sent.jsonl", note)
        self._note(note)

    def _note(self, note: Record) -> None:
        self.sent = note.get("sent", self.sent)
        self.run_id = note.get("run_id", self.run_id)
        self.is_complete = note.get("complete", self.is_complete)
        self.was_attempted = note.get("attempted", self.was_attempted)
        if "rejected" in note:
            self.rejections.append(note["rejected"])

    def _write(self, name: str, record: Record) -> None:
        line = json.dumps(record, ensure_ascii=False) + "\n"
        with self._writing, (self.folder / name).open("a", encoding="utf-8", newline="") as file:
            file.write(line)
