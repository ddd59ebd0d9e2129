"""One file from its server to its place: try, resume, check, publish."""

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, TypeVar

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from potrun.core.errors import OutputError
from potrun.fetch.catalogue import Content, RemoteFile, safe_target
from potrun.fetch.checks import not_proven_whole, problem_with
from potrun.fetch.exchange import exchange, version_of
from potrun.fetch.faults import AbsentFault, ContentFault, EndlessFault, LabelFault, RefusedFault, RetryableFault
from potrun.fetch.hosts import Host
from potrun.fetch.label import Label, LabelError, disagreement, read_label
from potrun.fetch.outcome import Listener, Outcome, State
from potrun.fetch.partial import PartialFile, ResumePoint
from potrun.fetch.settings import TransferSettings

log = logging.getLogger(__name__)

PROGRESS_BYTES = 65_536
"""A try that brought at least so many new bytes does not count against the file."""

WORTH_TELLING_S = 10.0
"""A pause so long is told without being asked."""

CONTENT_TRIES = 2
"""A complete file with the wrong content is fetched anew once, then given up."""


Answer = TypeVar("Answer")


class Transfer:
    """Brings one file; make a new one for each."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        file: RemoteFile,
        root: Path,
        settings: TransferSettings,
        host: Host,
        listener: Listener,
    ) -> None:
        self._client = client
        self._file = file
        self._final = safe_target(root, file.relative_path)
        self._partial = PartialFile(self._final)
        self._settings = settings
        self._host = host
        self._listener = listener
        self._most_bytes = 0
        self._fruitless_tries = 0
        self._content_faults = 0

    async def run(self) -> Outcome:
        """Bring the file if it is not here, and say how it ended.

        Raises
        ------
        OutputError
            If the folder cannot take it.
        """
        try:
            state = await self._standing()
            if state is None:
                await self._retrying(self._try_once)
                state = State.FETCHED
            self._host.served()
            self._partial.discard()
            return Outcome(self._file, state)
        except AbsentFault as fault:
            self._host.served()
            return Outcome(self._file, State.ABSENT, str(fault))
        except ContentFault as fault:
            return Outcome(self._file, State.FAILED, str(fault), isinstance(fault, LabelFault))
        except RetryableFault as fault:
            self._host.lost(str(fault))
            kept = f", {self._partial.size:,} bytes are kept" if self._partial.size else ""
            return Outcome(self._file, State.FAILED, f"{fault} (given up after {self._fruitless_tries} tries{kept})")
        except EndlessFault as fault:
            self._partial.discard()
            return Outcome(self._file, State.FAILED, str(fault))
        except RefusedFault as fault:
            return Outcome(self._file, State.FAILED, str(fault))
        except OSError as error:
            raise OutputError(
                f"{self._final}: {error.strerror or error}: make room or choose another archive.root"
            ) from error

    async def _standing(self) -> State | None:
        """Say whether a good copy stands under the final name already; None if the file has to be brought."""
        if not self._final.is_file():
            return None
        if self._file.content is Content.LABEL:
            return await asyncio.to_thread(self._standing_label)
        label = self._label()
        if await asyncio.to_thread(self._problem, self._final, label):
            log.warning("%s: the copy here is damaged, it will be replaced", self._file.relative_path)
            return None
        if self._file.digest is not None or (label and label.md5):
            return State.PRESENT
        here = self._final.stat().st_size
        try:
            there = await self._retrying(self._remote_size)
        except (RetryableFault, RefusedFault, AbsentFault) as fault:
            log.warning("%s: kept without confirmation (%s)", self._file.relative_path, fault)
            if isinstance(fault, RetryableFault):
                self._host.lost(str(fault))
            return State.UNCONFIRMED
        if there == here:
            return State.PRESENT
        log.warning("%s: %s bytes here, %s on the server: it is replaced", self._file.relative_path, here, there)
        return None

    def _standing_label(self) -> State | None:
        """Say whether a label stands beside the table that it describes; of a table to come it is asked for anew."""
        table = self._final.with_suffix(".TAB")
        if problem_with(self._file, self._final) or not table.is_file():
            return None
        return None if disagreement(read_label(self._final), table) else State.PRESENT

    def _problem(self, path: Path, label: Label | None) -> str | None:
        """Say what is wrong with a complete copy, by itself or by its label."""
        return problem_with(self._file, path) or (disagreement(label, path) if label else None)

    async def _remote_size(self) -> int:
        await self._host.ready()
        async with exchange(self._client, "HEAD", self._file.url, self._settings.timeout_s) as response:
            size = version_of(self._file.url, response).size
        if size is None:
            raise RefusedFault("the server does not tell the length")
        return size

    async def _try_once(self) -> None:
        await self._host.ready()
        point = self._partial.resume_point(self._file.url)
        headers = {"Range": f"bytes={point.offset}-", "If-Range": str(point.version.validator)} if point else {}
        async with exchange(self._client, "GET", self._file.url, self._settings.timeout_s, headers) as response:
            with self._opened(response, point) as stream:
                await self._receive(response, stream)
            expected = version_of(self._file.url, response).size
        await asyncio.to_thread(self._finish, expected)

    def _opened(self, response: httpx.Response, point: ResumePoint | None) -> BinaryIO:
        """Open the partial file where the answer's bytes belong."""
        version = version_of(self._file.url, response)
        if response.status_code == HTTPStatus.OK:
            self._announce(version.size, 0)
            return self._partial.begin(version)
        if point is None:
            raise RefusedFault(f"the server answers {response.status_code}, expected the whole file (200)")
        start = response.headers.get("content-range", "").partition("-")[0]
        same_place = start == f"bytes {point.offset}"
        if response.status_code != HTTPStatus.PARTIAL_CONTENT or not same_place or version.contradicts(point.version):
            self._partial.discard()
            raise RetryableFault("the file on the server is not the one that was begun: it is fetched anew")
        self._announce(version.size, point.offset)
        log.debug("%s: goes on at byte %d", self._file.relative_path, point.offset)
        return self._partial.go_on(point)

    def _label(self) -> Label | None:
        """Return what is stated of a table, if its label is here and can be read."""
        path = self._final.with_suffix(".xml")
        if self._file.label is None or not path.is_file():
            return None
        try:
            return read_label(path)
        except (LabelError, OSError):
            return None  # the label's own transfer has said so

    def _announce(self, size: int | None, offset: int) -> None:
        most = self._file.content.most_bytes
        if size is not None and size > most:
            raise RefusedFault(f"{size:,} bytes are announced, of {self._file.content.value} expected at most {most:,}")
        left = (self._file.estimated_bytes if size is None else size) - offset
        self._listener.expect(self._file, max(0, left))
        free = shutil.disk_usage(existing_folder(self._final)).free
        if size is not None and left > free:
            raise OutputError(
                f"{self._final} needs {left:,} bytes more, {free:,} are free: make room or choose another archive.root"
            )

    async def _receive(self, response: httpx.Response, stream: BinaryIO) -> None:
        """Write what comes, and leave a connection that has all but died or does not end."""
        began = window_start = time.monotonic()
        window_bytes, total, most = 0, stream.tell(), self._file.content.most_bytes
        async for block in response.aiter_raw():
            stream.write(block)
            self._listener.received(self._file, len(block))
            window_bytes += len(block)
            total += len(block)
            if total > most:
                raise EndlessFault(
                    f"more than {most:,} bytes of {self._file.content.value} came: the answer does not end"
                )
            if time.monotonic() - began > self._settings.answer_max_s:
                raise RetryableFault(f"the answer took more than fetch.answer_max_s={self._settings.answer_max_s:g} s")
            elapsed = time.monotonic() - window_start
            if elapsed >= self._settings.timeout_s:
                if window_bytes < self._settings.min_rate_bytes_s * elapsed:
                    raise RetryableFault(f"only {window_bytes} bytes in {elapsed:.0f} s")
                window_start, window_bytes = time.monotonic(), 0

    def _finish(self, expected_size: int | None) -> None:
        """Check a complete file and put it in place."""
        if expected_size is not None and self._partial.size != expected_size:
            raise RetryableFault(f"{self._partial.size:,} bytes came, {expected_size:,} were announced")
        label = self._label()
        problem = problem_with(self._file, self._partial.path)
        if problem is None and label is not None:
            odds = disagreement(label, self._partial.path)
            if odds:
                self._partial.discard()
                raise LabelFault(f"not the table of its label: {odds}")
        if problem is None and expected_size is None:
            problem = not_proven_whole(self._file, self._partial.path, label)
            problem = problem and f"the server told no length, and {problem}"
        if problem:
            self._partial.discard()
            raise ContentFault(f"not a good {self._file.content.value}: {problem}")
        self._partial.publish()

    async def _retrying(self, action: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeat an action while it fails in a way that another try may cure."""
        self._fruitless_tries = 0
        settings = self._settings
        longest = max(settings.backoff_s, settings.backoff_max_s)
        backoff = wait_random_exponential(multiplier=settings.backoff_s, max=longest, min=settings.backoff_s / 2)

        def is_given_up(_: RetryCallState) -> bool:
            return self._fruitless_tries >= settings.attempts or self._content_faults >= CONTENT_TRIES

        def pause_s(call: RetryCallState) -> float:
            seconds = backoff(call)
            fault = call.outcome.exception() if call.outcome else None
            if isinstance(fault, RetryableFault) and fault.wait_s is not None:
                self._host.hold(max(seconds, fault.wait_s))
            pause = max(seconds, getattr(fault, "wait_s", None) or 0.0)
            level = logging.INFO if pause >= WORTH_TELLING_S else logging.DEBUG
            log.log(level, "%s: %s; again in %.1f s", self._file.relative_path, fault, pause)
            return seconds

        async def counted() -> Answer:
            try:
                return await action()
            except RetryableFault as fault:
                self._count(fault)
                raise

        retry = retry_if_exception_type(RetryableFault)
        return await AsyncRetrying(retry=retry, wait=pause_s, stop=is_given_up, reraise=True)(counted)

    def _count(self, fault: RetryableFault) -> None:
        self._content_faults += isinstance(fault, ContentFault)
        if fault.wait_s is not None and fault.wait_s > self._settings.patience_s:
            raise RefusedFault(
                f"{fault}: the server asks to wait {fault.wait_s:.0f} s, more than fetch.patience_s: try again later"
            ) from fault
        # Only bytes beyond any earlier try are progress, else a file that is begun anew for ever would never end.
        if self._partial.size >= self._most_bytes + PROGRESS_BYTES:
            self._most_bytes = self._partial.size
            self._fruitless_tries = 0
        else:
            self._fruitless_tries += 1


def existing_folder(path: Path) -> Path:
    """Return the nearest folder above a path that exists."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())
