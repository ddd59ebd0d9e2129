import json

import numpy as np
import pytest

from potrun.cli import compare, plot
from potrun.core.commandline import run_command
from potrun.core.errors import DataError, UsageError
from potrun.results.load import RunResult, load_results
from tests.support.results import PROVENANCE, make_day


@pytest.fixture
def path(tmp_path):
    return RunResult.from_days([make_day()], PROVENANCE).save(tmp_path / "run.npz")


def test_arrays_by_item_and_by_attribute(path):
    run = load_results(path)
    np.testing.assert_array_equal(run["spec_u_surface"], run.spec_u_surface)
    assert run.origin == "simulated"
    assert run.provenance == PROVENANCE
    assert (run.n_sweeps, run.n_rows) == (4, 59)
    assert "rows_utc" in run
    with pytest.raises(AttributeError, match="no 'spec_usurface'"):
        _ = run.spec_usurface


def test_dataframes(path):
    run = load_results(path)
    sweeps, rows = run.to_dataframe("sweeps"), run.to_dataframe("rows")
    assert (len(sweeps), len(rows)) == (4, 59)
    assert sweeps.attrs["units"]["spec_u_surface"] == "V"
    assert rows["rows_spec_no"].is_monotonic_increasing
    with pytest.raises(UsageError, match="choose one of rows, sweeps, files"):
        run.to_dataframe("cells")


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.999])
def test_a_file_cut_short(path, keep):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else keep])
    with pytest.raises(DataError, match="damaged"):
        load_results(path)


def test_altered_bytes_never_pass(path):
    whole = path.read_bytes()
    for place in range(200, len(whole) - 200, len(whole) // 23):
        bad = bytearray(whole)
        bad[place] ^= 255
        path.write_bytes(bad)
        try:
            run = load_results(path)
        except DataError:
            continue
        original = RunResult.from_days([make_day()], PROVENANCE)
        for name in run:
            np.testing.assert_array_equal(run[name], original[name])


def test_foreign_files(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("not a zip")
    np.savez(tmp_path / "pickled.npz", a=np.array([{}], dtype=object))
    for name in ("other.npz", "array.npy", "text.npz", "pickled.npz", "absent.npz"):
        with pytest.raises(DataError, match=name):
            load_results(tmp_path / name)


@pytest.mark.parametrize(
    "change",
    [
        {"settings": [1, 2]},
        {"settings": {"fitter.method": {"a": 1}}, "inputs": 3},
        {"inputs": [{"name": "x"}]},
        {"inputs": ["x"]},
        {"defects": [{"reason": "x"}]},
        {"failed_days": ["1998-04-15"]},
        {"code": 3},
        "[" * 200_000,
        "[]",
        "nonsense",
    ],
)
def test_crafted_provenance_is_one_line(path, change, tmp_path, capsys):
    with np.load(path) as arrays:
        kept = dict(arrays)
    text = change if isinstance(change, str) else json.dumps({**PROVENANCE, **change})
    np.savez(tmp_path / "crafted.npz", **{**kept, "provenance": np.array(text)})
    crafted = str(tmp_path / "crafted.npz")
    for code in (
        run_command("plot", plot.command, [crafted, "kind=map"], ""),
        run_command("compare", compare.command, [crafted, str(path)], ""),
    ):
        said = capsys.readouterr().err
        assert code == 1
        assert len(said.splitlines()) <= 2
        assert "Traceback" not in said
    with pytest.raises(DataError, match="crafted.npz"):
        load_results(crafted)
