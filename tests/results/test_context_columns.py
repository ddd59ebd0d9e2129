"""Every column of the context means what it says: worked out again from a day that shares no code with potrun.

Positions and footpoints are the truth of that simulated day, Sun and Earth are ERFA's, the Moon's axes those of the
IAU's report. Angles agree to 0.01 deg.
"""

from dataclasses import replace

import erfa
import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.records import Region, SweepBatch
from potrun.core.settings import RegionConfig
from potrun.geometry.compute import GeometryModel
from potrun.results.columns import BY_NAME
from potrun.results.context import context_columns
from potrun.results.day import assemble, middle_rows
from tests.support.independent_sky import J2000, moon_frame, sun_and_earth_km
from tests.support.results import make_fit, make_geometry, make_potential, make_table

RADIUS_KM, EARTH_KM = 1737.4, 6378.137
WITHIN_DEG = 0.01


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def between(a, b):
    """Angle by the half-chord, which is neither potrun's way nor bad at small angles."""
    return np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(unit(a) - unit(b), axis=-1) / 2, 0, 1)))


def on_sphere(latitude, longitude):
    latitude, longitude = np.radians(latitude), np.radians(longitude)
    return RADIUS_KM * np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=-1
    )


def longitude(vectors):
    return np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))


@pytest.fixture(scope="module")
def day(sample_dir, tmp_path_factory):
    """The columns of the sample, the row of each sweep, and its truth as vectors in the Moon's axes."""
    archive = scan_archive(sample_dir)
    table = read_day(archive.days[0], tmp_path_factory.mktemp("cache"))
    geometry = GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path).compute(table)
    place = middle_rows(table, geometry)
    columns = context_columns(table, geometry, make_potential(table), batch_of(table), place, RegionConfig())
    truth = np.load(sample_dir / "truth.npz")
    assert np.array_equal(truth["row_utc"], table.utc)
    days = truth["row_et"] / 86400.0
    frame = moon_frame(days)
    ecliptic = erfa.ecm06(J2000, 0.0)
    sun, earth = (np.einsum("nij,nj->ni", frame, vector) for vector in sun_and_earth_km(days))
    right_ascension, declination = np.radians(truth["row_ra"]), np.radians(truth["row_dec"])
    spin = np.stack(
        [np.cos(declination) * np.cos(right_ascension), np.cos(declination) * np.sin(right_ascension),
         np.sin(declination)], axis=1,
    )  # fmt: skip
    z = np.einsum("nij,nj->ni", frame, spin @ ecliptic)
    towards = sun - truth["row_pos"]
    x = unit(towards - (towards * z).sum(axis=1, keepdims=True) * z)
    axes = np.stack([x, np.cross(z, x), z], axis=2)
    return {
        "columns": columns, "place": place, "table": table, "truth": truth, "sun": sun, "earth": earth,
        "north": np.einsum("nij,j->ni", frame, ecliptic[2]), "position": truth["row_pos"],
        "foot": on_sphere(truth["row_foot_lat"], truth["row_foot_lon"]),
        "field": np.einsum("nij,nj->ni", axes, truth["row_B"]),
    }  # fmt: skip


def batch_of(table):
    """A batch of which the two middle channels of each sweep carry the fit, one with three times the cells."""
    shape = (table.n_sweeps, 15, 88)
    mask = np.zeros(shape, bool)
    mask[:, 6, :60] = True
    mask[:, 7, :20] = True
    energy, nothing = table.to_sweeps(table.energy_ev), np.zeros(shape[:2])
    return SweepBatch(energy, nothing, np.zeros(shape), np.zeros(shape), mask, np.zeros(len(energy), np.int8))


def agree(found, expected, within, period=None):
    known = np.isfinite(expected)
    np.testing.assert_array_equal(np.isfinite(found), known)
    away = np.abs(found - expected)[known]
    assert (np.minimum(away, period - away) if period else away).max() < within


def per_sweep(day, values):
    """Cut rows into sweeps."""
    return np.split(values, day["table"].sweep_start[1:])


def solar_axes(origin_to_sun, north):
    x = unit(origin_to_sun)
    z = unit(north - (north * x).sum(axis=1, keepdims=True) * x)
    return np.stack([x, np.cross(z, x), z], axis=1)


