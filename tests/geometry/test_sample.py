"""The geometry agrees with an independent implementation."""

from pathlib import Path

import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.geometry.compute import GeometryModel
from potrun.records import Geometry


@pytest.fixture(scope="module")
def geometry(sample_dir: Path) -> Geometry:
    archive = scan_archive(sample_dir)
    table = read_day(archive.days[0])
    return GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path).compute(table)


@pytest.fixture(scope="module")
def truth(sample_dir: Path) -> dict[str, np.ndarray]:
    with np.load(sample_dir / "truth.npz") as file:
        return dict(file)


def test_times_agree(geometry, truth):
    np.testing.assert_allclose(geometry.et_s, truth["row_et"], rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("spacecraft_latitude_deg", "row_sc_lat"),
        ("spacecraft_longitude_deg", "row_sc_lon"),
        ("footpoint_latitude_deg", "row_foot_lat"),
        ("footpoint_longitude_deg", "row_foot_lon"),
        ("position_iau_moon_km", "row_pos"),
    ],
)
def test_positions_agree(geometry, truth, name, key):
    np.testing.assert_allclose(getattr(geometry, name), truth[key], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("polarity", "row_polarity"),
        ("spacecraft_in_sun", "row_sc_sun"),
        ("footpoint_in_sun", "row_foot_sun"),
    ],
)
def test_flags_agree(geometry, truth, name, key):
    np.testing.assert_array_equal(getattr(geometry, name), truth[key])


def test_pitch_angles_agree(geometry, truth):
    np.testing.assert_allclose(geometry.pitch_deg, truth["row_pitch"], rtol=0, atol=2e-5)


def test_all_rows_are_known(geometry):
    assert geometry.is_known.all()
    assert geometry.defects == ()
