import datetime as dt

import numpy as np
import pytest
import spiceypy

from potrun.simulate import clock, ephemeris, kernels, orbit

DAYS = (dt.date(1998, 5, 31), dt.date(1998, 6, 1), dt.date(1999, 1, 15), dt.date(1999, 1, 16), dt.date(1999, 4, 29))


@pytest.fixture
def loaded(tmp_path):
    kernels.write_kernels(tmp_path, DAYS)
    spiceypy.kclear()
    for path in sorted(tmp_path.iterdir()):
        spiceypy.furnsh(str(path))
    yield tmp_path
    spiceypy.kclear()


def states(target, et, observer):
    return np.array([spiceypy.spkezr(target, time, "J2000", "NONE", observer)[0] for time in et])


def test_kernels_give_back_the_analytic_ephemeris(loaded):
    for day in DAYS:
        et = clock.et_s(day, np.linspace(0.0, clock.day_length_s(day) - 0.5, 60))
        lp = orbit.lp_state(et, day >= orbit.LOW_ORBIT_FROM)
        np.testing.assert_allclose(states("-25", et, "MOON")[:, :3], lp[:, :3], rtol=0, atol=1e-7)
        np.testing.assert_allclose(states("-25", et, "MOON")[:, 3:], lp[:, 3:], rtol=0, atol=1e-9)
        np.testing.assert_allclose(states("SUN", et, "MOON")[:, :3], ephemeris.sun_from_moon_km(et), rtol=0, atol=2e-5)


def test_constants_kernel_turns_the_moon_as_the_simulator_does(loaded):
    et = np.linspace(-6e7, -2e7, 30)
    spice = np.array([spiceypy.pxform("J2000", "IAU_MOON", time) for time in et])
    np.testing.assert_allclose(spice, ephemeris.j2000_to_iau_moon(et), rtol=0, atol=1e-11)
    ecliptic = spiceypy.pxform("ECLIPJ2000", "J2000", 0.0)
    np.testing.assert_allclose(ecliptic, ephemeris.ecliptic_to_j2000(), rtol=0, atol=1e-15)
    assert spiceypy.bodvrd("MOON", "RADII", 3)[1].tolist() == [1737.4] * 3


@pytest.mark.parametrize(
    ("day", "second"), [("1998-04-15", 0.0), ("1998-12-31", 86399.0), ("1998-12-31", 86400.0), ("1999-01-01", 0.0)]
)
def test_leap_second_kernel_tells_the_simulators_time(loaded, day, second):
    date = dt.date.fromisoformat(day)
    text = clock.utc_text(date, np.array([int(second)]))[0]
    assert spiceypy.str2et(str(text)) == pytest.approx(float(clock.et_s(date, np.array(second))), abs=1e-6)


def test_orbit_is_polar_and_at_the_missions_altitudes():
    for day, low, high in ((DAYS[0], 90.0, 110.0), (DAYS[-1], 20.0, 40.0)):
        et = clock.et_s(day, np.arange(0.0, 7200.0, 60.0))
        lp = orbit.lp_state(et, day >= orbit.LOW_ORBIT_FROM)
        altitude = np.linalg.norm(lp[:, :3], axis=1) - ephemeris.MOON_RADIUS_KM
        assert low < altitude.min() < altitude.max() < high
        normal = np.cross(lp[:, :3], lp[:, 3:])
        fixed = np.einsum(
            "nij,nj->ni", ephemeris.j2000_to_iau_moon(et), normal / np.linalg.norm(normal, axis=1)[:, None]
        )
        assert np.abs(np.degrees(np.arcsin(fixed[:, 2]))).max() < 3.0


def test_days_are_grouped_where_nothing_breaks():
    spans = kernels.consecutive(DAYS)
    assert [(span.first, span.last) for span in spans] == [
        (DAYS[0], DAYS[1]), (DAYS[2], DAYS[2]), (DAYS[3], DAYS[3]), (DAYS[4], DAYS[4])
    ]  # fmt: skip


def test_trajectory_files_split_as_the_missions_do(loaded):
    names = sorted(path.name for path in loaded.glob("lp_*.bsp"))
    assert names == [
        "lp_sim_980111-980531.bsp", "lp_sim_980601-981031.bsp", "lp_sim_981101-990331.bsp", "lp_sim_990401-990730.bsp",
    ]  # fmt: skip


def test_many_times_are_splined_and_stay_exact():
    et = np.arange(-5e7, -5e7 + 7000.0, 10.0)
    direct = np.concatenate([ephemeris.sun_from_moon_km(et[k : k + 1]) for k in range(0, len(et), 100)])
    np.testing.assert_allclose(ephemeris.sun_from_moon_km(et)[::100], direct, rtol=0, atol=1e-5)


def test_full_moons_of_the_mission():
    dates = [(dt.date(1998, 4, 11), 22 * 3600 + 24 * 60), (dt.date(1999, 1, 2), 2 * 3600 + 50 * 60)]
    et = np.array([float(clock.et_s(date, np.array(float(second)))) for date, second in dates])
    assert (ephemeris.degrees_from_full_moon(et) < 6.0).all()
    assert (ephemeris.degrees_from_full_moon(et + 14.77 * 86400.0) > 170.0).all()
