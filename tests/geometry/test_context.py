"""Context against numbers worked out by hand, and against the ephemeris of ERFA, which potrun does not use."""

import datetime as dt

import erfa
import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.records import Region
from potrun.core.settings import RegionConfig
from potrun.geometry import context
from potrun.geometry.compute import GeometryModel
from potrun.plasma.region import region_of
from tests.support.independent_sky import moon_frame, sun_and_earth_km

J2000 = 2451545.0


def test_gyroradius_of_1_kev_at_5_nt_is_21_km():
    assert context.gyroradius_km(np.array([1000.0]), np.array([5.0]))[0] == pytest.approx(21.3, abs=0.05)


def test_local_time():
    hours = context.local_time_h(np.array([30.0, -60.0, -170.0]), np.array([30.0, 30.0, 170.0]))
    assert hours.tolist() == pytest.approx([12, 6, 13 + 1 / 3])


def test_zenith_angle_and_dip_on_a_sphere():
    place = np.array([[1737.4, 0, 0], [0, 1737.4, 0], [-1737.4, 0, 0]])
    sun = np.array([[1.5e8, 0, 0]] * 3)
    np.testing.assert_allclose(context.zenith_angle_deg(place, sun), [0, 90, 180], atol=1e-3)
    field = np.array([[5.0, 0, 0], [3, 3, 0], [0, 0, 1]])
    np.testing.assert_allclose(context.dip_deg(field, place), [90, 45, 0], atol=1e-6)


def test_the_tail_leans_towards_dusk():
    full_moon = np.array([[-60.0, 0, 0], [-60 * np.cos(0.1), 60 * np.sin(0.1), 0], [60, 0, 0]])
    distance, angle = context.from_tail_axis(full_moon, np.degrees(0.1))
    np.testing.assert_allclose(distance, [60 * np.sin(0.1), 0, 60 * np.sin(0.1)], atol=1e-9)
    np.testing.assert_allclose(angle, [np.degrees(0.1), 0, 180 - np.degrees(0.1)], atol=1e-5)


def test_regions_by_place_and_plasma():
    places = [
        (10.0, 10.0, 300.0, 1e5, Region.PLASMA_SHEET),
        (10.0, 10.0, 100.0, 1e4, Region.TAIL_LOBE),
        (10.0, 10.0, np.nan, np.nan, Region.TAIL_LOBE),
        (10.0, 10.0, 40.0, 5e6, Region.MAGNETOSHEATH),
        (35.0, 36.0, 40.0, 5e6, Region.MAGNETOSHEATH),
        (35.0, 36.0, 10.0, 5e6, Region.SOLAR_WIND),
        (55.0, 70.0, 300.0, 1e5, Region.SOLAR_WIND),
        (10.0, 170.0, 300.0, 1e5, Region.SOLAR_WIND),
        (np.nan, np.nan, 300.0, 1e5, Region.UNKNOWN),
    ]
    columns = np.array([place[:4] for place in places]).T
    assert region_of(*columns, RegionConfig()).tolist() == [place[4] for place in places]


@pytest.fixture(scope="module")
def independent(sample_dir, tmp_path_factory):
    """The independent sample's day, and the Sun and the Earth from the Moon by ERFA, in the ICRS."""
    archive = scan_archive(sample_dir)
    table = read_day(archive.days[0], tmp_path_factory.mktemp("cache"))
    geometry = GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path).compute(table)
    return geometry, *sun_and_earth_km(geometry.et_s / 86400.0)


def test_gse_agrees_with_erfa(independent):
    geometry, sun, earth = independent
    north = np.broadcast_to(erfa.ecm06(J2000, 0.0)[2], sun.shape)
    x = (sun - earth) / np.linalg.norm(sun - earth, axis=1, keepdims=True)
    z = north - (north * x).sum(axis=1, keepdims=True) * x
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    expected = np.stack([(-earth * axis).sum(axis=1) for axis in (x, np.cross(z, x), z)], axis=1)
    axes = context.solar_ecliptic_axes(geometry.moon_to_sun_km - geometry.moon_to_earth_km, geometry.ecliptic_north)
    found = context.turned(axes, -geometry.moon_to_earth_km)
    away = context.angle_deg(found, expected)
    assert np.nanmax(away) < 0.01
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(expected, axis=1), rtol=2e-4)


def test_zenith_angle_and_local_time_agree_with_erfa(independent):
    geometry, sun, _ = independent
    body = np.einsum("nij,nj->ni", moon_frame(geometry.et_s / 86400.0), sun)
    latitude, longitude = np.radians(geometry.spacecraft_latitude_deg), np.radians(geometry.spacecraft_longitude_deg)
    sun_latitude = np.arcsin(body[:, 2] / np.linalg.norm(body, axis=1))
    sun_longitude = np.arctan2(body[:, 1], body[:, 0])
    cosine = np.sin(latitude) * np.sin(sun_latitude)
    cosine += np.cos(latitude) * np.cos(sun_latitude) * np.cos(longitude - sun_longitude)
    found = context.zenith_angle_deg(geometry.position_iau_moon_km, geometry.moon_to_sun_km)
    assert np.nanmax(np.abs(found - np.degrees(np.arccos(cosine)))) < 0.01
    subsolar = np.degrees(np.arctan2(geometry.moon_to_sun_km[:, 1], geometry.moon_to_sun_km[:, 0]))
    hours = context.local_time_h(geometry.spacecraft_longitude_deg, subsolar)
    expected = (12 + np.degrees(longitude - sun_longitude) / 15) % 24
    assert np.nanmax(np.abs((hours - expected + 12) % 24 - 12)) * 15 < 0.01


def test_simulated_date_is_close_to_full_moon_where_the_tail_is(tmp_path):
    """Full moon was on 1998-04-11 at 22:24 UT (US Naval Observatory): the Moon is within 1 deg of -x in longitude."""
    from potrun.simulate.archive import simulate_archive

    archive = scan_archive(simulate_archive(tmp_path / "archive", [dt.date(1998, 4, 11)], 200, 0))
    table = read_day(archive.days[0], tmp_path)
    geometry = GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path).compute(table)
    axes = context.solar_ecliptic_axes(geometry.moon_to_sun_km - geometry.moon_to_earth_km, geometry.ecliptic_north)
    x, y, _ = context.turned(axes, -geometry.moon_to_earth_km).T
    last = np.flatnonzero(table.utc < "1998-04-11T22:24")[-1]
    assert abs(np.degrees(np.arctan2(y[last], -x[last]))) < 1.0
