import errno

import numpy as np
import pytest

from potrun.core.errors import DataError, OutputError
from potrun.results.columns import COLUMNS
from potrun.results.shard import open_shard, read_shard, write_shard
from tests.support.results import make_day


def test_round_trip(tmp_path):
    day = make_day()
    write_shard(tmp_path / "day.npz", day, identity="abc")
    again = read_shard(tmp_path / "day.npz")
    assert again.date == day.date
    assert again.notes == day.notes
    assert open_shard(tmp_path / "day.npz").identity == "abc"
    for column in COLUMNS:
        np.testing.assert_array_equal(again.columns[column.name], day.columns[column.name])


def test_same_day_same_bytes(tmp_path):
    write_shard(tmp_path / "a.npz", make_day(), identity="x")
    write_shard(tmp_path / "b.npz", make_day(), identity="x")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_an_altered_byte_anywhere_in_the_data_is_noticed(tmp_path):
    path = tmp_path / "day.npz"
    write_shard(path, make_day(), identity="x")
    good = path.read_bytes()
    for name in ("rows_utc", "spec_u_surface", "source_sha256"):
        bad = bytearray(good)
        bad[open_shard(path).offsets[name] + 3] ^= 1
        (tmp_path / "bad.npz").write_bytes(bad)
        with pytest.raises(DataError, match="digest"):
            read_shard(tmp_path / "bad.npz")


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_shard_cut_short_is_noticed(tmp_path, keep):
    path = tmp_path / "day.npz"
    write_shard(path, make_day(), identity="x")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else keep])
    with pytest.raises(DataError, match="delete it and run again"):
        open_shard(path)


def test_a_missing_or_foreign_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.npz"):
        open_shard(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(DataError, match=r"other\.npz"):
        open_shard(tmp_path / "other.npz")


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_shard(tmp_path / "day.npz", make_day(), identity="x")
    assert list(tmp_path.iterdir()) == []
