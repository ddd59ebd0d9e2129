"""Killed, stopped, out of space, not alone: no wrong file under a final name, and the next run completes."""

import shutil
import signal
import ssl
import time
from collections import namedtuple
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fetch.conftest import DAY, KERNEL
from tests.support import faulty_server as faulty
from tests.support.faulty_server import FaultyServer

pytestmark = pytest.mark.process

Usage = namedtuple("Usage", "total used free")
SLOW = faulty.trickles(4000, 0.02)


def wait_for(condition, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def grown(path, n_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size > n_bytes


def test_killed_midway(server, start, fetch, root, assert_complete):
    server.fail(DAY, SLOW)
    process = start(first="from potrun.fetch import partial as p\np.BUFFER_BYTES = 1000")
    part = root / (DAY + ".part")
    wait_for(lambda: grown(part, 10_000))
    process.kill()
    process.wait(10)
    assert part.is_file()
    assert not (root / DAY).exists()
    assert fetch() == 0
    assert_complete()
    assert int(server.asked(DAY)[-1].headers["Range"].removeprefix("bytes=").rstrip("-")) > 10_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal(server, start, fetch, root, assert_complete, number):
    server.fail(DAY, SLOW)
    process = start()
    wait_for(lambda: server.asked(DAY) and (root / (DAY + ".part")).is_file())
    wait_for(lambda: (root / KERNEL).is_file())
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert f"stopped by {number.name}" in err
    assert "the same command goes on from there" in err
    assert "Traceback" not in err
    assert not (root / DAY).exists()
    assert fetch() == 0
    assert_complete()


def test_stopped_while_a_server_is_silent(server, start):
    server.fail(DAY, faulty.stays_silent(60))
    process = start("fetch.timeout_s=60")
    wait_for(lambda: server.asked(DAY))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130


def test_two_downloads_into_one_folder(server, start, assert_complete):
    server.fail(DAY, SLOW)
    both = [start(), start()]
    logs = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], logs
    assert_complete()
    assert len(server.asked(DAY)) == 1
    assert sum("another process works on" in text for text in logs) == 1


def test_disk_full_midway(server, start, fetch, root, assert_complete):
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    process = start(first=limit)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "make room or choose another archive.root" in err
    assert "Traceback" not in err
    assert not (root / DAY).exists()
    assert fetch() == 0
    assert_complete()


def test_disk_too_small_is_told_before_anything_is_asked(server, fetch, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10**6))
    assert fetch() == 1
    assert "about 0.07 GB are to come, 0.00 GB are free" in capsys.readouterr().err
    assert server.requests == []


def test_file_larger_than_the_free_space_is_not_begun(server, fetch, root, monkeypatch, capsys):
    monkeypatch.setattr("potrun.fetch.session.check_space", lambda *_: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 150_000))
    assert fetch() == 1
    assert "bytes more, 150,000 are free" in capsys.readouterr().err
    assert not (root / DAY).exists()


def test_folder_that_cannot_be_made(fetch, root, capsys):
    root.write_text("a file stands here")
    assert fetch() == 1
    assert "cannot write in" in capsys.readouterr().err


def test_untrusted_certificate_is_refused(files, words, tmp_path, capsys):
    from potrun.cli.fetch import run

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with FaultyServer() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        for path, data in files.items():
            server.put(path, data)
        own = [word for word in words if "mirror" not in word]
        assert run([*own, f"fetch.base_urls.mirror={server.url.replace('http:', 'https:')}"]) == 1
        assert server.requests == []
    assert "the server's certificate is not trusted" in capsys.readouterr().err


def self_signed(folder):
    """Make a certificate that nobody has signed, with its key, in one file."""
    pytest.importorskip("cryptography")
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


FAULTS = {
    "drops early": faulty.drops_after(10),
    "drops late": faulty.drops_after(90_000),
    "hangs up": faulty.hangs_up,
    "500": faulty.status(500),
    "429": faulty.status(429),
    "416": faulty.status(416),
    "too long": faulty.claims_length(50),
    "too short": faulty.claims_length(-50),
    "page": faulty.sends(b"<html>\r\n"),
    "no range": faulty.ignores_range,
    "no if-range": faulty.ignores_if_range,
    "wrong part": faulty.wrong_part,
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(
        st.tuples(st.lists(st.sampled_from(sorted(FAULTS)), max_size=6), st.booleans()), min_size=1, max_size=3
    )
)
def test_any_row_of_faults_ends_with_right_bytes_or_none(server, files, fetch, root, assert_complete, runs):
    shutil.rmtree(root, ignore_errors=True)
    for n, (names, changes) in enumerate(runs):
        server.faults.clear()
        server.fail(DAY, *(FAULTS[name] for name in names))
        if changes:
            files[DAY] = files[DAY].swapcase()[::-1][2:] + b"\r\n"
            server.put(DAY, files[DAY], f'"{n}-{time.monotonic()}"')
        code = fetch("fetch.attempts=3")
        if code == 0:
            break
        assert code == 1
        assert not (root / DAY).exists()
    server.faults.clear()
    assert fetch() == 0
    assert_complete()