@pytest.mark.parametrize("prefix", ["rows", "spec"])
def test_place_and_line(day, prefix):
    rows = np.arange(len(day["position"])) if prefix == "rows" else day["place"]
    columns, position, foot = day["columns"], day["position"][rows], day["foot"][rows]
    agree(columns[f"{prefix}_altitude"], np.linalg.norm(position, axis=1) - RADIUS_KM, 1e-6)
    agree(columns[f"{prefix}_field_line_length"], np.linalg.norm(foot - position, axis=1), 1e-4)
    agree(columns[f"{prefix}_b_magnitude"], np.linalg.norm(day["truth"]["row_B"][rows], axis=1), 1e-9)
    sun = day["sun"][rows]
    agree(columns[f"{prefix}_projection_solar_zenith"], between(foot, sun - foot), WITHIN_DEG)
    dip = np.abs(np.degrees(np.arcsin((unit(day["field"][rows]) * unit(foot)).sum(axis=1))))
    agree(columns[f"{prefix}_dip"], dip, WITHIN_DEG)


def test_the_line_ends_on_the_sphere_along_the_field(day):
    """Dip, length, altitude and footpoint belong to one straight line along the field."""
    rows = day["place"]
    away = between(day["foot"][rows] - day["position"][rows], day["field"][rows])
    connected = np.isfinite(away)
    assert np.minimum(away, 180 - away)[connected].max() < WITHIN_DEG


def test_sun_over_spacecraft_and_local_times(day):
    rows, columns = day["place"], day["columns"]
    position, sun = day["position"][rows], day["sun"][rows]
    agree(columns["spec_spacecraft_solar_zenith"], between(position, sun - position), WITHIN_DEG)
    for name, place in (("spacecraft", position), ("projection", day["foot"][rows])):
        hours = (12 + (longitude(place) - longitude(sun)) / 15) % 24
        agree(columns[f"spec_{name}_local_time"] * 15, hours * 15, WITHIN_DEG, period=360)


def test_spreads_are_those_of_the_rows_of_a_sweep(day):
    strength = np.linalg.norm(day["truth"]["row_B"], axis=1)
    agree(day["columns"]["spec_b_spread"], np.array([one.std() for one in per_sweep(day, strength)]), 1e-9)
    spread = []
    for foot in per_sweep(day, day["foot"]):
        known = foot[np.isfinite(foot).all(axis=1)]
        spread.append(between(known, known.mean(axis=0)).max() if len(known) else np.nan)
    agree(day["columns"]["spec_projection_spread"], np.array(spread), 1e-6)


def test_field_in_three_frames(day):
    rows, columns = day["place"], day["columns"]

    def found(frame):
        return np.stack([columns[f"spec_b_{frame}_{axis}"] for axis in "xyz"], axis=1)

    np.testing.assert_allclose(found("scd"), day["truth"]["row_B"][rows])
    field = day["field"][rows]
    sse = np.einsum("nij,nj->ni", solar_axes(day["sun"][rows], day["north"][rows]), field)
    for frame, expected in (("iau_moon", field), ("sse", sse)):
        assert between(found(frame), expected).max() < WITHIN_DEG
        np.testing.assert_allclose(np.linalg.norm(found(frame), axis=1), columns["spec_b_magnitude"])
    agree(columns["spec_b_sun_angle"], between(field, day["sun"][rows]), WITHIN_DEG)


def test_place_of_the_moon(day):
    rows, columns = day["place"], day["columns"]
    earth = day["earth"][rows]
    expected = np.einsum("nij,nj->ni", solar_axes(day["sun"][rows] - earth, day["north"][rows]), -earth) / EARTH_KM
    found = np.stack([columns[f"spec_moon_gse_{axis}"] for axis in "xyz"], axis=1)
    assert between(found, expected).max() < WITHIN_DEG
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(expected, axis=1), rtol=2e-4)
    turn = np.radians(4.0)
    along = -found[:, 0] * np.cos(turn) + found[:, 1] * np.sin(turn)
    across = np.hypot(found[:, 0] * np.sin(turn) + found[:, 1] * np.cos(turn), found[:, 2])
    np.testing.assert_allclose(columns["spec_tail_distance"], across)
    np.testing.assert_allclose(columns["spec_tail_angle"], np.degrees(np.arctan2(across, along)))


