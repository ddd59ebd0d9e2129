import datetime as dt
import errno
import tracemalloc

import numpy as np
import pytest

from potrun.core.errors import DataError, OutputError
from potrun.results.columns import COLUMNS
from potrun.results.load import RunResult, load_results
from potrun.results.merge import merge_shards
from potrun.results.npz import NpzWriter
from potrun.results.shard import open_shard, write_shard
from tests.support.results import PROVENANCE, make_day

DATES = [dt.date(1998, 4, 15), dt.date(1998, 4, 16), dt.date(1999, 1, 1)]


def write_days(folder, dates=DATES, sweep_rows=(15, 15, 14)):
    days = [make_day(date, sweep_rows) for date in dates]
    paths = [folder / f"{day.date}.npz" for day in days]
    for path, day in zip(paths, days, strict=True):
        write_shard(path, day, identity="x")
    return days, paths


def test_merge_equals_concatenation(tmp_path):
    days, paths = write_days(tmp_path)
    merge_shards(reversed(paths), tmp_path / "run.npz", PROVENANCE)
    merged = load_results(tmp_path / "run.npz")
    together = RunResult.from_days(days, PROVENANCE)
    for column in COLUMNS:
        np.testing.assert_array_equal(merged[column.name], together[column.name])
    np.testing.assert_array_equal(
        merged.rows_projected_potential, np.concatenate([day.columns["rows_projected_potential"] for day in days])
    )


def test_numbers_stay_unique_and_lead_back_to_the_file(tmp_path):
    _, paths = write_days(tmp_path)
    merge_shards(paths, tmp_path / "run.npz", PROVENANCE)
    run = load_results(tmp_path / "run.npz")
    assert len(np.unique(run.spec_spec_no)) == run.n_sweeps == 9
    assert run.spec_spec_no.tolist() == [7, 8, 9, 17, 18, 19, 27, 28, 29]
    np.testing.assert_array_equal(np.unique(run.rows_spec_no), run.spec_spec_no)
    assert len(np.unique(run.spec_sweep_id)) == 9
    assert run.spec_source_file.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert run.source_name[run.spec_source_file[-1]].endswith("3D990101.TAB")


def test_bytes_depend_on_content_alone(tmp_path):
    days, paths = write_days(tmp_path)
    merge_shards(paths, tmp_path / "a.npz", PROVENANCE)
    merge_shards(paths[::-1], tmp_path / "b.npz", dict(reversed(PROVENANCE.items())))
    RunResult.from_days(days, PROVENANCE).save(tmp_path / "c.npz")
    first = (tmp_path / "a.npz").read_bytes()
    assert first == (tmp_path / "b.npz").read_bytes()
    assert first == (tmp_path / "c.npz").read_bytes()


def test_numpy_alone_reads_the_file(tmp_path):
    _, paths = write_days(tmp_path)
    merge_shards(paths, tmp_path / "run.npz", PROVENANCE)
    with np.load(tmp_path / "run.npz", allow_pickle=False) as npz:
        assert str(npz["origin"]) == "simulated"
        assert npz["rows_utc"][0] == "1998-04-15T00:00:00"
        assert all(npz[name].dtype != object for name in npz.files)


def test_memory_does_not_grow_with_the_days(tmp_path):
    first = dt.date(1998, 2, 1)
    _, paths = write_days(tmp_path, [first + dt.timedelta(days=n) for n in range(40)], sweep_rows=(15,) * 400)
    peaks = []
    for some in (paths[:4], paths):
        tracemalloc.start()
        merge_shards(some, tmp_path / "run.npz", PROVENANCE)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    per_day = (peaks[1] - peaks[0]) / 36
    assert peaks[1] < 8 * 2**20
    assert per_day < 32 * 2**10, "a shard's place in memory is its index, a few kB"


def test_no_shards_give_an_empty_result(tmp_path):
    merge_shards([], tmp_path / "run.npz", PROVENANCE)
    assert load_results(tmp_path / "run.npz").n_rows == 0


def test_a_date_twice_is_refused(tmp_path):
    _, paths = write_days(tmp_path)
    with pytest.raises(DataError, match="both of 1998-04-15"):
        merge_shards([*paths, paths[0]], tmp_path / "run.npz", PROVENANCE)


def test_origin_must_be_stated(tmp_path):
    with pytest.raises(ValueError, match="origin"):
        merge_shards([], tmp_path / "run.npz", {})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_midway_keeps_the_older_result(tmp_path, monkeypatch):
    _, paths = write_days(tmp_path)
    out = tmp_path / "result" / "run.npz"
    merge_shards(paths[:1], out, PROVENANCE)
    before = out.read_bytes()
    add, calls = NpzWriter.add, []

    def full_after_ten(self, *args, **kwargs):
        calls.append(1)
        if len(calls) > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        add(self, *args, **kwargs)

    monkeypatch.setattr(NpzWriter, "add", full_after_ten)
    with pytest.raises(OutputError, match="No space left"):
        merge_shards(paths, out, PROVENANCE)
    assert [path.name for path in out.parent.iterdir()] == ["run.npz"]
    assert out.read_bytes() == before


def test_a_corrupt_shard_stops_the_merge_and_writes_nothing(tmp_path):
    _, paths = write_days(tmp_path)
    damaged = bytearray(paths[1].read_bytes())
    damaged[open_shard(paths[1]).offsets["spec_u_surface"]] ^= 255
    paths[1].write_bytes(damaged)
    with pytest.raises(DataError, match="1998-04-16"):
        merge_shards(paths, tmp_path / "run.npz", PROVENANCE)
    assert not (tmp_path / "run.npz").exists()
