"""The simulated archive in the form of the public one, read back by the stages that read measurements."""

import datetime as dt
import re
import shutil

import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.instrument import cell_solid_angle_sr
from potrun.core.settings import ArchiveConfig
from potrun.geometry.attitude import spin_axis
from potrun.geometry.attitude_table import read_attitude
from potrun.geometry.compute import GeometryModel
from potrun.plasma.penetrating import penetrating_of_day
from potrun.simulate.archive import simulate_archive, table_path
from potrun.simulate.clock import et_s
from potrun.simulate.eclipse import covered_share
from potrun.simulate.ephemeris import earth_from_moon_km, sun_from_moon_km
from potrun.simulate.settings import SimulationSettings

STEP, PARTICLES, FLIP = dt.date(1998, 3, 31), dt.date(1998, 4, 20), dt.date(1998, 9, 21)
HIGH, LOW = dt.date(1998, 12, 18), dt.date(1998, 12, 19)
LEAP, NEW_YEAR = dt.date(1998, 12, 31), dt.date(1999, 1, 1)
ECLIPSE, HELD = dt.date(1999, 1, 31), dt.date(1999, 7, 15)
DAYS = (STEP, PARTICLES, FLIP, HIGH, LOW, LEAP, NEW_YEAR, ECLIPSE, HELD)
SWEEPS = 48

STATUS_REPORTS = {
    "1998-01-21": (87.8, 223.0),
    "1998-03-05": (88.8, 344.0),
    "1998-11-06": (-89.0, 166.0),
    "1998-12-30": (-88.0, 242.0),
    "1999-01-08": (-87.3, 229.0),
    "1999-03-19": (-89.5, 330.0),
    "1999-06-25": (-88.7, 55.0),
    "1999-07-01": (-88.4, 45.0),
}
"""Ecliptic latitude and longitude of the spin axis in the mission's status reports (deg)."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flown") / "archive"
    return simulate_archive(folder, DAYS, SWEEPS, 5, SimulationSettings(instrument="flown"))


@pytest.fixture(scope="module")
def days(root, tmp_path_factory):
    """Each day's table, geometry and truth."""
    archive, cache = scan_archive(root), tmp_path_factory.mktemp("cache")
    assert archive.ignored == ()
    model = GeometryModel.of(archive, ArchiveConfig())
    out = {}
    for day in archive.days:
        table = read_day(day, cache)
        with np.load(root / "truth" / f"{day.date:%Y%m%d}.npz") as file:
            out[day.date] = table, model.compute(table), dict(file)
    return out


def test_rows_are_one_spin_apart_and_a_sweep_keeps_its_first_time(days):
    for date, (table, geometry, truth) in days.items():
        np.testing.assert_array_equal(table.utc, truth["row_utc"])
        first = table.sweep_start
        since = geometry.et_s - np.repeat(geometry.et_s[first], table.sweep_rows)
        np.testing.assert_allclose(since, 5.0 * table.row_in_sweep, atol=1e-4)
        np.testing.assert_array_equal(table.unix_time_s, np.repeat(table.unix_time_s[first], table.sweep_rows))
        assert table.utc[first[-1]] == f"{date}T23:59:10"
    assert f"{LEAP}T23:59:60" in days[LEAP][0].utc
    assert days[LEAP][0].utc[-1] == f"{NEW_YEAR}T00:00:19"
    assert days[LEAP][0].sweep_rows[-1] == 15


@pytest.mark.parametrize("date", DAYS)
def test_the_geometry_is_the_true_one(days, date):
    _, geometry, truth = days[date]
    known = geometry.is_known
    turning = (truth["row_utc"] > f"{FLIP}T10:00:00") & (truth["row_utc"] < f"{FLIP}T12:30:00")
    np.testing.assert_array_equal(known, ~turning)
    assert turning.any() == (date == FLIP)
    np.testing.assert_allclose(geometry.position_iau_moon_km[known], truth["row_pos"][known], rtol=0, atol=1e-6)
    for name, key in (("footpoint_latitude_deg", "foot_lat"), ("footpoint_longitude_deg", "foot_lon")):
        np.testing.assert_allclose(getattr(geometry, name)[known], truth[f"row_{key}"][known], rtol=0, atol=1e-6)
    for name, key in (("polarity", "polarity"), ("spacecraft_in_sun", "sc_sun"), ("footpoint_in_sun", "foot_sun")):
        np.testing.assert_array_equal(getattr(geometry, name)[known], truth[f"row_{key}"][known], key)
    pitch = np.where(np.isnan(geometry.pitch_deg), np.nan, truth["row_pitch"])
    np.testing.assert_allclose(geometry.pitch_deg[known], pitch[known], rtol=0, atol=2e-5)


