"""The command line: help, mistakes, dry runs, what is fetched again and what is not."""

import subprocess
import sys

import pytest

from potrun.archive.layout import ORIGIN_NAME
from potrun.cli.fetch import run
from tests.fetch.conftest import DAY, DAYS, KERNEL, LABEL, table_bytes, with_label


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["yaer=1998"], "yaer is no setting of this command (did you mean year?)"),
        (["fetch.wokers=2"], "did you mean fetch.workers?"),
        (["year=x"], "year=x is not allowed: expected a whole number"),
        (["year=1997"], "year=1997 is out of range: allowed 1998 to 1999"),
        (["fetch.workers=0"], "fetch.workers=0 is out of range: allowed 1 to 16"),
        (["day=3"], "day=3 was given without a month"),
        (["--quick"], "'--quick' is not of the form key=value"),
        (["=3"], "=3 is no setting"),
        (["archive.root.x=3"], "archive.root.x is no setting"),
        (["fetch.base_urls=http://127.0.0.1/"], "fetch.base_urls is no setting"),
        (["fetch.base_urls.tables_from=naif"], "choose one of pds_ppi, geosciences"),
        (["archive.root=~no-such-user/data"], "no such user's home is known"),
        (["fetch.base_urls.mirror=http://pds.example/"], "is not encrypted: use https"),
    ],
)
def test_mistakes_are_told_in_one_line(words, message, capsys):
    assert run([*words, "dry_run=true"]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_no_such_day(capsys):
    assert run(["year=1999", "month=9", "--dry-run"]) == 3
    assert "no day matches year=1999 month=9" in capsys.readouterr().err


def test_help_shows_every_setting_with_its_comment(capsys):
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert "patience_s: 900" in text
    assert "Exit codes" in text


def test_dry_run_asks_nobody_and_writes_nothing(server, fetch, root, capsys):
    assert fetch("--dry-run") == 0
    out = capsys.readouterr().out
    assert f"~24.40 MB  {DAY}  {server.url}{DAY}" in out
    assert server.requests == []
    assert not root.exists()


def test_dry_run_tells_what_is_here_and_what_is_begun(server, fetch, root, capsys):
    fetch()
    (root / DAY).rename(root / (DAY + ".part"))
    capsys.readouterr()
    assert fetch("dry_run=true") == 0
    lines = {line.split()[-2]: line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert lines.pop(DAY) == "~24.07"
    assert set(lines.values()) == {"here"}


def test_month_alone_means_that_month_of_every_year(capsys):
    assert run(["month=6", "--dry-run"]) == 0
    assert sum(".TAB" in line for line in capsys.readouterr().out.splitlines()) == 60


def test_everything_arrives_and_is_not_fetched_again(server, fetch, assert_complete, capsys):
    assert fetch() == 0
    assert_complete()
    assert "7 fetched" in capsys.readouterr().err
    server.requests.clear()
    assert fetch() == 0
    assert "7 already here; 0.0 MB" in capsys.readouterr().err
    assert {request.method for request in server.requests} == {"HEAD"}
    assert not server.asked(KERNEL, "HEAD"), "a published digest needs no server"


def test_all_three_servers(server, files, words, root, assert_complete):
    server.resources.clear()
    for name, data in files.items():
        remote = {
            "theta.tab": "p/lp-er-calibrated/data-3deleflux-anc/theta/theta.tab",
            "attitude.tab": "g/lunar/prospectorcd/lp_0019/geometry/attitude.tab",
            "spice_kernels/latest_leapseconds.tls": "n/generic_kernels/lsk/latest_leapseconds.tls",
            "spice_kernels/pck00011.tpc": "n/generic_kernels/pck/pck00011.tpc",
            "spice_kernels/lpephemu.bsp": "g/missions/lunarp/spice/lpephemu.bsp",
            KERNEL: "n/LPM/kernels/spk/lp_ask_980601-981031.bsp",
        }
        server.put(remote.get(name, f"p/lp-er-calibrated/data-3deleflux/{name}"), data)
    own = [word for word in words if "mirror" not in word]
    urls = [f"fetch.base_urls.{key}={server.url}{key[0]}/" for key in ("geosciences", "naif")]
    assert run([*own, *urls, f"fetch.base_urls.pds_ppi={server.url}p/"]) == 0
    assert_complete()


def test_copy_of_another_length_is_replaced(server, files, fetch, assert_complete):
    fetch()
    files |= with_label(DAY, table_bytes(DAYS[1], 210))
    for path in (DAY, LABEL):
        server.put(path, files[path], '"v2"')
    assert fetch() == 0
    assert_complete()


def test_the_other_server_of_tables_has_other_names_of_folders(server, files, words, root, assert_complete):
    copied = {
        f"geocopy/ppi/lp_er_calibrated/data_3deleflux/{name}": data for name, data in files.items() if name[0] == "1"
    }
    copied["geocopy/ppi/lp_er_calibrated/data_3deleflux_anc/theta/theta.tab"] = files["theta.tab"]
    copied["lunar/prospectorcd/lp_0019/geometry/attitude.tab"] = files["attitude.tab"]
    copied["missions/lunarp/spice/lpephemu.bsp"] = files["spice_kernels/lpephemu.bsp"]
    for part, kernel in (
        ("generic_kernels/lsk", "latest_leapseconds.tls"),
        ("generic_kernels/pck", "pck00011.tpc"),
        ("LPM/kernels/spk", "lp_ask_980601-981031.bsp"),
    ):
        copied[f"{part}/{kernel}"] = files[f"spice_kernels/{kernel}"]
    server.resources.clear()
    for name, data in copied.items():
        server.put(name, data)
    own = [word for word in words if "mirror" not in word]
    urls = [f"fetch.base_urls.{key}={server.url}" for key in ("geosciences", "naif")]
    assert run([*own, *urls, "fetch.base_urls.tables_from=geosciences"]) == 0
    assert_complete()


def test_solid_angles_are_written_beside_the_inclinations(fetch, root):
    assert fetch() == 0
    angles = [float(word) for word in (root / "solid_angles.tab").read_text().split()]
    assert angles[:2] == [0.119570, 0.119570]
    assert sum(angles) == pytest.approx(4 * 3.14159265, rel=1e-4)


def test_a_tilde_is_the_home_and_never_a_folder(words, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert run([*(word for word in words if "root" not in word), "archive.root=~/lp"]) == 0
    assert (tmp_path / "home" / "lp" / DAY).is_file()
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("path", [DAY, KERNEL])
def test_damaged_copy_is_replaced(fetch, root, assert_complete, path, capsys):
    fetch()
    (root / path).write_bytes(b"\0" * 1000)
    assert fetch() == 0
    assert "the copy here is damaged" in capsys.readouterr().err
    assert_complete()


def test_copies_are_kept_when_no_server_answers(server, fetch, assert_complete, capsys):
    fetch()
    server.shutdown()
    server.server_close()
    assert fetch("fetch.attempts=1") == 0
    assert_complete()
    assert "kept without confirmation" in capsys.readouterr().err


def test_copy_is_kept_when_the_server_tells_no_length(server, fetch, assert_complete, capsys, monkeypatch):
    from tests.support.faulty_server import Handler

    fetch()
    monkeypatch.setattr(Handler, "do_HEAD", lambda self: self.reply(405, {}, b""))
    assert fetch() == 0
    assert "kept without confirmation (the server answers 405" in capsys.readouterr().err
    assert_complete()


def test_simulated_archive_is_not_mixed_with_measurements(fetch, root, server, capsys):
    root.mkdir()
    (root / ORIGIN_NAME).write_text("simulated\n")
    assert fetch() == 2
    assert "holds a simulated archive" in capsys.readouterr().err
    assert server.requests == []


def test_help_needs_no_heavy_library():
    code = """
import runpy, sys
sys.argv = ["potrun.fetch", "--help"]
try:
    runpy.run_module("potrun.fetch", run_name="__main__")
except SystemExit as end:
    assert not end.code
assert not {"torch", "mlflow", "pandas", "scipy", "httpx"} & set(sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_list_cut_short_by_its_reader_is_no_error():
    lines = subprocess.run(
        f"set -o pipefail; {sys.executable} -m potrun.fetch --dry-run | head -n 1",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in lines.stderr
    assert lines.stdout.count("\n") == 1
