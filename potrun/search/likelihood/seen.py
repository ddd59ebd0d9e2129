"""One sweep as the likelihood fit sees it at its reported minimum: expected counts, residuals, profile of U."""

from dataclasses import dataclass

import numpy as np
import torch

from potrun.core.records import FloatArray
from potrun.core.settings import FitterConfig
from potrun.losscone.counted import LikelihoodBatch
from potrun.losscone.quasi_likelihood import variance
from potrun.search.likelihood import batched, departures
from potrun.search.likelihood.evaluate import AMPLITUDE, LOG_RATIO, N_PARAMETERS, U_OFFSET_V, T, predict
from potrun.search.likelihood.limits import bounds_of
from potrun.search.likelihood.newton import Found
from potrun.search.likelihood.problem import make_problem
from potrun.search.likelihood.profile import heights
from potrun.search.likelihood.spread import curvature_error

PROFILE_PLACES = 41
PROFILE_WIDTH = 3.0
"""How many standard errors of ln(30 V - U) the profile goes to either side."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the fit saw of a sweep.

    Parameters
    ----------
    expected : (E, C) float64
        Counts of the model; NaN in cells that take no part.
    residual : (E, C) float64
        Counts less those expected, over their error; NaN likewise.
    profile_u_v : (N,) float64, V
        Potentials, rising.
    profile_rise : (N,) float64
        How much lower ln L is there, everything else at its best, in units that the sweep's own misfit widens.
    """

    expected: FloatArray
    residual: FloatArray
    profile_u_v: FloatArray
    profile_rise: FloatArray


def see(batch: LikelihoodBatch, best: tuple[float, float, float], settings: FitterConfig) -> Seen:
    """Look at one sweep again from its reported parameters, departures of the instrument found anew.

    Parameters
    ----------
    batch : LikelihoodBatch
        With S = 1.
    best : three float
        U (V), r and beam amplitude.
    settings : FitterConfig

    Returns
    -------
    Seen
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _see(batch, best, settings)
    finally:
        torch.set_num_threads(before)


def _see(batch: LikelihoodBatch, best: tuple[float, float, float], settings: FitterConfig) -> Seen:
    device = torch.device("cpu")
    problem, bounds = make_problem(batch, settings, device), bounds_of(settings, device)
    parameters = torch.zeros(1, N_PARAMETERS, dtype=torch.float64)
    parameters[0, T], parameters[0, LOG_RATIO] = float(np.log(U_OFFSET_V - best[0])), float(np.log(best[1]))
    parameters[0, AMPLITUDE] = best[2]
    seen = problem.sensitivity.sum(-1)
    ratio = problem.counts.sum(-1).clamp(min=0.1) / seen.clamp(min=1e-30)
    level = torch.where(seen > 0.0, torch.log(ratio), 0.0).to(torch.float64)
    flat = torch.zeros(1, N_PARAMETERS, N_PARAMETERS, dtype=torch.float64)
    start = Found(parameters, level, torch.zeros(1, dtype=torch.float64), flat)
    part = next(departures.depart(batched, batch, problem, start, bounds, settings))
    widened = departures.dispersion(departures.deviance_per_freedom(part, settings), settings)
    one = torch.zeros(1, dtype=torch.int64)
    expected = predict(part.problem, one, part.found.parameters, part.found.level, settings)
    error = torch.sqrt(variance(expected, settings.likelihood.scatter))
    residual = (part.problem.counts - expected) / error
    spread = float(curvature_error(part.found.curvature, part.is_free)[0] * torch.sqrt(widened)[0])
    centre = float(part.found.parameters[0, T])
    places = centre + spread * torch.linspace(PROFILE_WIDTH, -PROFILE_WIDTH, PROFILE_PLACES, dtype=torch.float64)
    places = places[(places >= bounds[0][T]) & (places <= bounds[1][T])]
    rise = heights(part.problem, part.found, places, part.sigma, part.is_free, bounds, settings)
    mask = batch.mask[0]
    return Seen(
        expected=np.where(mask, expected[0].to(torch.float64).numpy(), np.nan),
        residual=np.where(mask, residual[0].to(torch.float64).numpy(), np.nan),
        profile_u_v=U_OFFSET_V - np.exp(places.numpy()),
        profile_rise=((rise - part.found.value) / widened).numpy(),
    )
