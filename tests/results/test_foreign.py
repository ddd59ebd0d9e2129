"""Files of the documented format that another program wrote, made here from the documented keys alone."""

import pickle

import numpy as np
import pytest

from potrun.core.errors import DataError, UsageError
from potrun.plots import KINDS, draw
from potrun.results.comparison import compare
from potrun.results.load import RunResult, load_results
from potrun.results.statistics import statistics
from tests.support.results import PROVENANCE, make_day


def write_foreign(path, start="1998-04-15T00:00:00", sweeps=3, **more):
    """Write the 19 documented keys of `sweeps` sweeps of 15 rows; U is -100, -101, ... V."""
    rows, first = sweeps * 15, np.datetime64(start, "s")
    sweep = np.repeat(np.arange(sweeps), 15)
    utc = (first + sweep * 80 + np.tile(np.arange(15) * 5, sweeps)).astype("U64")
    seconds = (first.astype(int) + sweep * 80).astype(float).astype("U64")
    u = np.where(sweep == 1, np.nan, -100.0 - sweep)
    arrays = {
        "rows_spec_no": sweep + 4, "rows_utc": utc, "rows_time": seconds,
        "rows_spacecraft_latitude": np.linspace(-10, 10, rows), "rows_spacecraft_longitude": np.full(rows, 7.0),
        "rows_projection_latitude": np.linspace(-11, 11, rows), "rows_projection_longitude": np.full(rows, 8.0),
        "rows_spacecraft_potential": np.full(rows, 5.0), "rows_projected_potential": u,
        "rows_bs_over_bm": np.full(rows, 0.9), "rows_beam_amp": np.zeros(rows), "rows_fit_chi2": np.full(rows, 300.0),
        "rows_spacecraft_in_sun": np.ones(rows, bool), "rows_projection_in_sun": sweep == 0,
        "spec_spec_no": np.arange(sweeps) + 4, "spec_time_start": seconds[::15], "spec_time_end": seconds[14::15],
        "spec_has_fit": np.isfinite(u[::15]), "spec_row_count": np.full(sweeps, 15),
    }  # fmt: skip
    assert len(arrays) == 19
    np.savez(path, **arrays | more)
    return path


def test_the_oldest_version_tells_what_its_rows_tell(tmp_path):
    run = load_results(write_foreign(tmp_path / "potential_batch_1998.npz"))
    assert (run.origin, run.n_sweeps, run.n_rows) == ("foreign", 3, 45)
    np.testing.assert_array_equal(run.spec_u_surface, [-100, np.nan, -102])
    assert run.spec_utc_start.tolist()[1] == "1998-04-15T00:01:20"
    assert float(run.spec_time_start[1]) == 892598480.0
    assert run.spec_projection_in_sun.tolist() == [True, False, False]
    assert run.spec_projection_latitude[0] == pytest.approx(run.rows_projection_latitude[7])


def test_columns_of_our_own_are_absent(tmp_path):
    run = load_results(write_foreign(tmp_path / "a.npz"))
    assert "spec_u_lo68" not in run
    assert np.isnan(run.spec_u_lo68).all()
    assert "spec_u_lo68" not in run.to_dataframe()
    with pytest.raises(UsageError, match="another program"):
        run.save(tmp_path / "b.npz")


def test_statistics_of_what_is_there(tmp_path):
    numbers = statistics(load_results(write_foreign(tmp_path / "a.npz")))
    assert (numbers["sweeps"], numbers["fitted"], numbers["days"]) == (3, 2, 1)
    assert numbers["potential_shadow_v/median"] == -102
    assert np.isnan(numbers["certified_fraction"])
    assert np.isnan(numbers["identifiable"])
    assert "fit_status/ok" not in numbers


def test_a_later_version_with_the_electrons(tmp_path):
    env = np.full(45, 3, np.int8)
    path = write_foreign(tmp_path / "a.npz", rows_environment_class=env, u_width_lhs_delta_reduced=np.array(0.001))
    assert load_results(path).spec_environment_class.tolist() == [3, 3, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_can_be_drawn(tmp_path, kind):
    assert draw(load_results(write_foreign(tmp_path / "a.npz")), kind).axes


def test_compared_with_ours_by_start_time(tmp_path):
    ours = RunResult.from_days([make_day()], PROVENANCE)
    theirs = load_results(write_foreign(tmp_path / "a.npz"))
    comparison = compare([ours, theirs], ["ours", "theirs"])
    assert comparison.matched.tolist() == [[0, 0], [1, 1], [2, 2]]


def test_a_folder_of_one_file_a_day_is_one_result(tmp_path):
    write_foreign(tmp_path / "potential_batch_1998_04_16.npz", "1998-04-16T00:00:00")
    write_foreign(tmp_path / "potential_batch_1998_04_15.npz")
    run = load_results(tmp_path)
    assert run.spec_spec_no.tolist() == [4, 5, 6, 11, 12, 13]
    np.testing.assert_array_equal(np.unique(run.rows_spec_no), run.spec_spec_no)
    assert run.spec_utc_start[3] == "1998-04-16T00:00:00"
    write_foreign(tmp_path / "potential_batch_again.npz")
    with pytest.raises(DataError, match="keep each day once"):
        load_results(tmp_path)


def test_rows_that_are_not_in_the_order_of_the_sweeps(tmp_path):
    path = write_foreign(tmp_path / "a.npz")
    with np.load(path) as npz:
        arrays = dict(npz)
    order = np.r_[30:45, 0:30]
    np.savez(path, **{name: value[order] if name.startswith("rows_") else value for name, value in arrays.items()})
    np.testing.assert_array_equal(load_results(path).spec_u_surface, [-100, np.nan, -102])


def test_a_pickle_is_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("a pickle was loaded",)

    with pytest.raises(DataError, match=r"a\.npz"):
        load_results(write_foreign(tmp_path / "a.npz", spec_u_surface=np.array([Bomb(), Bomb(), Bomb()], dtype=object)))
    (tmp_path / "b.npz").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(DataError, match=r"b\.npz"):
        load_results(tmp_path / "b.npz")


def test_a_file_whose_counts_do_not_fit_is_refused(tmp_path):
    with pytest.raises(DataError, match="spec_row_count"):
        load_results(write_foreign(tmp_path / "a.npz", spec_row_count=np.array([15, 15, 14])))
