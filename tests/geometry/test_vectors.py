"""Frames, footpoints, sun and pitch angles by cases with known answers, on numpy and torch alike."""

import numpy as np
import pytest

from potrun.geometry.footpoint import footpoint, spacecraft_in_sun, surface_in_sun
from potrun.geometry.frames import latitude_longitude_deg, scd_to_parent
from potrun.geometry.pitch import pitch_angle_deg


def arrays(library, *values):
    made = [np.asarray(value, dtype=np.float64) for value in values]
    if library == "torch":
        torch = pytest.importorskip("torch")
        made = [torch.from_numpy(value) for value in made]
    return made


both = pytest.mark.parametrize("library", ["numpy", "torch"])


@both
def test_footpoints_along_and_against_the_field(library):
    position, field = arrays(
        library,
        [[2.0, 0, 0]] * 5 + [[np.nan] * 3],
        [[-3.0, 0, 0], [5.0, 0, 0], [0, 1.0, 0], [0, 0, 0], [-np.sqrt(3.0) / 2, 0.5 * 1.0000001, 0], [1.0, 0, 0]],
    )
    polarity, point = footpoint(position, field, 1.0)
    assert polarity.tolist() == [1, -1, 0, 0, 0, 0]
    np.testing.assert_allclose(np.asarray(point)[:2], [[1, 0, 0], [1, 0, 0]])
    assert np.isnan(np.asarray(point)[2:]).all()


@both
def test_footpoints_lie_on_the_sphere_and_on_the_line(library):
    rng = np.random.default_rng(1)
    start, direction = rng.normal(size=(2, 500, 3))
    start *= (1840.0 / np.linalg.norm(start, axis=1))[:, None]
    polarity, point = footpoint(*arrays(library, start, direction), 1737.4)
    polarity, point = np.asarray(polarity), np.asarray(point)
    hit = polarity != 0
    assert 0.3 < hit.mean() < 0.9
    np.testing.assert_allclose(np.linalg.norm(point[hit], axis=1), 1737.4, rtol=1e-12)
    path = point[hit] - start[hit]
    along = polarity[hit][:, None] * direction[hit]
    cosine = (path * along).sum(axis=1) / np.linalg.norm(path, axis=1) / np.linalg.norm(along, axis=1)
    np.testing.assert_allclose(cosine, 1.0, atol=1e-10)
    assert (np.linalg.norm(path, axis=1) < 700).all()


@both
def test_sun_and_shadow(library):
    position, to_sun, surface = arrays(
        library,
        [[1840.0, 0, 0], [-1840.0, 0, 0], [-1840.0, 1700.0, 0], [-1840.0, 1800.0, 0], [np.nan] * 3],
        [[1.5e8, 0, 0]] * 5,
        [[1737.4, 0, 0], [-1737.4, 0, 0], [-1.0, 1737.0, 0], [1.0, 1737.0, 0], [np.nan] * 3],
    )
    assert spacecraft_in_sun(position, to_sun, 1737.4).tolist() == [True, False, False, True, False]
    assert surface_in_sun(surface, to_sun).tolist() == [True, False, False, True, False]


@both
def test_the_despun_frame_points_x_at_the_sun(library):
    axis, sun = arrays(library, [[0, 0, 1.0], [0, 0, 1.0]], [[0, 1e8, 1e8], [0, 0, -1e8]])
    matrix = np.asarray(scd_to_parent(axis, sun))
    np.testing.assert_allclose(matrix[0].T, [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], atol=1e-15)
    assert np.isnan(matrix[1]).all()


@both
def test_latitudes_and_longitudes(library):
    (position,) = arrays(library, [[1, 0, 0], [0, -2, 0], [-1, 0, 1], [0, 0, -5]])
    latitude, longitude = latitude_longitude_deg(position)
    np.testing.assert_allclose(latitude, [0, 0, 45, -90])
    np.testing.assert_allclose(longitude, [0, -90, 180, 0])


@both
def test_pitch_angles_count_from_the_moonward_field(library):
    theta, phi, field = arrays(
        library, [0.0, 0.0, 90.0, -90.0], [[0.0, 90.0, 0.0, 0.0]] * 4, [[2.0, 0, 0]] * 3 + [[0, 0, 0]]
    )
    polarity = arrays(library, [1, -1, 0, 1])[0]
    pitch = np.asarray(pitch_angle_deg(theta, phi, field, polarity))
    np.testing.assert_allclose(pitch[:2], [[0, 90, 90, 90], [180, 90, 90, 90]], atol=1e-6)
    assert np.isnan(pitch[2:]).all()
