"""A tracked run is repeated from its id, and every difference is told."""

import numpy as np
import pytest

from potrun.cli.rerun import HELP, _believed, command, differences, rerun
from potrun.core.commandline import run_command
from potrun.core.composition import settings_from
from potrun.core.errors import ResultMismatchError, UsageError
from potrun.runs.pipeline import run_experiment


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the store, the id and the result of a small tracked run."""
    folder = tmp_path_factory.mktemp("rerun")
    store = str(folder / "mlflow.db")
    cfg = settings_from(
        ["year=1998", "month=4", "day=15", "fitter=lillis", "archive.sweeps_per_day=6", f"tracking.uri={store}"]
    )
    npz = run_experiment(cfg, folder / "run").npz
    from potrun.tracking.store import import_client

    client = import_client()(tracking_uri=f"sqlite:///{store}")
    (found,) = client.search_runs([client.get_experiment_by_name("potrun").experiment_id])
    return store, found, npz


def test_the_same_bytes_come_again(run, tmp_path, capsys):
    store, found, npz = run
    code = run_command(
        "rerun", command, [found.info.run_id, f"tracking_uri={store}", f"output_dir={tmp_path / 'again'}"], HELP
    )
    out, err = capsys.readouterr()
    assert code == 0, err
    assert "is the same bytes" in out
    assert (tmp_path / "again" / npz.name).read_bytes() == npz.read_bytes()


def test_a_difference_is_told(run, tmp_path, monkeypatch):
    """The stored result is not what the stored settings give."""
    store, found, npz = run
    with np.load(npz) as arrays:
        changed = dict(arrays)
    changed["rows_projected_potential"] = changed["rows_projected_potential"] + 0.5
    other = tmp_path / npz.name
    np.savez(other, **changed)
    monkeypatch.setattr("potrun.tracking.lookup.find_result", lambda *_: other)
    with pytest.raises(ResultMismatchError, match=r"rows_projected_potential: \d+ of \d+ differ, by 0\.5 at most$"):
        rerun(found.info.run_id, store, tmp_path / "again")


def test_changed_code_is_named(run, tmp_path, monkeypatch):
    store, found, _ = run
    monkeypatch.setattr("potrun.core.provenance.code_digest", lambda: "abcdefabcdef")
    with pytest.raises(ResultMismatchError, match=r"code was \w+, is abcdefabcdef$"):
        rerun(found.info.run_id, store, tmp_path / "again")


def test_every_kind_of_difference_has_its_words(tmp_path):
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    np.savez(
        first, gone=[1], same=[np.nan], u=[1.0, np.nan, np.nan], n=[1, 2], t=np.array("abc"), s=[1, 2], d=[1.0], k=[1]
    )
    np.savez(
        second,
        new=[1],
        same=[np.nan],
        u=[1.25, 2.0, np.nan],
        n=[1, 9],
        t=np.array("abd"),
        s=[1],
        d=np.float32([1.0]),
        k=[1.0],
    )
    assert differences(first, second) == [
        "d: float64 became float32",
        "gone is only in the stored result",
        "k: int64[1] became float64[1]",
        "n: 1 of 2 differ, by 7 at most",
        "new is only in the new result",
        "s: int64[2] became int64[1]",
        "t: 1 of 1 differ ('abc' became 'abd')",
        "u: 2 of 3 differ, by 0.25 at most, 1 of them not a number on one side",
    ]


def test_folders_and_addresses_of_stored_settings_are_not_believed():
    cfg = settings_from(["archive.root=/somewhere", "archive.cache_dir=/else", "executor=dask"])
    with pytest.raises(UsageError, match="say archive.root=/somewhere"):
        _believed(cfg, "0" * 32, None, None)
    believed = _believed(cfg, "0" * 32, "here", None)
    assert (believed.archive.root, believed.archive.cache_dir) == ("here", None)
    cfg = settings_from(["executor=dask", "executor.address=tcp://host:8786"])
    with pytest.raises(UsageError, match="say executor.address=tcp://host:8786"):
        _believed(cfg, "0" * 32, None, None)
