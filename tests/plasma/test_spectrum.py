"""The omnidirectional sum and its weights."""

import dataclasses

import numpy as np
import pytest

from potrun.core.errors import DataError
from potrun.core.instrument import cell_accumulation_s, cell_solid_angle_sr
from potrun.plasma.spectrum import log_flux_and_weight, omnidirectional_sum, sweep_spectra
from tests.support.plasma_day import LATITUDES_DEG, make_day, pitch_from_x_deg

SOLID_ANGLE = cell_solid_angle_sr(LATITUDES_DEG)
ACCUMULATION = cell_accumulation_s(LATITUDES_DEG)
FULL_SKY = 4 * np.pi * 1e4


def add_up(flux: np.ndarray, polarity: int = 1):
    pitch = pitch_from_x_deg(np.array([polarity]))
    return omnidirectional_sum(
        flux[None], pitch, np.array([polarity != 0]), np.array([100.0]), SOLID_ANGLE, ACCUMULATION
    )


@pytest.mark.parametrize("polarity", [1, -1, 0])
def test_an_isotropic_flux_fills_the_sky(polarity):
    total, counts, exposure, sky = add_up(np.full(88, 3.0), polarity)
    assert total[0] == pytest.approx(3.0 * FULL_SKY, rel=1e-5)
    assert sky[0] == pytest.approx(1.0)
    share = 1.0 if polarity == 0 else 0.5
    assert exposure[0] == pytest.approx(share)
    assert counts[0] == pytest.approx(share * 3.0 * 0.02 * 100.0 * 8 * 2.5)


@pytest.mark.parametrize("polarity", [1, -1])
def test_only_the_upstream_half_counts(polarity):
    upstream = pitch_from_x_deg(np.array([polarity]))[0] < 90
    total, *_ = add_up(np.where(upstream, 1.0, 777.0), polarity)
    assert total[0] == pytest.approx(FULL_SKY, rel=1e-5)
    assert total[0] == pytest.approx(2 * SOLID_ANGLE[upstream].sum() * 1e4)


@pytest.mark.parametrize("polarity", [1, -1, 0])
def test_missing_cells_leave_with_their_solid_angle(polarity):
    flux = np.full(88, 2.0)
    flux[::3] = np.nan
    total, _, exposure, sky = add_up(flux, polarity)
    assert total[0] == pytest.approx(2.0 * FULL_SKY, rel=1e-5)
    assert 0.5 < sky[0] < 1
    assert exposure[0] < (1.0 if polarity == 0 else 0.5)


def test_cells_of_unknown_direction_leave_with_their_solid_angle():
    pitch = pitch_from_x_deg(np.array([1]))
    pitch[:, ::4] = np.nan
    total, *_ = omnidirectional_sum(
        np.ones((1, 88)), pitch, np.array([True]), np.array([100.0]), SOLID_ANGLE, ACCUMULATION
    )
    assert total[0] == pytest.approx(FULL_SKY, rel=0.05)


def test_weights_follow_counting_calibration_and_model_errors():
    counts = np.array([100.0, 1e6])
    log_flux, weight = log_flux_and_weight(np.array([5.0, 7.0]), counts, np.zeros(2))
    np.testing.assert_allclose(log_flux, np.log([5.0, 7.0]))
    np.testing.assert_allclose(1 / weight, (counts + (0.05 * counts) ** 2 + (0.10 * counts) ** 2) / counts**2)


def test_background_comes_off_and_what_drowns_in_it_has_no_weight():
    log_flux, weight = log_flux_and_weight(np.ones(3), np.array([1000.0, 20.0, 0.0]), np.full(3, 12.5))
    assert log_flux[0] == pytest.approx(np.log(1 - 0.0125))
    assert weight[0] > 0
    assert weight[1:].tolist() == [0.0, 0.0]
    assert np.isfinite(log_flux).all()


def test_each_row_is_laid_out_in_its_own_sweep():
    flux = np.full((3, 15, 88), 1e3)
    flux[1, 4] = 0.0
    flux[2, 5, :60] = np.nan
    table, geometry = make_day(flux, polarity=[1, -1, 0], spacecraft_in_sun=[True, False, False])
    spectra = sweep_spectra(table, geometry, 1, 3, 10.0)
    assert spectra.energy_ev.shape == (2, 16)
    assert spectra.in_sun.tolist() == [False, False]
    unused = np.argwhere(spectra.weight == 0).tolist()
    assert unused == [[0, 4], [0, 15], [1, 5], [1, 15]]
    assert sweep_spectra(table, geometry, 0, 1, 10.0).in_sun.tolist() == [True]


def test_rows_of_unknown_place_do_not_make_a_sweep_sunlit():
    table, geometry = make_day(np.ones((1, 15, 88)), spacecraft_in_sun=[True], is_known=[False])
    spectra = sweep_spectra(table, geometry, 0, 1, 10.0)
    assert not spectra.in_sun[0]
    assert not spectra.has_geometry[0]


def test_without_inclinations_there_is_no_spectrum():
    table, geometry = make_day(np.ones((1, 15, 88)))
    with pytest.raises(DataError, match="theta"):
        sweep_spectra(table, dataclasses.replace(geometry, theta_deg=None), 0, 1, 10.0)