def test_region_and_wake_are_those_of_new_moon(day):
    """1998-08-20 was a day before new moon: solar wind, and a wake wherever a footpoint is dark."""
    columns, rows, truth = day["columns"], day["place"], day["truth"]
    assert (columns["spec_moon_gse_x"] > 50).all()
    assert (columns["spec_region"] == Region.SOLAR_WIND).all()
    dark = np.isfinite(truth["row_foot_lat"][rows]) & ~truth["row_foot_sun"][rows]
    assert 0 < dark.sum() < len(rows)
    np.testing.assert_array_equal(columns["spec_in_wake"], dark)


def test_energy_of_the_fit_and_gyroradius(day):
    """The momentum over e B, from the constants of CODATA."""
    columns, table = day["columns"], day["table"]
    energy = table.to_sweeps(table.energy_ev)
    carried = np.exp((3 * np.log(energy[:, 6]) + np.log(energy[:, 7])) / 4)
    agree(columns["spec_fit_energy"], carried, 1e-9)
    mass, charge = 9.1093837139e-31, 1.602176634e-19
    momentum = np.sqrt(2 * mass * carried * charge)
    radius_km = momentum / (charge * columns["spec_b_magnitude"] * 1e-9) / 1e3
    ratio = radius_km / columns["spec_altitude"]
    np.testing.assert_allclose(columns["spec_gyroradius_over_altitude"], ratio, rtol=1e-5)
    np.testing.assert_array_equal(columns["spec_is_nonadiabatic"], ratio > 1)


def test_circumstances_of_a_sweep():
    """Three sweeps: one clean, one with two rows unknown, sunlit cells, mixed polarity, and one with other energies."""
    table = make_table(sweep_rows=(15, 15, 15))
    energy = table.energy_ev.copy()
    energy[30:] *= 1.2
    table = replace(table, energy_ev=energy)
    rows, second = np.arange(45), slice(15, 30)
    known, lit = np.ones(45, bool), np.zeros((45, 88), bool)
    known[[16, 17]] = False
    lit[second, :44] = True
    polarity = np.ones(45, np.int8)
    polarity[20] = 0
    covered, age = np.zeros(45), np.zeros(45)
    covered[18], age[second] = 0.4, rows[second] * 100.0
    geometry = replace(
        make_geometry(table), is_known=known, is_sunlit_cell=lit, polarity=polarity, sun_covered_by_earth=covered,
        attitude_age_s=age,
    )  # fmt: skip
    columns = assemble(table, geometry, make_potential(table), make_fit(table, geometry)).columns
    expected = {
        "spec_unknown_rows": [0, 2, 0],
        "spec_sun_masked_fraction": [0, 0.5, 0],
        "spec_mixed_polarity": [False, True, False],
        "spec_sun_covered_by_earth": [0, 0.4, 0],
        "spec_attitude_age": [0, 2900, 0],
        "spec_energy_table_changed": [False, False, True],
    }
    assert {name: columns[name].tolist() for name in expected} == expected


TESTED = {
    *(f"{axis}_{name}" for axis in ("rows", "spec")
      for name in ("altitude", "field_line_length", "b_magnitude", "projection_solar_zenith", "dip")),
    "spec_spacecraft_solar_zenith", "spec_spacecraft_local_time", "spec_projection_local_time", "spec_b_spread",
    "spec_projection_spread", "spec_b_sun_angle", "spec_tail_distance", "spec_tail_angle", "spec_region",
    "spec_in_wake",
    "spec_fit_energy", "spec_gyroradius_over_altitude", "spec_is_nonadiabatic",
    *(f"spec_b_{frame}_{axis}" for frame in ("scd", "iau_moon", "sse") for axis in "xyz"),
    *(f"spec_moon_gse_{axis}" for axis in "xyz"),
}  # fmt: skip


def test_no_column_of_the_context_is_left_out(day):
    assert set(day["columns"]) == TESTED
    assert set(BY_NAME) >= TESTED
