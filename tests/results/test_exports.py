"""Each export, opened by the library that its users have."""

import numpy as np
import pytest

from potrun.core.errors import UsageError
from potrun.results.columns import COLUMNS
from potrun.results.exports import export, require_libraries
from potrun.results.istp import CODES, attributes, valid_range
from potrun.results.load import RunResult
from potrun.results.times import times
from tests.support.results import PROVENANCE, make_day


@pytest.fixture(scope="module")
def run():
    return RunResult.from_days([make_day(sweep_rows=(15,) * 40)], PROVENANCE)


def test_netcdf_opens_in_xarray(run, tmp_path):
    import xarray

    [path] = export(run, ["netcdf"], tmp_path / "run")
    with xarray.open_dataset(path, engine="h5netcdf") as data:
        np.testing.assert_array_equal(data["spec_u_surface"], run.spec_u_surface)
        assert data["spec_u_surface"].attrs["units"] == "V"
        assert data["spec_u_surface"].attrs["DEPEND_0"] == "Epoch"
        assert data["Epoch"].values[1] == np.datetime64("1998-04-15T00:01:20")
        assert data.attrs["origin"] == "simulated"
        assert data.sizes == {"sweep": 40, "row": 600, "file": 1}


@pytest.fixture(scope="module")
def cdf(run, tmp_path_factory):
    import cdflib

    return cdflib.CDF(export(run, ["cdf"], tmp_path_factory.mktemp("cdf") / "run")[0])


def test_cdf_has_the_numbers_and_their_attributes(run, cdf):
    found = cdf.varget("spec_u_surface")
    known = np.isfinite(run.spec_u_surface)
    np.testing.assert_array_equal(found[known], run.spec_u_surface[known])
    told = cdf.varattsget("spec_u_surface")
    assert (found[~known] == told["FILLVAL"]).all()
    assert (told["DEPEND_0"], told["UNITS"], told["VAR_TYPE"]) == ("Epoch", "V", "data")
    assert told["CATDESC"].startswith("surface potential U")
    assert cdf.globalattsget()["Logical_source"] == ["lp_er_potential"]
    assert set(cdf.cdf_info().zVariables) == {"Epoch", "row_Epoch", *run}
    assert cdf.varget("spec_region").dtype == np.int8


def test_cdf_has_the_times_and_texts(run, cdf):
    import cdflib

    for name, texts in (("Epoch", run.spec_utc_start), ("row_Epoch", run.rows_utc), ("spec_utc_end", run.spec_utc_end)):
        start = cdflib.cdfepoch.to_datetime(cdf.varget(name))
        np.testing.assert_array_equal(start.astype("M8[s]"), texts.astype("M8[s]"))
    assert [text.strip() for text in cdf.varget("rows_time")] == run.rows_time.tolist()
    assert [text.strip() for text in np.atleast_1d(cdf.varget("source_name"))] == run.source_name.tolist()
    assert cdf.varattsget("rows_time")["VAR_TYPE"] == "metadata"


def test_the_rules_that_cdflib_checks_are_kept(cdf, tmp_path):
    """Read into xarray and written again, as ISTP, where every remark is an error."""
    from cdflib.xarray import cdf_to_xarray, xarray_to_cdf

    data = cdf_to_xarray(cdf.file)
    records = sorted({str(values.dims[0]) for values in data.variables.values()})
    xarray_to_cdf(data, str(tmp_path / "again.cdf"), terminate_on_warning=True, record_dimensions=records)


def test_a_leap_second_stays_one_in_a_cdf():
    from potrun.results.cdf import tt2000

    before, leap, after = tt2000(
        np.array(["1998-12-31T23:59:59", "1998-12-31T23:59:60", "1999-01-01T00:00:00"])
    ).tolist()
    assert (leap - before, after - leap) == (10**9, 10**9)
    assert tt2000(np.array(["2000-01-01T12:00:00", "none"])).tolist() == [64_184_000_000, -(2**63)]


def test_what_a_run_holds_can_be(run):
    """No value of a made-up day is outside of the range that its file allows."""
    for column in COLUMNS:
        if column.dtype.kind in "fib" and column.axis != "files":
            low, high = valid_range(column)
            values = run[column.name][np.isfinite(run[column.name])]
            assert low < high, column.name
            assert ((values >= low) & (values <= high)).all(), column.name


def test_codes_are_told_in_words():
    notes = {column.name: attributes(column)["VAR_NOTES"] for column in COLUMNS if column.name in CODES}
    assert notes.keys() == CODES.keys()
    assert "3 tail_lobe" in notes["spec_region"]
    assert "2 not_identifiable" in notes["spec_quality"]


def test_astropy_knows_units_and_times(run):
    import astropy.units as u

    table = run.to_qtable()
    known = np.isfinite(run.spec_u_surface)
    np.testing.assert_array_equal(table["spec_u_surface"].to_value(u.mV)[known], 1000 * run.spec_u_surface[known])
    assert table["spec_electron_density"].unit == u.m**-3
    assert table["spec_utc_start"][1].utc.isot == "1998-04-15T00:01:20.000"
    assert table["spec_region"].info.description == "region by place and plasma, see Region"
    assert len(run.to_qtable("rows")) == run.n_rows
    assert table.meta["origin"] == "simulated"
    with pytest.raises(UsageError, match="choose one of rows, sweeps, files"):
        run.to_qtable("orbits")


def test_parquet_and_csv_open_in_pandas(run, tmp_path):
    import pandas as pd

    parquet, csv = export(run, ["parquet", "csv"], tmp_path / "run")
    for table in (pd.read_parquet(parquet), pd.read_csv(csv, parse_dates=["spec_utc_start"])):
        np.testing.assert_allclose(table["spec_u_surface"], run.spec_u_surface)
        assert table["spec_utc_start"].iloc[1] == pd.Timestamp("1998-04-15T00:01:20")


def test_data_frames_have_times(run):
    assert run.to_dataframe("rows")["rows_utc"].dtype.kind == "M"


def test_times_that_are_none():
    found = times(np.array(["1998-12-31T23:59:60", "garbage", "1999-01-01T00:00:00", "", "1999-01-01 00:00:00"]))
    assert found[0] == np.datetime64("1998-12-31T23:59:59")
    assert np.isnat(found).tolist() == [False, True, False, True, True]
    assert len(times(np.array([], "<U19"))) == 0


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr("potrun.results.exports.find_spec", lambda name: None if name == "cdflib" else object())
    with pytest.raises(UsageError, match=r"cdflib: pip install 'potrun\[export\]'"):
        require_libraries(["cdf"])
