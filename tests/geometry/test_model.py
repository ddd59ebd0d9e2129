"""Kernels, attitude and coverage: nothing mixes, nothing is extrapolated, everything missing is named."""

import dataclasses
import datetime as dt
import re

import numpy as np
import pytest
import spiceypy

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.errors import DataError
from potrun.geometry.attitude import Attitude, spin_axis
from potrun.geometry.attitude_table import parse_attitude
from potrun.geometry.compute import GeometryModel
from potrun.geometry.coverage import describe_missing
from potrun.geometry.kernels import kernels_loaded
from tests.support.tables import table_lines, write_day


def model_of(root):
    archive = scan_archive(root)
    return GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path)


@pytest.fixture
def table(tmp_path):
    return read_day(write_day(tmp_path / "made", table_lines(3)))


def at(table, *times):
    """The first rows of a table, at other times, as sweeps of one row."""
    n = len(times)
    names = ("unix_time_s", "energy_ev", "spectrum_number", "b_scd_nt", "flux", "phi_deg")
    rows = {name: getattr(table, name)[:n] for name in names}
    return dataclasses.replace(
        table, utc=np.array(times), sweep_start=np.arange(n), sweep_rows=np.ones(n, dtype=np.int64), **rows
    )


def counts(geometry):
    return {item.reason: (item.rows, item.sweeps) for item in geometry.defects}


def test_rows_out_of_reach_are_unknown_and_counted(copy, table):
    outside = at(table, "1998-08-20T00:00:00", "1998-08-15T00:00:00", "1998-08-22T10:00:00")
    geometry = model_of(copy).compute(outside)
    assert geometry.is_known.tolist() == [True, False, False]
    assert counts(geometry) == {"no attitude before its first record": (1, 1), "no ephemeris": (1, 1)}
    assert not geometry.spacecraft_in_sun[1:].any()
    assert not geometry.footpoint_in_sun[1:].any()
    assert (geometry.polarity[1:] == 0).all()
    for name in (
        "position_iau_moon_km",
        "spacecraft_latitude_deg",
        "spacecraft_longitude_deg",
        "footpoint_latitude_deg",
        "footpoint_longitude_deg",
        "pitch_deg",
    ):
        assert np.isnan(getattr(geometry, name)[1:]).all(), name


def test_no_field_has_no_footpoint(copy, table):
    field = table.b_scd_nt.copy()
    field[0] = 0
    geometry = model_of(copy).compute(dataclasses.replace(table, b_scd_nt=field))
    assert geometry.is_known[0]
    assert geometry.polarity[0] == 0
    assert np.isnan(geometry.footpoint_latitude_deg[0])
    assert np.isnan(geometry.pitch_deg[0]).all()


def test_a_missing_azimuth_has_no_pitch_angle(copy, table):
    model = model_of(copy)
    row = int(np.flatnonzero(model.compute(table).polarity)[0])
    phi = table.phi_deg.copy()
    phi[row, 5] = np.nan
    pitch = model.compute(dataclasses.replace(table, phi_deg=phi)).pitch_deg
    assert np.isnan(pitch[row]).nonzero()[0].tolist() == [5]


def test_kernels_of_others_stay_as_they_were(simulated, copy, table):
    theirs = str(simulated / "spice_kernels" / "sim_lsk.tls")
    with kernels_loaded([]):
        spiceypy.furnsh(theirs)
        spiceypy.pdpool("POTRUN_TEST", [1.0])
        model_of(copy).compute(table)
        assert [spiceypy.kdata(index, "ALL")[0] for index in range(spiceypy.ktotal("ALL"))] == [theirs]
    assert spiceypy.ktotal("ALL") == 0


