"""One question to a server: what is asked, which answers are accepted, what the others mean."""

import asyncio
import datetime as dt
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import PurePosixPath

import httpx

from potrun import __version__
from potrun.fetch.faults import AbsentFault, RefusedFault, RetryableFault
from potrun.fetch.partial import Version
from potrun.fetch.settings import TransferSettings

MAX_REDIRECTS = 5

BUSY = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
"""Answers that may be different in a while."""

OVERLOADED = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def make_client(settings: TransferSettings) -> httpx.AsyncClient:
    """Return a session: certificates verified, redirects left to :func:`exchange`, bytes as they are stored."""
    return httpx.AsyncClient(
        timeout=settings.timeout_s,
        limits=httpx.Limits(max_connections=settings.workers),
        headers={"Accept-Encoding": "identity", "User-Agent": f"potrun/{__version__}"},
        follow_redirects=False,
    )


@asynccontextmanager
async def exchange(
    client: httpx.AsyncClient, method: str, url: str, timeout_s: float, headers: Mapping[str, str] | None = None
) -> AsyncIterator[httpx.Response]:
    """Ask, follow harmless redirects, and give the answer if it is an acceptable one (status 2xx or 416).

    Raises
    ------
    AbsentFault
        On 404 and 410.
    RetryableFault
        On a lost connection or a busy server, with the Retry-After it gave; also while the answer is read, and where
        the head of an answer takes longer than `timeout_s` however steadily it drips in.
    RefusedFault
        On an untrusted certificate, a redirect to elsewhere, a compressed answer, or any other status.
    """
    try:
        for _ in range(MAX_REDIRECTS + 1):
            async with _answer(client, method, url, timeout_s, dict(headers or {})) as response:
                if response.has_redirect_location:
                    url = _checked_redirect(response)
                    continue
                _refuse_unless_usable(response)
                yield response
                return
        raise RefusedFault(f"more than {MAX_REDIRECTS} redirects")
    except httpx.TransportError as error:
        if _is_about_certificate(error):
            raise RefusedFault(f"the server's certificate is not trusted: {error}") from error
        raise RetryableFault(str(error) or type(error).__name__) from error
    except httpx.InvalidURL as error:
        raise RefusedFault(f"the server answers with an address that cannot be read: {error}") from error


@asynccontextmanager
async def _answer(
    client: httpx.AsyncClient, method: str, url: str, timeout_s: float, headers: dict[str, str]
) -> AsyncIterator[httpx.Response]:
    """Give an answer whose head has come in time; its body is still to be read."""
    try:
        async with asyncio.timeout(timeout_s):
            response = await client.send(client.build_request(method, url, headers=headers), stream=True)
    except TimeoutError as error:
        raise RetryableFault(f"the head of the answer took more than {timeout_s:g} s") from error
    try:
        yield response
    finally:
        await response.aclose()


def _is_about_certificate(error: BaseException) -> bool:
    link: BaseException | None = error
    seen: set[int] = set()  # a chain of errors may lead back to itself
    while link is not None and id(link) not in seen:
        if isinstance(link, ssl.SSLCertVerificationError):
            return True
        seen.add(id(link))
        link = link.__cause__ or link.__context__
    return False


def _checked_redirect(response: httpx.Response) -> str:
    """Return where a redirect leads if that is the same file name on the same server over the same scheme."""
    following = response.next_request
    here = response.url
    if following is None:
        raise RefusedFault(f"redirect that cannot be read: {response.headers.get('location')!r}")
    there = following.url
    if (there.scheme, there.host, there.port) != (here.scheme, here.host, here.port):
        raise RefusedFault(f"redirect to {there.scheme}://{there.netloc.decode()}, another server: not followed")
    if PurePosixPath(there.path).name != PurePosixPath(here.path).name or ".." in PurePosixPath(there.path).parts:
        raise RefusedFault(f"redirect to {there.path}, another name: not followed")
    return str(there)


def _refuse_unless_usable(response: httpx.Response) -> None:
    status = response.status_code
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise AbsentFault(f"{status} {response.reason_phrase}")
    if status in BUSY:
        raise RetryableFault(f"{status} {response.reason_phrase}", wait_s=retry_after_s(response))
    if not (response.is_success or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
        raise RefusedFault(f"the server answers {status} {response.reason_phrase}")
    if response.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise RefusedFault(f"the server compresses ({response.headers['content-encoding']}) although asked not to")


def retry_after_s(response: httpx.Response) -> float | None:
    """Return how long the server asks everybody to wait, given in seconds or as a date.

    0 if it is overloaded and names no time, None if the trouble is with this one answer.
    """
    text = response.headers.get("retry-after", "").strip()
    if not text and response.status_code not in OVERLOADED:
        return None
    if (seconds := _whole_number(text)) is not None:
        return float(seconds)
    try:
        until = parsedate_to_datetime(text)
        aware = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
        return max(0.0, (aware - dt.datetime.now(dt.UTC)).total_seconds())
    except (ValueError, OverflowError, TypeError):
        return 0.0  # it asks for patience in a way that cannot be read


def _whole_number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def version_of(url: str, response: httpx.Response) -> Version:
    """Return which version of a file an answer speaks of: its full length and its validators."""
    headers = response.headers
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        size = headers.get("content-range", "").rpartition("/")[2]
    else:
        size = headers.get("content-length", "")
    return Version(url, _whole_number(size), headers.get("etag"), headers.get("last-modified"))
