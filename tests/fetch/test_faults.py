"""Whatever a server does, the right bytes stand in the end, or nothing does and the message says why."""

import datetime as dt
import hashlib

import pytest

from potrun.fetch import catalogue
from tests.fetch.conftest import DAY, DAYS, KERNEL, LABEL, label_bytes, table_bytes, with_label
from tests.support import faulty_server as faulty
from tests.support.faulty_server import FaultyServer

PAGE = b"<!DOCTYPE html><html><body>Down for maintenance\r\n</body></html>\r\n"


@pytest.mark.parametrize("path", [DAY, KERNEL])
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([faulty.drops_after(100_000)], id="dropped midway"),
        pytest.param([faulty.drops_after(100_000)] * 3, id="dropped three times"),
        pytest.param([faulty.drops_after(0)], id="dropped before the first byte"),
        pytest.param([faulty.hangs_up] * 3, id="no answer"),
        pytest.param([faulty.status(500), faulty.status(502), faulty.status(504)], id="5xx"),
        pytest.param([faulty.status(503), faulty.status(429)], id="busy"),
        pytest.param([faulty.status(429, Retry_After="0")], id="busy, retry at once"),
        pytest.param([faulty.claims_length(+100)], id="announces more than it sends"),
        pytest.param([faulty.claims_length(-100)], id="announces less than the file"),
        pytest.param([faulty.drops_after(90_000), faulty.ignores_range], id="no Range"),
        pytest.param([faulty.drops_after(90_000), faulty.wrong_part], id="another part than asked"),
        pytest.param([faulty.drops_after(90_000), faulty.status(416)], id="range refused"),
        pytest.param([faulty.sends(PAGE)], id="web page with status 200"),
        pytest.param([faulty.sends(b"")], id="empty file"),
    ],
)
def test_cured(server: FaultyServer, fetch, assert_complete, path, faults):
    server.fail(path, *faults)
    assert fetch() == 0
    assert_complete()


def test_dropped_transfer_is_resumed_not_repeated(server, files, fetch, assert_complete):
    server.fail(DAY, faulty.drops_after(100_000))
    assert fetch() == 0
    assert_complete()
    _, second = server.asked(DAY)
    assert second.headers["Range"] == "bytes=100000-"
    assert second.headers["If-Range"] == '"v1"'


def test_part_of_an_earlier_run_is_resumed(server, fetch, root, assert_complete):
    server.fail(DAY, faulty.drops_after(100_000), faulty.hangs_up)
    assert fetch("fetch.attempts=1") == 1
    assert not (root / DAY).exists()
    assert (root / (DAY + ".part")).stat().st_size == 100_000
    assert fetch() == 0
    assert_complete()
    assert server.asked(DAY)[-1].headers["Range"] == "bytes=100000-"


def test_whole_part_is_confirmed_by_its_last_byte(server, files, fetch, root, assert_complete):
    server.fail(DAY, faulty.drops_after(100_000), faulty.hangs_up)
    fetch("fetch.attempts=1")
    (root / (DAY + ".part")).write_bytes(files[DAY])
    assert fetch() == 0
    assert_complete()
    assert server.asked(DAY)[-1].headers["Range"] == f"bytes={len(files[DAY]) - 1}-"


@pytest.mark.parametrize("etag", ['"v1"', 'W/"v1"', None])
@pytest.mark.parametrize("last_modified", ["Wed, 21 Oct 1998 07:28:00 GMT", None])
@pytest.mark.parametrize("behaviour", [faulty.serve, faulty.ignores_if_range, faulty.ignores_range])
def test_two_versions_are_never_joined(server, files, fetch, assert_complete, etag, last_modified, behaviour):
    old, new = files[DAY], table_bytes(DAYS[1], 230)
    server.put(DAY, old, etag, last_modified)
    server.fail(DAY, faulty.drops_after(100_000), faulty.hangs_up)
    assert fetch("fetch.attempts=1") == 1
    server.put(LABEL, label_bytes(DAY[-12:], new))
    server.put(DAY, new, etag and etag.replace("1", "2"), last_modified and last_modified.replace("21", "22"))
    server.fail(DAY, behaviour)
    files |= with_label(DAY, new)
    assert fetch() == 0
    assert_complete()


def test_same_length_but_another_version(server, files, fetch, assert_complete):
    server.fail(DAY, faulty.drops_after(100_000), faulty.hangs_up)
    assert fetch("fetch.attempts=1") == 1
    files[DAY] = files[DAY].replace(b" 1", b" 7")
    server.put(DAY, files[DAY], '"v2"')
    server.fail(DAY, faulty.ignores_if_range)
    assert fetch() == 0
    assert_complete()


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"url": 1, "size": "x", "etag": 3, "last_modified": 4}', b"\xff"])
def test_unreadable_note_begins_anew(server, fetch, root, assert_complete, note):
    part = root / (DAY + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 50_000)
    part.with_name(part.name + ".json").write_bytes(note)
    assert fetch() == 0
    assert_complete()
    assert "Range" not in server.asked(DAY)[0].headers


