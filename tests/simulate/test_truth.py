"""The simulator's geometry against the sample, whose generator is another one."""

import numpy as np
import pytest
import spiceypy

from potrun.simulate import attitude, ephemeris, truth


@pytest.fixture
def sample(sample_dir):
    spiceypy.kclear()
    for path in sorted((sample_dir / "spice_kernels").iterdir()):
        spiceypy.furnsh(str(path))
    arrays = dict(np.load(sample_dir / "truth.npz"))
    et = arrays["row_et"]
    arrays["sun"] = np.array([spiceypy.spkezr("SUN", time, "IAU_MOON", "NONE", "MOON")[0][:3] for time in et])
    spiceypy.kclear()
    return arrays


def place_of(position, sun):
    """A place without orientation, where no Earth darkens the Moon."""
    nothing = np.full_like(position, np.nan)
    return truth.Place(nothing[:, 0], position, sun, nothing, nothing[:, :, None], nothing[:, 0], nothing[:, 0])


def test_attitude_interpolates_as_the_sample_does(sample):
    records = attitude.AttitudeRecords((), sample["att_et"], sample["att_ra"], sample["att_dec"])
    ra, dec = attitude.spin_axis_deg(records, sample["row_et"])
    np.testing.assert_allclose((ra - sample["row_ra"] + 180.0) % 360.0, 180.0, rtol=0, atol=1e-10)
    np.testing.assert_allclose(dec, sample["row_dec"], rtol=0, atol=1e-10)


def test_footpoints_polarity_and_flags_agree_with_the_sample(sample):
    to_moon = ephemeris.j2000_to_iau_moon(sample["row_et"])
    position, sun = sample["row_pos"], sample["sun"]
    to_sun = np.einsum("nji,nj->ni", to_moon, sun - position) @ ephemeris.ecliptic_to_j2000()
    axes = truth.scd_axes(sample["row_ra"], sample["row_dec"], to_sun)
    b_moon = np.einsum("nij,nj->ni", to_moon @ ephemeris.ecliptic_to_j2000() @ axes, sample["row_B"])
    feet = truth.trace(place_of(position, sun), b_moon)
    latitude, longitude = truth.latitude_longitude_deg(feet.position_km)
    np.testing.assert_array_equal(feet.polarity, sample["row_polarity"])
    np.testing.assert_array_equal(feet.in_sun, sample["row_foot_sun"])
    np.testing.assert_array_equal(truth.is_sunlit(position, sun), sample["row_sc_sun"])
    np.testing.assert_allclose(latitude, sample["row_foot_lat"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(longitude, sample["row_foot_lon"], rtol=0, atol=1e-8)


def test_pitch_angles_agree_with_the_sample(sample, sample_dir):
    lines = (sample_dir / "1998/213_243AUG/3D980820.TAB").read_text().splitlines()[:300]
    phi = np.array([line.split()[95:] for line in lines], dtype=np.float64)
    pitch = truth.pitch_deg(sample["row_B"][:300], phi, sample["row_polarity"][:300])
    np.testing.assert_allclose(pitch, sample["row_pitch"][:300], rtol=0, atol=2e-5)


def test_records_cover_each_day_and_pass_zero(sample):
    import datetime as dt

    days = [dt.date(1998, 4, 15), dt.date(1998, 4, 16)]
    records = attitude.make_records(days, 1998)
    assert (np.diff(records.et_s) > 0).all()
    assert (np.abs(np.diff(records.ra_deg)) > 300.0).any()
    later = attitude.make_records(days[1:], 1998)
    assert set(later.lines) <= set(records.lines) | set(attitude.make_records([dt.date(1998, 4, 17)], 1998).lines)


def test_field_straight_down_is_connected_and_level_field_is_not():
    position = np.array([[0.0, 0.0, 1837.4]] * 3)
    field = np.array([[0.0, 0.0, -5.0], [0.0, 0.0, 5.0], [5.0, 0.0, 0.0]])
    feet = truth.trace(place_of(position, np.array([[0.0, 0.0, 1.5e8]] * 3)), field)
    assert feet.polarity.tolist() == [1, -1, 0]
    np.testing.assert_allclose(feet.position_km[:2], [[0.0, 0.0, 1737.4]] * 2)
    assert feet.in_sun.tolist() == [True, True, False]
    assert np.isnan(feet.position_km[2]).all()
