from dataclasses import replace

import numpy as np
import pytest

from potrun.results.columns import BY_NAME, COLUMNS
from potrun.results.day import DayResult, assemble, file_offsets, middle_rows
from tests.support.results import make_day, make_fit, make_geometry, make_potential, make_table

CONTRACT = [
    "rows_spec_no",
    "rows_utc",
    "rows_time",
    "rows_spacecraft_latitude",
    "rows_spacecraft_longitude",
    "rows_projection_latitude",
    "rows_projection_longitude",
    "rows_spacecraft_potential",
    "rows_projected_potential",
    "rows_bs_over_bm",
    "rows_beam_amp",
    "rows_fit_chi2",
    "rows_spacecraft_in_sun",
    "rows_projection_in_sun",
    "rows_projection_polarity",
    "rows_electron_temperature",
    "rows_electron_density",
    "rows_kappa_value",
    "rows_environment_class",
    "spec_spec_no",
    "spec_time_start",
    "spec_time_end",
    "spec_has_fit",
    "spec_row_count",
    "spec_u_surface",
    "spec_bs_over_bm",
    "spec_fit_chi2",
    "spec_electron_temperature",
    "spec_electron_density",
    "spec_environment_class",
]


def test_every_key_of_the_file_contract_is_a_column():
    assert [name for name in CONTRACT if name not in BY_NAME] == []
    assert len(BY_NAME) == len(COLUMNS)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("rows_spec_no", "int64"),
        ("rows_fit_chi2", "float64"),
        ("rows_projection_in_sun", "bool"),
        ("rows_projection_polarity", "int8"),
        ("spec_row_count", "int64"),
        ("spec_has_fit", "bool"),
    ],
)
def test_types_are_those_of_the_file_contract(name, dtype):
    assert make_day().columns[name].dtype == dtype


def test_rows_carry_the_fit_of_their_sweep():
    day = make_day(sweep_rows=(15, 14, 1)).columns
    sweep = np.searchsorted(day["spec_sweep_id"], day["rows_sweep_id"])
    assert sweep.tolist() == [0] * 15 + [1] * 14 + [2]
    np.testing.assert_array_equal(day["rows_projected_potential"], day["spec_u_surface"][sweep])
    np.testing.assert_array_equal(day["rows_environment_class"], day["spec_environment_class"][sweep])


def test_times_and_numbers_of_a_sweep():
    day = make_day().columns
    assert day["spec_utc_start"][1] == "1998-04-15T00:01:20"
    assert day["spec_utc_end"][1] == "1998-04-15T00:01:55"
    assert (day["spec_time_start"][1], day["spec_time_end"][1]) == ("892598480.0", "892598515.0")
    assert day["rows_time"][0] == "892598400.0"
    assert day["spec_sweep_id"].tolist() == [1998041500001, 1998041500002, 1998041500003, 1998041500004]
    assert day["spec_spec_no"].tolist() == [7, 8, 9, 10]
    assert day["rows_spec_no"][:16].tolist() == [7] * 15 + [8]
    assert day["spec_original_spec_no"].tolist() == [7, 8, 9, 10]


def test_a_sweep_is_placed_at_the_middle_row_with_a_footpoint():
    table = make_table(sweep_rows=(15, 15, 3))
    latitude = np.arange(33.0)
    latitude[[0, 1, 2, 3, 13, 14]] = np.nan  # rows 4..12 remain of the first sweep: the middle is row 8
    latitude[15:30] = np.nan
    geometry = replace(make_geometry(table), footpoint_latitude_deg=latitude)
    assert middle_rows(table, geometry).tolist() == [8, 22, 31]


def test_illumination_of_a_sweep_that_crosses_the_terminator_is_that_of_its_middle():
    table = make_table(sweep_rows=(15,))
    in_sun = np.arange(15) < 10
    geometry = replace(make_geometry(table), footpoint_latitude_deg=np.zeros(15), footpoint_in_sun=in_sun)
    day = assemble(table, geometry, make_potential(table), make_fit(table, geometry))
    assert day.columns["spec_projection_in_sun"].tolist() == [True]
    assert day.columns["rows_projection_in_sun"].tolist() == in_sun.tolist()


def test_without_intervals_their_columns_are_nan():
    table = make_table()
    geometry = make_geometry(table)
    day = assemble(table, geometry, make_potential(table), replace(make_fit(table, geometry), intervals=None))
    assert np.isnan(day.columns["spec_u_lo68"]).all()
    assert not day.columns["spec_u_identifiable"].any()


def test_an_empty_day_has_empty_columns_of_the_right_types():
    day = make_day(sweep_rows=())
    assert (day.n_rows, day.n_sweeps) == (0, 0)
    assert day.columns["rows_utc"].dtype == "<U19"


def test_text_that_does_not_fit_is_refused_not_cut():
    table = make_table()
    longer = replace(table, utc=np.char.add(table.utc, ".123"))
    geometry = make_geometry(table)
    with pytest.raises(ValueError, match="23 characters in column"):
        assemble(longer, geometry, make_potential(table), make_fit(table, geometry))


def test_a_day_with_a_wrong_column_is_refused():
    day = make_day()
    with pytest.raises(ValueError, match="rows_beam_amp"):
        DayResult(day.date, {**day.columns, "rows_beam_amp": np.zeros(3)})
    with pytest.raises(ValueError, match="extra"):
        DayResult(day.date, {**day.columns, "extra": np.zeros(3)})


def test_the_keys_that_readers_ask_for_hold_the_95_percent_intervals():
    day = make_day().columns
    np.testing.assert_array_equal(day["spec_u_is_identifiable_lhs_dchi2red_0p001"], day["spec_u_identifiable"])
    width = day["spec_u_hi95"] - day["spec_u_lo95"]
    np.testing.assert_array_equal(day["spec_u_width_lhs_dchi2red_0p001"], width)
    np.testing.assert_array_equal(day["rows_u_width_lhs_dchi2red_0p001"], np.repeat(width, day["spec_row_count"]))
    assert day["rows_u_is_identifiable_lhs_dchi2red_0p001"].dtype == bool


def test_spectrum_numbers_of_a_file_are_moved_on_by_the_files_before():
    assert file_offsets([10, None, 0, 5]) == [0, 11, 11, 12]
