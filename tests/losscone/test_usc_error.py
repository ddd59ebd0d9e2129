"""How U answers to an error of the spacecraft potential."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from potrun.core.records import FitResult, SweepBatch
from potrun.losscone.model import loss_cone_sine_squared
from potrun.losscone.usc_error import u_per_usc, u_sigma_of_usc

N_SWEEPS, N_ROWS, N_CELLS = 1, 15, 88


def one(energy_ev, usc_v, u, ratio, rows):
    """A sweep whose rows all have reflected cells in use, and its fit."""
    energy = np.full((1, N_ROWS), np.nan)
    energy[0, : len(energy_ev)] = energy_ev
    mask = np.zeros((1, N_ROWS, N_CELLS), bool)
    mask[0, :rows] = True
    batch = SweepBatch(
        energy_ev=energy,
        usc_v=np.full((1, N_ROWS), usc_v),
        pitch_deg=np.full((1, N_ROWS, N_CELLS), 120.0),
        flux=np.ones((1, N_ROWS, N_CELLS)),
        mask=mask,
        status=np.zeros(1, np.int8),
    )
    one_value = np.ones(1)
    fit = FitResult(
        u_surface_v=u * one_value,
        b_spacecraft_over_b_surface=ratio * one_value,
        beam_amplitude=0 * one_value,
        chi2=one_value,
        is_certified=np.ones(1, bool),
        gap=0 * one_value,
        status=np.zeros(1, np.int8),
        n_valid_cells=np.ones(1, np.int64),
        at_bound=np.zeros(1, np.int8),
    )
    return batch, fit


def refitted_u(energy, usc, u, ratio, shift):
    """U that keeps the edges in place, in least squares, when Usc is off by `shift`."""
    observed = loss_cone_sine_squared(energy, usc * np.ones_like(energy), np.array(u), np.array(ratio))
    inside = (observed > 0) & (observed < 1)

    def miss(parameters):
        x = parameters[1] * (1 + parameters[0] / (energy - usc - shift))
        return (x - observed)[inside]

    return least_squares(miss, [u, ratio], xtol=1e-15, ftol=1e-15, gtol=1e-15).x[0]


@pytest.mark.parametrize(("u", "ratio", "usc"), [(-160.0, 0.975, 11.0), (-60.0, 0.6, -30.0), (-400.0, 0.8, 5.0)])
@pytest.mark.parametrize("rows", [2, 15])
def test_it_is_the_slope_of_a_refit(u, ratio, usc, rows):
    energy = np.geomspace(1.5 * abs(u), 16000.0, 15) if rows == 15 else np.array([3.0 * abs(u), 30.0 * abs(u)])
    batch, fit = one(energy, usc, u, ratio, len(energy))
    step = 1e-3
    slope = (refitted_u(energy, usc, u, ratio, step) - refitted_u(energy, usc, u, ratio, -step)) / (2 * step)
    assert u_per_usc(batch, fit)[0] == pytest.approx(slope, rel=1e-4)


def test_one_edge_alone_tells_nothing():
    batch, fit = one([500.0], 0.0, -100.0, 0.8, 1)
    assert np.isnan(u_per_usc(batch, fit)[0])


def test_the_error_scales_with_that_of_usc():
    batch, fit = one(np.geomspace(200.0, 16000.0, 15), 5.0, -100.0, 0.8, 15)
    two = u_sigma_of_usc(batch, fit, np.array([2.0]))
    assert two[0] == pytest.approx(2 * u_sigma_of_usc(batch, fit, np.array([1.0]))[0])
    assert two[0] > 0
    assert np.isnan(u_sigma_of_usc(batch, fit, np.array([np.nan]))[0])
