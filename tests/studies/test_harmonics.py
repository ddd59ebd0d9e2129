"""Fields that were put in, and places that know nothing."""

import datetime as dt

import numpy as np
import pytest

from potrun.core.settings import HarmonicsConfig
from potrun.plots.harmonics import draw_harmonics
from potrun.results.load import RunResult
from potrun.studies.field import Field, correlation, harmonics, known_field
from potrun.studies.harmonics import Sample, fit, injected, judge, sample_of, windows
from tests.support.results import PROVENANCE, make_day

SETTINGS = HarmonicsConfig(degree=3, ridge=0.1)


def places(number, seed=0):
    rng = np.random.default_rng(seed)
    return np.degrees(np.arcsin(rng.uniform(-1, 1, number))), rng.uniform(-180, 180, number)


def sample(values, latitude, longitude, in_sun=None):
    orbit = np.arange(len(values)) // 10
    return Sample(latitude, longitude, values, orbit, np.zeros(len(values), bool) if in_sun is None else in_sun)


def test_harmonics_are_orthonormal_over_the_sphere():
    """A mean over Gauss-Legendre latitudes and even longitudes is exact for products to degree 8."""
    nodes, weights = np.polynomial.legendre.leggauss(6)
    latitude, longitude = np.meshgrid(np.degrees(np.arcsin(nodes)), np.arange(12) * 30.0, indexing="ij")
    values = harmonics(latitude.ravel(), longitude.ravel(), 4)
    weight = np.repeat(weights / 2, 12) / 12
    np.testing.assert_allclose(values.T @ (weight[:, None] * values), np.eye(25), atol=1e-12)


def test_low_harmonics_are_what_they_are_called():
    latitude, longitude = places(50)
    values = harmonics(latitude, longitude, 1)
    lat, lon = np.radians(latitude), np.radians(longitude)
    np.testing.assert_allclose(values[:, 0], 1)
    np.testing.assert_allclose(values[:, 2], np.sqrt(3) * np.sin(lat))
    np.testing.assert_allclose(np.abs(values[:, 3]), np.abs(np.sqrt(3) * np.cos(lat) * np.cos(lon)))
    np.testing.assert_allclose(np.abs(values[:, 1]), np.abs(np.sqrt(3) * np.cos(lat) * np.sin(lon)))


def test_a_field_comes_back_and_a_strong_ridge_leaves_the_mean():
    latitude, longitude = places(400)
    known = known_field(3, 100.0)
    assert np.sqrt(known.variance) == pytest.approx(100)
    values = known.at(latitude, longitude) - 50
    found = Field.fit(latitude, longitude, values, 3, 0.0)
    np.testing.assert_allclose(found.at(latitude, longitude), values, atol=1e-8)
    assert correlation(found, known) == pytest.approx(1)
    flat = Field.fit(latitude, longitude, values, 3, 1e12)
    np.testing.assert_allclose(flat.at(latitude, longitude), values.mean(), atol=1e-3)


def test_held_out_orbits_tell_a_field_from_none():
    latitude, longitude = places(400)
    known = known_field(3, 100.0)
    noise = np.random.default_rng(1).normal(0, 50, 400)
    field = judge(sample(known.at(latitude, longitude) + noise, latitude, longitude), "found", "", SETTINGS, known)
    assert field.skill == pytest.approx(1 - 50**2 / (50**2 + 100**2), abs=0.12)
    assert field.low < field.skill < field.high
    assert field.correlation > 0.95
    nothing = judge(sample(noise, latitude, longitude), "found", "", SETTINGS)
    assert nothing.skill < 0.02
    assert np.isnan(nothing.correlation)


def test_day_and_night_are_told_by_one_constant_each():
    latitude, longitude = places(400)
    in_sun = np.arange(400) % 2 == 0
    values = np.where(in_sun, 0.0, -100.0) + np.random.default_rng(0).normal(0, 1, 400)
    found = judge(sample(values, latitude, longitude, in_sun), "found", "", SETTINGS)
    assert found.skill_of_light > 0.99
    assert found.skill < 0.05


def test_an_injected_field_keeps_the_scatter_but_not_the_places():
    latitude, longitude = places(400)
    values = 200 * np.sin(np.radians(latitude))
    put = injected(sample(values, latitude, longitude), Field(np.zeros(16), 3))
    assert put.value_v.std() == pytest.approx(values.std())
    assert abs(np.corrcoef(put.value_v, values)[0, 1]) < 0.15


@pytest.fixture(scope="module")
def run():
    days = [make_day(dt.date(1998, 4, day), (15,) * 60) for day in (15, 16, 17)]
    return RunResult.from_days(days, PROVENANCE)


def test_windows_and_frames(run):
    every = np.ones(run.n_sweeps, bool)
    found = windows(run, every, 2.0)
    assert list(found) == ["1998-04-15", "1998-04-17"]
    fitted = np.isfinite(run.spec_u_surface)
    assert sum(chosen.sum() for chosen in found.values()) == fitted.sum()
    columns = {**{name: run[name] for name in run}, "spec_projection_local_time": np.full(run.n_sweeps, 18.0)}
    turned = sample_of(RunResult(columns, PROVENANCE), run.spec_u_surface, "sun")
    np.testing.assert_allclose(turned.longitude_deg, 90)
    assert windows(run, ~every, 2.0) == {}


def test_the_picture_draws_or_says_that_there_is_too_little(run):
    latitude, longitude = places(100)
    one = sample(latitude, latitude, longitude)
    skills = [judge(one, source, "1998-04-15", SETTINGS) for source in ("found", "true", "injected")]
    figure = draw_harmonics(run, skills, {"1998-04-15": (fit(one, SETTINGS), one)}, SETTINGS)
    assert "Window from 1998-04-15: 100 sweeps of 10 orbits" in [ax.get_title("left") for ax in figure.axes]
    said = [text.get_text() for ax in draw_harmonics(run, [], {}, SETTINGS).axes for text in ax.texts]
    assert "too few sweeps for a field" in said
