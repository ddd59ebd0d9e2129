"""What a server may do at most: answers without a length, without an end, dripping, and labels that contradict."""

import hashlib

import pytest

from potrun.fetch.catalogue import Content, RemoteFile
from potrun.fetch.checks import not_proven_whole
from potrun.fetch.label import LabelError, read_label
from tests.fetch.conftest import DAY, DAYS, KERNEL, LABEL, label_bytes, table_bytes

NAME = DAY[-12:]
ROW = len(table_bytes(DAYS[1], 1))


def without_length(cut=0):
    """Send a file, or all but its end, and close, as a server of old does that tells no length."""

    def fault(handler, resource):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(resource.data[: len(resource.data) - cut])
        handler.close_connection = True

    return fault


def endless(handler, _resource):
    """Never stop sending rows."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    for _ in range(100_000):
        handler.wfile.write(b"1 " * 100_000)


def dripping_head(handler, _resource):
    """Send the head of an answer byte by byte, for ever."""
    import time

    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize("path", [DAY, KERNEL, "theta.tab", LABEL])
def test_a_whole_file_without_a_length_is_taken(server, fetch, assert_complete, path):
    server.fail(path, without_length(), always=True)
    assert fetch() == 0
    assert_complete()


@pytest.mark.parametrize(
    ("path", "cut", "message"),
    [
        (DAY, 10 * ROW, "its label states"),
        (KERNEL, 1000, "sha1 is"),
        ("theta.tab", 80, "78 numbers found, expected 88"),
        ("attitude.tab", 37, "the server told no length, and its last record is of 1998-06-01"),
        (
            "spice_kernels/latest_leapseconds.tls",
            3,
            "the server told no length, and its last list or line is not closed",
        ),
        (LABEL, 40, "it is no XML"),
    ],
)
def test_a_cut_file_without_a_length_is_refused(server, fetch, root, capsys, path, cut, message):
    server.fail(path, without_length(cut), always=True)
    assert fetch() != 0
    assert message in capsys.readouterr().err
    assert not (root / path).exists()


def test_a_table_without_length_and_label_is_not_believed(server, fetch, root, capsys):
    del server.resources[f"/{LABEL}"]
    server.fail(DAY, without_length(), always=True)
    assert fetch() == 1
    error = capsys.readouterr().err
    assert "the server told no length, and it has no label that tells its length or records" in error
    assert "1 day table(s) without a label on the server" in error
    assert not (root / DAY).exists()


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"file_size": 5}, "bytes, its label states 5"),
        ({"file_size": "", "records": 7}, "200 records, its label states 7"),
        ({"file_size": "", "record_length": 3}, "its label states 200 records of 3"),
        ({"md5_checksum": "0" * 32}, "its label states 00000000000000000000000000000000"),
    ],
)
def test_a_table_that_is_not_that_of_its_label_is_refused(server, files, fetch, root, capsys, stated, message):
    server.put(LABEL, label_bytes(NAME, files[DAY], **stated))
    assert fetch() == 1
    assert message in capsys.readouterr().err
    assert not (root / DAY).exists()


def test_a_digest_in_a_label_needs_no_server_and_outweighs_its_records(server, files, fetch, assert_complete):
    md5 = hashlib.md5(files[DAY]).hexdigest()
    files[LABEL] = label_bytes(NAME, files[DAY], md5_checksum=md5, records=1)
    server.put(LABEL, files[LABEL])
    assert fetch() == 0
    assert_complete()
    server.requests.clear()
    assert fetch() == 0
    assert not server.asked(DAY, "HEAD")


def test_a_label_of_another_table_is_refused(server, files, fetch, capsys):
    server.put(LABEL, label_bytes("3D980609.TAB", files[DAY]))
    assert fetch() == 5
    assert f"it describes 3D980609.TAB, expected {NAME}" in capsys.readouterr().err


def test_entities_in_a_label_are_refused(tmp_path):
    path = tmp_path / "x.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(LabelError, match="defines entities"):
        read_label(path)


@pytest.mark.parametrize("path", ["theta.tab", LABEL])
def test_an_answer_without_an_end_is_left_soon(server, fetch, root, capsys, path):
    server.fail(path, endless, always=True)
    assert fetch() != 0
    assert "the answer does not end" in capsys.readouterr().err
    assert not list(root.rglob("*.part*"))


def test_a_length_that_no_such_file_has_is_refused(server, fetch, capsys):
    huge = {"Content-Length": "900000000"}
    server.fail("theta.tab", lambda handler, _resource: handler.reply(200, huge, b"1 "), always=True)
    assert fetch() != 0
    assert "900,000,000 bytes are announced, of inclinations expected at most 100,000" in capsys.readouterr().err


def test_a_head_that_drips_is_left_in_time(server, fetch, capsys):
    server.fail("theta.tab", dripping_head, always=True)
    assert fetch("fetch.timeout_s=2", "fetch.attempts=1") != 0
    assert "the head of the answer took more than 2 s" in capsys.readouterr().err


def test_a_binary_kernel_tells_its_own_end(sample_dir, tmp_path):
    kernel = RemoteFile("https://host/x.bsp", "spice_kernels/x.bsp", Content.KERNEL, 0)
    whole = sample_dir / "spice_kernels" / "lp_sim_00.bsp"
    assert not_proven_whole(kernel, whole, None) is None
    cut = tmp_path / "x.bsp"
    cut.write_bytes(whole.read_bytes()[:-2048])
    assert "its file record tells" in not_proven_whole(kernel, cut, None)
