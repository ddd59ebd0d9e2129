"""A real HTTP server on a loopback address that serves bytes and misbehaves on demand."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

Fault = Callable[["Handler", "Resource"], None]


@dataclass
class Resource:
    """One file: its bytes and how it is told apart from other versions."""

    data: bytes
    etag: str | None = None
    last_modified: str | None = None

    @property
    def validators(self) -> dict[str, str]:
        pairs = {"ETag": self.etag, "Last-Modified": self.last_modified}
        return {name: value for name, value in pairs.items() if value is not None}


@dataclass
class Request:
    """One request as it came, with the time of its arrival (s)."""

    method: str
    path: str
    headers: dict[str, str]
    time_s: float = field(default_factory=time.monotonic)


class Handler(BaseHTTPRequestHandler):
    """Serves the resources of its server with Range and If-Range, or the next fault of the path."""

    protocol_version = "HTTP/1.1"
    server: "FaultyServer"

    def log_message(self, *_args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.server.requests.append(Request(self.command, self.path, dict(self.headers.items())))
        resource = self.server.resources.get(self.path)
        faults = self.server.faults[self.path] if self.command == "GET" else []
        try:
            if faults:
                (faults[0] if self.path in self.server.lasting else faults.pop(0))(self, resource or Resource(b""))
            elif resource is None:
                self.reply(404, {}, b"<html>no such file</html>")
            else:
                serve(self, resource)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(2)

    def wanted_from(self, resource: Resource, checks_if_range: bool = True) -> int:
        """First byte asked for; 0 if all of them are."""
        wanted = self.headers.get("Range", "")
        if_range = self.headers.get("If-Range")
        if not wanted.startswith("bytes="):
            return 0
        if checks_if_range and if_range is not None and if_range not in resource.validators.values():
            return 0
        return int(wanted.removeprefix("bytes=").partition("-")[0])


class FaultyServer(ThreadingHTTPServer):
    """Use as a context manager; `url` is its base address."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.resources: dict[str, Resource] = {}
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.lasting: set[str] = set()
        self.requests: list[Request] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_args: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def put(self, path: str, data: bytes, etag: str | None = '"v1"', last_modified: str | None = None) -> None:
        self.resources[f"/{path}"] = Resource(data, etag, last_modified)

    def fail(self, path: str, *faults: Fault, always: bool = False) -> None:
        """Answer the next GETs of a path with these faults, one each; with `always` the first one for ever."""
        self.faults[f"/{path}"].extend(faults)
        if always:
            self.lasting.add(f"/{path}")

    def asked(self, path: str, method: str = "GET") -> list[Request]:
        return [request for request in self.requests if request.path == f"/{path}" and request.method == method]


def serve(handler: Handler, resource: Resource) -> None:
    """The well-behaved answer."""
    start = handler.wanted_from(resource)
    if start == 0:
        handler.reply(200, resource.validators, resource.data)
    elif start >= len(resource.data):
        handler.reply(416, {"Content-Range": f"bytes */{len(resource.data)}"}, b"")
    else:
        part_from(handler, resource, start)


def part_from(handler: Handler, resource: Resource, start: int) -> None:
    total = len(resource.data)
    content_range = {"Content-Range": f"bytes {start}-{total - 1}/{total}"}
    handler.reply(206, {**resource.validators, **content_range}, resource.data[start:])


def drops_after(n_bytes: int) -> Fault:
    """Hang up after so many bytes of the answer."""

    def fault(handler: Handler, resource: Resource) -> None:
        start = handler.wanted_from(resource)
        body = resource.data[start:]
        total = len(resource.data)
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(body)))
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        for name, value in resource.validators.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body[:n_bytes])
        handler.hang_up()

    return fault


def hangs_up(handler: Handler, _resource: Resource) -> None:
    """Close without an answer."""
    handler.hang_up()


def status(code: int, **headers: str) -> Fault:
    """Answer with an error status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _resource: handler.reply(code, named, b"<html>trouble</html>")


def claims_length(difference: int) -> Fault:
    """Send all bytes but announce more or fewer, then hang up."""

    def fault(handler: Handler, resource: Resource) -> None:
        length = {"Content-Length": str(len(resource.data) + difference)}
        handler.reply(200, {**resource.validators, **length}, resource.data)
        handler.hang_up()

    return fault


def sends(data: bytes, **headers: str) -> Fault:
    """Answer 200 with other bytes."""
    return lambda handler, resource: handler.reply(200, {**resource.validators, **headers}, data)


def ignores_range(handler: Handler, resource: Resource) -> None:
    """Send the whole file whatever part was asked for."""
    handler.reply(200, resource.validators, resource.data)


def ignores_if_range(handler: Handler, resource: Resource) -> None:
    """Send a part of the present version although another one was begun."""
    start = handler.wanted_from(resource, checks_if_range=False)
    if start:
        part_from(handler, resource, start)
    else:
        serve(handler, resource)


def wrong_part(handler: Handler, resource: Resource) -> None:
    """Send a part that begins elsewhere than asked."""
    part_from(handler, resource, max(1, handler.wanted_from(resource) - 7))


def trickles(n_bytes: int, every_s: float) -> Fault:
    """Send a few bytes now and then, for ever."""

    def fault(handler: Handler, resource: Resource) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(resource.data)))
        for name, value in resource.validators.items():
            handler.send_header(name, value)
        handler.end_headers()
        for start in range(0, len(resource.data), n_bytes):
            handler.wfile.write(resource.data[start : start + n_bytes])
            handler.wfile.flush()
            time.sleep(every_s)

    return fault


def stays_silent(seconds: float) -> Fault:
    """Accept the request and say nothing for so long."""

    def fault(handler: Handler, _resource: Resource) -> None:
        time.sleep(seconds)
        handler.hang_up()

    return fault


def redirects(url: str) -> Fault:
    """Send the client elsewhere."""
    return lambda handler, _resource: handler.reply(302, {"Location": url}, b"")