def test_retry_after_is_obeyed_for_every_file_of_the_server(server, fetch, assert_complete):
    server.fail("theta.tab", faulty.status(429, Retry_After="1"))
    assert fetch("fetch.workers=1") == 0
    assert_complete()
    busy = server.asked("theta.tab")[0]
    later = [request for request in server.requests if request.time_s > busy.time_s]
    assert min(request.time_s for request in later) - busy.time_s >= 0.9


def test_retry_after_too_long_is_given_up(server, fetch, root, caplog, capsys):
    server.fail(DAY, faulty.status(503, Retry_After="7200"))
    assert fetch() == 1
    errors = capsys.readouterr().err
    assert "asks to wait 7200 s, more than fetch.patience_s" in errors
    assert len(server.asked(DAY)) == 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (faulty.status(500), "500 Internal Server Error (given up after 3 tries)"),
        (faulty.status(403), "the server answers 403 Forbidden"),
        (faulty.status(202), "the server answers 202, expected the whole file (200)"),
        (faulty.sends(PAGE), "first line has 4 fields, expected 183 (it is a web page, not data)"),
        (faulty.sends(table_bytes(DAYS[1])[:-50]), "the last line is cut"),
        (faulty.sends(b"1 2 3\r\n"), "first line has 3 fields, expected 183"),
        (faulty.sends(b""), "the file is empty"),
        (faulty.sends(table_bytes(DAYS[1]).replace(b"7", b"\0")), "zero bytes"),
        (faulty.sends(b"\x1f\x8b", **{"Content-Encoding": "gzip"}), "compresses (gzip) although asked not to"),
        (faulty.claims_length(-100), "the last line is cut"),
        (faulty.redirects("http://198.51.100.7/x"), "redirect to http://198.51.100.7, another server: not followed"),
        (faulty.redirects("https://localhost/3D980608.TAB"), "another server: not followed"),
        (faulty.redirects("/login.html"), "redirect to /login.html, another name: not followed"),
        (faulty.redirects("/"), "another name: not followed"),
        (faulty.redirects(f"/{DAY}"), "more than 5 redirects"),
        (faulty.redirects("http://127.0.0.1:99999/x"), "another server: not followed"),
        (faulty.hangs_up, "given up after 3 tries"),
        (faulty.stays_silent(1.0), "given up after 3 tries"),
        (faulty.trickles(10, 0.02), "given up after 3 tries"),
    ],
)
def test_incurable(server, fetch, root, capsys, fault, message):
    server.fail(DAY, fault, always=True)
    assert fetch("fetch.attempts=3", "fetch.timeout_s=0.2", "fetch.min_rate_bytes_s=1e6") == 1
    assert not (root / DAY).exists()
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if DAY in line and message in line and "ERROR" in line], "\n".join(lines)
    assert "not all is there: 1 file failed" in lines[-1]


def test_wrong_digest_is_refused(server, files, fetch, root, capsys):
    server.put(KERNEL, files[KERNEL].swapcase())
    assert fetch() == 5
    assert not (root / KERNEL).exists()
    assert "sha1 is" in capsys.readouterr().err
    assert len(server.asked(KERNEL)) == 2


def test_published_digest_of_a_table(server, files, fetch, root, monkeypatch):
    digest = ("sha256", hashlib.sha256(files[DAY]).hexdigest())
    monkeypatch.setitem(catalogue.DIGESTS, "3D980608.TAB", digest)
    server.put(DAY, table_bytes(dt.date(1998, 6, 8), 201))
    assert fetch() == 1
    assert not (root / DAY).exists()


def test_redirect_within_the_server_is_followed(server, files, fetch, assert_complete):
    server.put("moved/3D980608.TAB", files[DAY])
    server.fail(DAY, faulty.redirects("/moved/3D980608.TAB"), always=True)
    assert fetch() == 0
    assert_complete()


def test_slow_trickle_is_left_and_resumed(server, fetch, assert_complete):
    server.fail(DAY, faulty.trickles(500, 0.02))
    assert fetch("fetch.timeout_s=0.2", "fetch.min_rate_bytes_s=1e6") == 0
    assert_complete()
    assert int(server.asked(DAY)[1].headers["Range"].removeprefix("bytes=").rstrip("-")) > 0


def test_day_without_a_table_is_reported_and_the_others_go_on(server, words, root, files, capsys):
    from potrun.cli.fetch import run

    without_day = [word for word in words if not word.startswith("day=")]
    assert run(without_day) == 5
    err = capsys.readouterr().err
    assert "1998/152_181JUN/3D980601.TAB: not on the server (404 Not Found)" in err
    assert "no table on the server for 1998-06-01..1998-06-06, 1998-06-10..1998-06-30" in err
    for name in files:
        assert (root / name).read_bytes() == files[name]


def test_no_table_at_all_is_no_data(server, fetch, capsys):
    del server.resources[f"/{DAY}"]
    assert fetch() == 3
    assert "the server has no table of 1998-06-08" in capsys.readouterr().err


def test_dead_server_is_not_asked_for_every_file(server, words, capsys):
    from potrun.cli.fetch import run

    server.server_close()
    without_day = [word for word in words if not word.startswith("day=")]
    assert run([*without_day, "fetch.attempts=2"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert sum("given up after 2 tries" in line and "ERROR" in line for line in lines) >= 4
    assert any("not tried, 127.0.0.1" in line for line in lines)
    assert "67 files failed" in lines[-1]
