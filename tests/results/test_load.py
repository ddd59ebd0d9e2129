import numpy as np
import pytest

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
