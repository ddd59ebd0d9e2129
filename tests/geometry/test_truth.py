"""The geometry agrees with independent implementations, one of which is the simulator."""

import datetime as dt

import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.records import Geometry
from potrun.geometry.compute import GeometryModel
from potrun.simulate.archive import simulate_archive


@pytest.fixture(scope="module", params=["sample", "1998-12-31", "1999-01-01"])
def case(request, tmp_path_factory) -> tuple[Geometry, dict[str, np.ndarray]]:
    """Geometry and truth of the independent sample, and of simulated days on either side of a leap second."""
    if request.param == "sample":
        root = request.getfixturevalue("sample_dir")
        path = root / "truth.npz"
    else:
        date = dt.date.fromisoformat(request.param)
        root = simulate_archive(tmp_path_factory.mktemp("truth") / "archive", [date], 40, 1)
        path = root / "truth" / f"{date:%Y%m%d}.npz"
    archive = scan_archive(root)
    table = read_day(archive.days[0], tmp_path_factory.mktemp("cache"))
    model = GeometryModel(archive.kernel_paths, archive.attitude_path, archive.theta_path)
    with np.load(path) as file:
        truth = dict(file)
    np.testing.assert_array_equal(table.utc, truth["row_utc"])
    if "row_flag" in truth:
        truth["row_pitch"][np.isnan(table.phi_deg)] = np.nan
    return model.compute(table), truth


@pytest.fixture
def geometry(case):
    return case[0]


@pytest.fixture
def truth(case):
    return case[1]


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
    # The simulator's truth comes before its trajectory is interpolated in a kernel (micrometres apart).
    tolerance = 1e-6 if "row_flag" in truth else 1e-9
    np.testing.assert_allclose(getattr(geometry, name), truth[key], rtol=0, atol=tolerance)


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
