"""How well each value of U explains a sweep, by trying r and A on a grid: the plain way of the conventional search."""

import numpy as np
from scipy.optimize import minimize_scalar

from potrun.core.interrupts import raise_if_interrupted
from potrun.core.records import FloatArray, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.model import beam_energy_profile
from potrun.losscone.objectives import squared_differences
from potrun.search.base import beam_bounds
from potrun.search.intervals import FINE_STEPS, N_COARSE, PIVOT_V, Profile

N_RATIO = 60
"""Values of r tried at every node of U, even in ln r."""

AMPLITUDES = (0.0, 0.02, 0.08, 0.3, 1.0)
"""Beam amplitudes tried at every node, as shares of the allowed range."""

FAINT = 1e-6
"""Where the beam is at most this strong in every row, no amplitude is tried."""


def profile_of_u(sweep: SweepBatch, best: FloatArray, settings: FitterConfig) -> Profile:
    """Compare the best model at each node of U with the best of all, by the Vuong statistic.

    With g the difference of a cell's cost between two models, the statistic is the sum of g over the square root of the
    sum of g^2.

    Parameters
    ----------
    sweep : SweepBatch
        A batch of one sweep.
    best : (3,) float64
        Best U (V), r and A.
    settings : FitterConfig

    Returns
    -------
    Profile
        Of one sweep.

    References
    ----------
    Vuong 1989, doi:10.2307/1912557.
    """
    rows = sweep.mask[0].any(axis=-1)
    energy, usc, pitch, flux, mask = (
        getattr(sweep, name)[0][rows] for name in ("energy_ev", "usc_v", "pitch_deg", "flux", "mask")
    )
    ratios = np.append(np.geomspace(settings.ratio_min, settings.ratio_max, N_RATIO), best[1])

    def squares(u: float, ratio: FloatArray, amplitude: FloatArray) -> FloatArray:
        """Cost of every cell, (n, cells)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found = squared_differences(
                energy, usc, pitch, flux, mask, np.full(len(ratio), u), ratio, amplitude, settings
            )
        return np.asarray(found[:, mask])

    at_best = squares(best[0], best[1:2], best[2:3])[0]
    nodes = _nodes(best[0], settings)
    worse_by = np.zeros(len(nodes))
    for k, u in enumerate(nodes):
        raise_if_interrupted()
        if u == best[0]:
            continue
        amplitudes = _amplitudes(u, energy, usc, settings)
        tried = np.repeat(ratios, len(amplitudes)), np.tile(amplitudes, len(ratios))
        costs = squares(u, *tried)
        place = int(costs.sum(axis=1).argmin())
        at_node, ratio = costs[place], tried[0][place : place + 1]
        if len(amplitudes) > 1:
            # The lowest point lies between the neighbours of the best amplitude on the grid.
            index = int(np.searchsorted(amplitudes, tried[1][place]))
            span = amplitudes[max(index - 1, 0)], amplitudes[min(index + 1, len(amplitudes) - 1)]
            finer = minimize_scalar(
                lambda a, u=u, ratio=ratio: float(squares(u, ratio, np.array([a])).sum()), bounds=span, method="bounded"
            )
            if finer.fun < at_node.sum():
                at_node = squares(u, ratio, np.array([finer.x]))[0]
        worse = at_node - at_best
        spread = float(np.sqrt((worse * worse).sum()))
        worse_by[k] = worse.sum() / spread if spread > 0.0 else 0.0
    return Profile(nodes[None], worse_by[None])


def _nodes(best_u: float, settings: FitterConfig) -> FloatArray:
    """Nodes of U, rising: the whole range coarsely, the surroundings of the best U finely."""
    coarse = PIVOT_V - np.geomspace(PIVOT_V - settings.u_max_v, PIVOT_V - settings.u_min_v, N_COARSE)
    steps = np.array([*FINE_STEPS, *(-step for step in FINE_STEPS)])
    fine = PIVOT_V - (PIVOT_V - best_u) * np.exp(steps)
    return np.sort(np.r_[coarse, best_u, fine].clip(settings.u_min_v, settings.u_max_v))


def _amplitudes(u: float, energy: FloatArray, usc: FloatArray, settings: FitterConfig) -> FloatArray:
    """Amplitudes worth a trial at some U: the lowest alone where no row sees the beam."""
    low, high = beam_bounds(settings)
    seen = high * beam_energy_profile(energy, usc, np.array(u), settings.beam_width_ev).max()
    return low + (high - low) * np.array(AMPLITUDES) if low < high and seen > FAINT else np.array([low])
