"""The Earth before the Sun, and cells that look at the Sun, by cases with known answers."""

import numpy as np
import pytest

from potrun.archive.days import scan_archive
from potrun.archive.table import read_day
from potrun.core.instrument import cell_solid_angle_sr
from potrun.core.settings import ArchiveConfig
from potrun.geometry.compute import GeometryModel
from potrun.geometry.shadow import covered_part
from potrun.geometry.sunlight import distance_to_cell_deg, sunlit_cells
from potrun.simulate.cells import THETA_DEG

AU = 149_597_870.7
SUN, EARTH = 695_700.0, 6_371.0
MOON_DISTANCE = 384_400.0


def at_angle(deg, distance):
    angle = np.radians(np.asarray(deg, dtype=np.float64))
    return distance * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=-1)


def test_umbra_penumbra_and_light():
    sun, earth = (np.degrees(np.arcsin(r / d)) for r, d in ((SUN, AU), (EARTH, MOON_DISTANCE)))
    apart = [0.0, earth - sun - 1e-6, earth - sun + 1e-3, earth, earth + sun - 1e-3, earth + sun + 1e-6, 90.0, 180.0]
    part = covered_part(at_angle([0.0] * len(apart), AU), at_angle(apart, MOON_DISTANCE), SUN, EARTH)
    assert part[:2].tolist() == [1.0, 1.0]
    assert 0.99 < part[2] < 1.0
    assert 0.35 < part[3] < 0.5  # the Earth's limb, a little curved, through the middle of the Sun
    assert 0.0 < part[4] < 0.01
    assert part[5:].tolist() == [0.0, 0.0, 0.0]


def test_a_small_body_covers_its_own_disc():
    part = covered_part(at_angle([0.0], AU), at_angle([0.0], 1e8), SUN, 3e5)
    np.testing.assert_allclose(part, (np.arcsin(3e-3) / np.arcsin(SUN / AU)) ** 2, rtol=1e-9)


def test_what_is_unknown_stays_unknown():
    assert np.isnan(covered_part(at_angle([0.0], AU), np.full((1, 3), np.nan), SUN, EARTH)).all()


def test_the_covered_part_is_an_area():
    rng = np.random.default_rng(3)
    apart = 0.9
    x, y = rng.uniform(-1, 1, (2, 400_000)) * np.degrees(np.arcsin(SUN / AU))
    sun = x**2 + y**2 <= np.degrees(np.arcsin(SUN / AU)) ** 2
    both = sun & ((x - apart) ** 2 + y**2 <= np.degrees(np.arcsin(EARTH / MOON_DISTANCE)) ** 2)
    part = covered_part(at_angle([0.0], AU), at_angle([apart], MOON_DISTANCE), SUN, EARTH)
    np.testing.assert_allclose(part, both.sum() / sun.sum(), atol=0.01)


def test_the_distance_to_a_cell_is_that_of_its_nearest_point():
    rng = np.random.default_rng(4)
    phi = rng.uniform(0, 360, (1, 88))
    width = 360.0 / np.array([{78.75: 4, 56.25: 8, 33.75: 16, 11.25: 16}[abs(t)] for t in THETA_DEG])
    for azimuth, elevation in ((180.0, 3.0), (0.0, -40.0), (75.0, 80.0)):
        found = distance_to_cell_deg(THETA_DEG, phi, azimuth, np.array([elevation]))[0]
        steps = np.linspace(-0.5, 0.5, 101)
        th, ph = np.meshgrid(steps, steps, indexing="ij")
        sun = np.radians([azimuth, elevation])
        for cell in range(88):
            a = np.radians(phi[0, cell] + ph * width[cell])
            t = np.radians(THETA_DEG[cell] + th * 22.5)
            cosine = np.sin(t) * np.sin(sun[1]) + np.cos(t) * np.cos(sun[1]) * np.cos(a - sun[0])
            nearest = np.degrees(np.arccos(np.clip(cosine.max(), -1, 1)))
            assert nearest - 0.7 < found[cell] <= nearest + 1e-9 or (nearest < 0.7 and found[cell] < 0.7)


@pytest.mark.parametrize(("directions", "azimuth", "sign"), [("motion", 180.0, -1), ("look", 0.0, 1)])
def test_cells_that_see_the_sun_are_marked_while_it_shines(directions, azimuth, sign):
    phi = np.tile(np.arange(88) * 22.5 % 360, (2, 1))
    marked = sunlit_cells(THETA_DEG, phi, np.array([20.0, 20.0]), np.array([True, False]), 14.0, directions)
    assert not marked[1].any()
    away = np.abs((phi[0] - azimuth + 180) % 360 - 180)
    assert marked[0][(sign * 11.25 == THETA_DEG) & (away < 11.25)].all()
    assert not marked[0][away > 90].any()
    assert not marked[0][sign * THETA_DEG < -12].any()
    assert cell_solid_angle_sr(THETA_DEG)[marked[0]].sum() < 1.2


def test_masked_cells_leave_both_fits_and_nothing_else(sample_dir):
    archive = scan_archive(sample_dir)
    table = read_day(archive.days[0])
    masked, plain = (
        GeometryModel.of(archive, ArchiveConfig(kind="pds", sun_mask_deg=limit)).compute(table) for limit in (14.0, 0.0)
    )
    assert not plain.is_sunlit_cell.any()
    lit = masked.is_sunlit_cell
    assert lit[masked.spacecraft_in_sun].any(axis=1).all()
    assert not lit[~masked.spacecraft_in_sun].any()
    assert 1 < lit[masked.spacecraft_in_sun].sum(axis=1).mean() < 10
    flux = masked.electron_flux(table.flux)
    assert np.isnan(flux[lit]).all()
    np.testing.assert_array_equal(flux[~lit], table.flux[~lit])
    np.testing.assert_array_equal(masked.pitch_deg, plain.pitch_deg)


def test_look_directions_turn_pitch_angles_round(sample_dir):
    archive = scan_archive(sample_dir)
    table = read_day(archive.days[0])
    motion, look = (
        GeometryModel.of(archive, ArchiveConfig(kind="pds", directions=name)).compute(table).pitch_deg
        for name in ("motion", "look")
    )
    np.testing.assert_allclose(look, 180.0 - motion, atol=1e-5)


def test_the_offset_of_the_magnetometer_is_taken_off(sample_dir):
    archive = scan_archive(sample_dir)
    table = read_day(archive.days[0])
    plain = GeometryModel.of(archive, ArchiveConfig(kind="pds")).compute(table)
    table.b_scd_nt[:] += [0.1, -0.2, 0.5]
    again = GeometryModel.of(archive, ArchiveConfig(kind="pds", b_offset_nt=[0.1, -0.2, 0.5])).compute(table)
    np.testing.assert_allclose(again.footpoint_latitude_deg, plain.footpoint_latitude_deg, atol=1e-8)
    np.testing.assert_array_equal(again.polarity, plain.polarity)