def test_sweeps_across_midnight_count_once_also_where_two_tables_divide_them(root, days, tmp_path):
    for date in (HIGH, LEAP):
        later = date + dt.timedelta(days=1)
        copy = tmp_path / f"{date}"
        for day in (date, later):
            (copy / table_path(day)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / table_path(day), copy / table_path(day))
        lines = (copy / table_path(date)).read_bytes().splitlines(keepends=True)
        beyond = [line for line in lines if line.startswith(str(later).encode())]
        assert 0 < len(beyond) < 15
        (copy / table_path(date)).write_bytes(b"".join(lines[: -len(beyond)]))
        (copy / table_path(later)).write_bytes(b"".join(beyond) + (root / table_path(later)).read_bytes())
        for day, moved in zip(scan_archive(copy).days, (0, len(beyond)), strict=True):
            whole, divided = days[day.date][0], read_day(day, copy)
            for name in ("utc", "energy_ev", "flux", "phi_deg", "sweep_start", "sweep_rows"):
                np.testing.assert_array_equal(getattr(divided, name), getattr(whole, name))
            assert sum(defect.rows for defect in divided.defects) == moved
        assert all(days[day][0].n_sweeps == SWEEPS for day in (date, later))


def test_the_attitude_table_has_the_public_form_and_agrees_with_the_status_reports(root):
    lines = (root / "attitude.tab").read_bytes().splitlines(keepends=True)
    form = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d,[ \d]{3}\.\d{3},[ \d]{4}\.\d\d,[ \d-]{4}\.\d\d\r\n")
    assert all(form.fullmatch(line) and len(line) == 42 for line in lines)
    assert 550 < len(lines) < 700
    assert lines[0].startswith(b"1998-01-07T04:00, ")
    assert lines[-1].startswith(b"1999-05-31T12:00, ")
    archive = scan_archive(root)
    model = GeometryModel.of(archive, ArchiveConfig())
    attitude = read_attitude(archive.attitude_path, model.leap_seconds)
    assert attitude.defects == ()
    for date, (latitude, longitude) in STATUS_REPORTS.items():
        at = et_s(dt.date.fromisoformat(date), np.array([43200.0]))
        b, lon = np.radians([latitude, longitude])
        expected = [np.cos(b) * np.cos(lon), np.cos(b) * np.sin(lon), np.sin(b)]
        assert np.degrees(np.arccos(spin_axis(attitude, at)[0] @ expected)) < 1.0, date
    before, after = (et_s(STEP, np.array([(22 * 60 + minute) * 60.0])) for minute in (38, 58))
    turn = np.degrees(np.arccos(spin_axis(attitude, before)[0] @ spin_axis(attitude, after)[0]))
    assert turn == pytest.approx(4.7, abs=0.05)


def test_the_attitude_is_held_after_its_last_record(days):
    _, geometry, truth = days[HELD]
    assert (geometry.attitude_age_s > 44 * 86400).all()
    assert len(set(truth["row_dec"])) == 1


def test_the_earths_shadow_comes_when_it_did(days, tmp_path):
    et = et_s(ECLIPSE, np.arange(0.0, 86400.0, 60.0))
    rng = np.random.default_rng(1)
    limb = rng.standard_normal((300, 3))
    limb *= 1737.4 / np.linalg.norm(limb, axis=1, keepdims=True)
    sun, earth = sun_from_moon_km(et), earth_from_moon_km(et)
    share = np.max([covered_share(np.tile(point, (len(et), 1)), sun, earth) for point in limb], axis=0)
    minutes = np.flatnonzero(share > 0)
    # Almanacs enlarge the Earth by its atmosphere, which the simulator does not.
    assert minutes[[0, -1]] == pytest.approx([14 * 60 + 4, 18 * 60 + 30], abs=8)
    assert share.max() > 0.9
    truth = days[ECLIPSE][2]
    settings = SimulationSettings(instrument="flown", earth_shadow=False)
    bright = simulate_archive(tmp_path / "bright", [ECLIPSE], SWEEPS, 5, settings)
    with np.load(bright / "truth" / f"{ECLIPSE:%Y%m%d}.npz") as file:
        lit = file["sweep_sc_sun"]
    darkened = lit & ~truth["sweep_sc_sun"]
    assert darkened.any()
    hour = np.array([int(text[11:13]) for text in truth["sweep_utc"][darkened]])
    assert hour.min() >= 14
    assert hour.max() <= 17


def test_energetic_particles_dominate_on_the_day_of_the_event(days):
    table, geometry, truth = days[PARTICLES]
    is_event = penetrating_of_day(table, geometry).is_event(100.0, 0.5)
    time = truth["sweep_utc"]
    assert is_event[time > f"{PARTICLES}T17:30:00"].mean() > 0.9
    assert not is_event[time < f"{PARTICLES}T11:40:00"].any()
    other, geometry, _ = days[LOW]
    assert not penetrating_of_day(other, geometry).is_event(100.0, 0.5).any()


def test_solid_angles_stand_beside_the_inclinations(root):
    theta, omega = np.loadtxt(root / "theta.tab"), np.loadtxt(root / "solid_angles.tab")
    np.testing.assert_array_equal(omega, cell_solid_angle_sr(theta))
    assert omega.sum() == pytest.approx(4 * np.pi, abs=1e-4)