def test_two_archives_do_not_mix(copy, table, simulated):
    turned = copy / "spice_kernels" / "sim_pck.tpc"
    turned.write_text(turned.read_text().replace("38.3213", "38.3713"))
    first, second = model_of(simulated), model_of(copy)
    longitude = [model.compute(table).spacecraft_longitude_deg for model in (first, second, first)]
    np.testing.assert_array_equal(longitude[0], longitude[2])
    np.testing.assert_allclose((longitude[0] - longitude[1]) % 360, 0.05, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("spice_kernels/sim_lsk.tls", b"<html>not found</html>", "leap-second"),
        (
            "spice_kernels/sim_pck.tpc",
            b"KPL/PCK\n\\begindata\nBROKEN = = 1\n\\begintext\n",
            "sim_pck.tpc cannot be read",
        ),
        (
            "spice_kernels/lp_sim_980601-981031.bsp",
            b"<html>not found</html>",
            "lp_sim_980601-981031.bsp cannot",
        ),
        ("spice_kernels/lp_sim_980601-981031.bsp", b"", "lp_sim_980601-981031.bsp cannot"),
        ("attitude.tab", b"<html>not found</html>", "attitude table"),
        ("theta.tab", b"11.25\n" * 87, "87 numbers found, 88 expected"),
        ("theta.tab", b"12.5\n" * 88, "inclinations"),
        ("theta.tab", b"x\n", "theta table"),
        ("theta.tab", b"11.25\n" * 88, "88 cells at 11.25 deg found, 16 expected"),
    ],
)
def test_damaged_files_are_named_at_once(copy, name, content, words):
    (copy / name).write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        model_of(copy)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("order", ["as it is", "reversed", "sorted"])
def test_a_permuted_theta_table_is_told_by_the_azimuths(copy, simulated, order, caplog):
    """16 cells at 11.25 deg lie 22.5 deg apart, 4 at 78.75 deg a quarter of the circle."""
    path = copy / "theta.tab"
    values = path.read_text().split()
    change = {"as it is": list, "reversed": lambda texts: texts[::-1], "sorted": lambda texts: sorted(texts, key=float)}
    path.write_text("\n".join(change[order](values)))
    model = model_of(copy)
    table = read_day(scan_archive(simulated).days[0])
    for _ in range(2):
        model.compute(table)
    assert caplog.text.count("in azimuth, expected") == (order != "as it is")


@pytest.mark.parametrize("name", ["attitude.tab", "theta.tab", "spice_kernels/sim_lsk.tls"])
def test_missing_files_are_named_at_once(copy, name):
    (copy / name).unlink()
    with pytest.raises(DataError, match="fetch"):
        model_of(copy)


def test_a_moon_without_orientation_is_named_at_once(copy):
    (copy / "spice_kernels/sim_pck.tpc").unlink()
    with pytest.raises(DataError, match=r"\*\.tpc.*no orientation of the Moon"):
        model_of(copy)


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("lp_sim_980601-981031.bsp", r"no trajectory of Lunar Prospector \(-25\).*found sim_planets.bsp"),
        ("sim_planets.bsp", r"no trajectory of the Sun \(10\)"),
    ],
)
def test_a_missing_trajectory_is_named_before_any_work(copy, lost, words):
    day = dt.date(1998, 8, 20)
    assert model_of(copy).coverage([day])[0].missing == ()
    (copy / "spice_kernels" / lost).unlink()
    model = model_of(copy)
    text = describe_missing(model.coverage([day])[0], model.kernel_paths, model.attitude_path)
    assert re.search(words, text)


def test_days_before_the_attitude_are_named(copy):
    path = copy / "attitude.tab"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if line > "1998-08-21T00:00"))
    model = model_of(copy)
    text = describe_missing(model.coverage([dt.date(1998, 8, 20)])[0], model.kernel_paths, model.attitude_path)
    assert re.search(r"1998-08-20 .*no attitude.*year=1998 month=8 day=20", text)


def test_the_last_attitude_holds_on_and_its_age_is_told(copy, table):
    path = copy / "attitude.tab"
    path.write_text("1998-08-18T00:00, 11.990, 349.89,  86.85\r\n")
    model = model_of(copy)
    assert model.coverage([dt.date(1998, 8, 20)])[0].missing == ()
    geometry = model.compute(at(table, "1998-08-20T00:00:00", "1998-08-17T23:59:59"))
    assert geometry.is_known.tolist() == [True, False]
    np.testing.assert_allclose(geometry.attitude_age_s, [2 * 86400, 0], atol=1e-3)
    assert counts(geometry) == {
        "no attitude before its first record": (1, 1),
        "attitude held on after its last record (up to 2.0 days)": (0, 0),
    }


