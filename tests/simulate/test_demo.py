import subprocess
import sys
import time
from pathlib import Path

import pytest

from potrun.core.errors import PotrunError
from potrun.simulate import SIMULATOR_VERSION
from potrun.simulate.demo import DEMO_DAYS, demo_folder, ensure_demo_archive

BUILD = """
import sys
from pathlib import Path
from potrun.simulate.demo import ensure_demo_archive
folder = ensure_demo_archive(Path(sys.argv[1]), 3, 4)
tables, truths = len(list(folder.rglob("*.TAB"))), len(list((folder / "truth").iterdir()))
print(folder, tables, truths, (folder / "ORIGIN").read_text().split()[0])
"""


def test_it_is_built_once_and_then_found(tmp_path, monkeypatch):
    first = ensure_demo_archive(tmp_path, 1, 2)
    assert first == demo_folder(tmp_path, 1, 2)
    assert len(list(first.rglob("*.TAB"))) == len(DEMO_DAYS)
    assert (first / "ORIGIN").read_text().startswith("simulated")

    def refuse(*_):
        raise AssertionError("built again")

    monkeypatch.setattr("potrun.simulate.archive.simulate_archive", refuse)
    assert ensure_demo_archive(tmp_path, 1, 2) == first


def test_folder_changes_with_version_seed_and_size(tmp_path):
    names = {demo_folder(tmp_path, *key).name for key in ((1, 2), (2, 2), (1, 3))}
    assert len(names) == 3
    assert all(f"v{SIMULATOR_VERSION}" in name for name in names)


def test_two_processes_at_once_share_one_whole_archive(tmp_path):
    root = tmp_path / "cache" / "demo"
    started = [
        subprocess.Popen([sys.executable, "-c", BUILD, str(root)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    seen: set[int] = set()
    while any(process.poll() is None for process in started):
        folder = demo_folder(root, 3, 4)
        if folder.is_dir():
            seen.add(len(list(folder.rglob("*.TAB"))))
        time.sleep(0.01)
    answers = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0, 0]
    assert answers == {f"{demo_folder(root, 3, 4)} 5 5 simulated\n"}
    assert seen <= {5}
    assert sorted(path.name for path in root.iterdir() if not path.name.endswith(".lock")) == [
        demo_folder(root, 3, 4).name
    ]


def test_what_a_killed_build_left_is_cleared_away(tmp_path):
    left = tmp_path / f".{demo_folder(tmp_path, 1, 2).name}.0123"
    left.mkdir()
    (left / "half").write_text("")
    ensure_demo_archive(tmp_path, 1, 2)
    assert not left.exists()


def test_a_place_that_cannot_be_written_says_so(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(PotrunError, match=r"archive\.root"):
        ensure_demo_archive(Path(blocked / "inside"), 1, 2)
