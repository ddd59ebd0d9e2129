"""Each export, opened by the library that its users have."""

import logging

import numpy as np
import pytest

from potrun.core.errors import UsageError
from potrun.results.exports import export, require_libraries, times
from potrun.results.load import RunResult
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


def test_cdf_opens_in_cdflib_with_istp_attributes(run, tmp_path, caplog):
    import cdflib

    with caplog.at_level(logging.DEBUG, "potrun"):
        [path] = export(run, ["cdf"], tmp_path / "run")
    data = cdflib.CDF(path)
    found = data.varget("spec_u_surface")
    known = np.isfinite(run.spec_u_surface)
    np.testing.assert_array_equal(found[known], run.spec_u_surface[known])
    attributes = data.varattsget("spec_u_surface")
    assert (found[~known] == attributes["FILLVAL"]).all()
    assert (attributes["DEPEND_0"], attributes["UNITS"], attributes["VAR_TYPE"]) == ("Epoch", "V", "data")
    assert attributes["CATDESC"].startswith("surface potential U")
    start = cdflib.cdfepoch.to_datetime(data.varget("Epoch"))
    np.testing.assert_array_equal(start.astype("M8[s]"), run.spec_utc_start.astype("M8[s]"))
    assert data.globalattsget()["Logical_source"] == ["lp_er_potential"]
    remarks = [record.getMessage() for record in caplog.records if "Warning" in record.getMessage()]
    assert [remark for remark in remarks if "Epoch" not in remark and "_utc" not in remark] == []


def test_parquet_and_csv_open_in_pandas(run, tmp_path):
    import pandas as pd

    parquet, csv = export(run, ["parquet", "csv"], tmp_path / "run")
    for table in (pd.read_parquet(parquet), pd.read_csv(csv, parse_dates=["spec_utc_start"])):
        np.testing.assert_allclose(table["spec_u_surface"], run.spec_u_surface)
        assert table["spec_utc_start"].iloc[1] == pd.Timestamp("1998-04-15T00:01:20")


def test_data_frames_have_times(run):
    assert run.to_dataframe("rows")["rows_utc"].dtype.kind == "M"


def test_times_that_are_none():
    found = times(np.array(["1998-12-31T23:59:60", "garbage", "1999-01-01T00:00:00"]))
    assert found[0] == np.datetime64("1998-12-31T23:59:59")
    assert np.isnat(found).tolist() == [False, True, False]


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr("potrun.results.exports.find_spec", lambda name: None if name == "cdflib" else object())
    with pytest.raises(UsageError, match=r"cdflib: pip install 'potrun\[export\]'"):
        require_libraries(["cdf"])