def test_a_manoeuvre_has_no_attitude(copy, table):
    (copy / "attitude.tab").write_text(
        "1998-08-19T00:00, 11.990, 349.89,  86.85\r\n1998-08-20T00:10, 11.990, 350.00,  86.85\r\n"
        "1998-08-20T00:30, 11.990, 166.00, -89.00\r\n"
    )
    times = ("1998-08-20T00:10:00", "1998-08-20T00:10:01", "1998-08-20T00:29:59", "1998-08-20T00:30:00")
    geometry = model_of(copy).compute(at(table, *times))
    assert geometry.is_known.tolist() == [True, False, False, True]
    assert geometry.in_manoeuvre.tolist() == [False, True, True, False]
    assert counts(geometry)["attitude unknown during a manoeuvre"] == (2, 2)


def test_damaged_attitude_records_are_left_out_and_counted(copy, table):
    path = copy / "attitude.tab"
    lines = path.read_text().splitlines()
    whole = model_of(copy).attitude
    path.write_text(
        "\n".join([*lines[:3], "1998-08-09T17:19:17,11.9545,nan,86.6807", "x", *lines[3:][::-1], lines[4], ""])
    )
    attitude = model_of(copy).attitude
    np.testing.assert_array_equal(attitude.et_s, whole.et_s)
    np.testing.assert_array_equal(attitude.right_ascension_deg, whole.right_ascension_deg)
    assert [(item.first_line, item.rows) for item in attitude.defects] == [(4, 2)]


def test_right_ascension_goes_the_short_way():
    attitude = Attitude(np.array([0.0, 10.0]), np.array([359.0, 2.0]), np.array([80.0, 81.0]))
    axis = spin_axis(attitude, np.array([-1.0, 0.0, 4.0, 10.0, 11.0]))
    assert np.isnan(axis[0]).all()
    ascension = np.degrees(np.arctan2(axis[1:, 1], axis[1:, 0])) % 360
    np.testing.assert_allclose(ascension, [359.0, 0.2, 2.0, 2.0], atol=1e-9)
    np.testing.assert_allclose(np.degrees(np.arcsin(axis[1:, 2])), [80.0, 80.4, 81.0, 81.0])


@pytest.mark.parametrize(("pole", "is_turned"), [(1.0, False), (-1.0, False), (1.0, True)])
def test_records_far_apart_in_right_ascension_may_be_near_on_the_sky(pole, is_turned):
    """Near a pole half a turn of right ascension is a small angle; the angle on the sky decides."""
    declination = np.array([89.0, 89.0]) * pole * np.array([1.0, -1.0 if is_turned else 1.0])
    attitude = Attitude(np.array([0.0, 10.0]), np.array([10.0, 150.0]), declination)
    axis = spin_axis(attitude, np.array([5.0]))
    assert np.isnan(axis).all() == is_turned
    if not is_turned:
        np.testing.assert_allclose(np.degrees(np.arctan2(axis[0, 1], axis[0, 0])), 80.0)
        np.testing.assert_allclose(np.degrees(np.arcsin(axis[0, 2])), 89.0 * pole)


@pytest.mark.parametrize(
    ("line", "utc", "fraction"),
    [
        ("1998-01-07T04:00, 11.990, 349.89,  86.85", "1998-01-07T04:00:00", 0.0),
        ("1998-01-07T04:00:30,11.9,349.89,-86.85", "1998-01-07T04:00:30", 0.0),
        ('  "1998-01-07T04:00:30.25Z" , 11.9 , 0.00 , .5  ', "1998-01-07T04:00:30", 0.25),
        ("1998-01-07T04:00Z,11.9,0.00,-0.5", "1998-01-07T04:00:00", 0.0),
    ],
)
def test_times_of_every_form_are_read(line, utc, fraction):
    text = parse_attitude(f"START_TIME,SPIN,RA,DEC\r\n{line}\r\n", "attitude.tab")
    assert (text.utc.tolist(), text.fraction_s.tolist(), text.bad) == ([utc], [fraction], [1])
    assert text.declination_deg[0] == float(line.rsplit(",", 1)[1])
