import datetime as dt

import numpy as np
import pytest
import spiceypy

from potrun.simulate import clock, ephemeris, kernels, orbit

DAYS = (
    dt.date(1998, 5, 31), dt.date(1998, 6, 1), dt.date(1998, 12, 18), dt.date(1998, 12, 19), dt.date(1999, 1, 15),
    dt.date(1999, 1, 16), dt.date(1999, 1, 28), dt.date(1999, 4, 29),
)  # fmt: skip


@pytest.fixture(params=[orbit.PLAIN_ORBITS, orbit.MISSION_ORBITS], ids=["plain", "mission"])
def orbits(request):
    return request.param


@pytest.fixture
def loaded(tmp_path, orbits):
    kernels.write_kernels(tmp_path, DAYS, orbits)
    spiceypy.kclear()
    for path in sorted(tmp_path.iterdir()):
        spiceypy.furnsh(str(path))
    yield tmp_path
    spiceypy.kclear()


def states(target, et, observer):
    return np.array([spiceypy.spkezr(target, time, "J2000", "NONE", observer)[0] for time in et])


def test_kernels_give_back_the_analytic_ephemeris(loaded, orbits):
    for day in DAYS:
        et = clock.et_s(day, np.linspace(25.0, clock.day_length_s(day) - 0.5, 60))
        lp = orbit.lp_state(et, [item for item in orbits if item.start_et_s <= et[-1]][-1])
        beyond = et[-1] + np.array([20.0, 60.0])  # sweeps go on after midnight, into the next orbit if there is one
        places = orbit.lp_position_km(beyond, orbits)
        np.testing.assert_allclose(states("-25", beyond, "MOON")[:, :3], places, rtol=0, atol=1e-7)
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


def test_orbits_are_polar_and_at_the_missions_altitudes():
    phases = [("1998-05-31", 80, 120, 118), ("1998-12-25", 29, 52, 112), ("1999-04-29", 15, 45, 111)]
    for (text, low, high, minutes), phase in zip(phases, orbit.MISSION_ORBITS, strict=True):
        et = clock.et_s(dt.date.fromisoformat(text), np.arange(0.0, 60.0 * 2 * minutes, 10.0))
        lp = orbit.lp_state(et, phase)
        np.testing.assert_array_equal(orbit.lp_position_km(et, orbit.MISSION_ORBITS), lp[:, :3])
        altitude = np.linalg.norm(lp[:, :3], axis=1) - ephemeris.MOON_RADIUS_KM
        assert altitude.min() == pytest.approx(low, abs=0.1)
        assert altitude.max() == pytest.approx(high, abs=0.1)
        north = np.diff(np.sign(np.diff(lp[:, 2])))
        assert np.diff(et[1:-1][north == -2]) / 60.0 == pytest.approx(minutes, abs=0.7)
        normal = np.cross(lp[:, :3], lp[:, 3:])
        fixed = np.einsum(
            "nij,nj->ni", ephemeris.j2000_to_iau_moon(et), normal / np.linalg.norm(normal, axis=1)[:, None]
        )
        assert np.abs(np.degrees(np.arcsin(fixed[:, 2]))).max() < 3.0


def test_days_are_grouped_where_they_follow_each_other():
    spans = kernels.consecutive(DAYS)
    assert [(span.first, span.last) for span in spans] == [
        (DAYS[0], DAYS[1]), (DAYS[2], DAYS[3]), (DAYS[4], DAYS[5]), (DAYS[6], DAYS[6]), (DAYS[7], DAYS[7])
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
