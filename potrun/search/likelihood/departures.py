"""How far the instrument and the surroundings of a sweep may depart from the nominal model, and how far they do.

Each departure (background and its slope with energy, drift of r, direction of the field) is a parameter with a Gaussian
prior about zero; the spacecraft potential's prior is its own standard error. A field direction that is found well off
is taken as the field's, and the response of all cells computed anew. A barrier above the surface is let in where it
makes the fit better. What is left then, the sweep's own misfit, widens its interval.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from potrun.core.records import FloatArray
from potrun.core.settings import FitterConfig
from potrun.losscone.counted import LikelihoodBatch, turned
from potrun.losscone.quasi_likelihood import misfit
from potrun.search.likelihood.evaluate import (
    AMPLITUDE,
    ANISOTROPY,
    BACKGROUND,
    BACKGROUND_SLOPE,
    BARRIER,
    BARRIER_FIELD,
    DRIFT,
    LOG_RATIO,
    N_PARAMETERS,
    TILT,
    TILT_ACROSS,
    USC,
    T,
    predict,
)
from potrun.search.likelihood.newton import Found
from potrun.search.likelihood.problem import Problem, make_problem

TURNED_DEG = 1.0
"""Error of the field's direction from which on the cells' response is computed anew; below, it is linear in it."""

FIRST_BARRIER_V = 12.0
"""Height of a barrier to start from: at none, nothing says that one would help."""

LEAST_SIZE_V = 12.0
"""Least distance of U from +30 V to start a barrier from."""

BARRIER_GAIN = 1.0
"""By how much a barrier must raise ln L, its prior included."""


class Settles(Protocol):
    """A search that goes down from given places, over all free parameters."""

    def settle(
        self,
        problem: Problem,
        start: Found,
        is_free: Tensor,
        sigma: Tensor,
        bounds: tuple[Tensor, Tensor],
        settings: FitterConfig,
    ) -> Found:
        """Return the minima."""
        ...


@dataclass(frozen=True, eq=False)
class Part:
    """Some sweeps of a problem with what is free in them: `index` (N,) within the problem they came from."""

    index: Tensor
    problem: Problem
    found: Found
    is_free: Tensor
    sigma: Tensor


def nominal(sweeps: int, settings: FitterConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    """Parameters that are free on the nominal instrument, (S, P) bool, and priors, (S, P)."""
    is_free = torch.zeros(sweeps, N_PARAMETERS, dtype=torch.bool, device=device)
    is_free[:, : AMPLITUDE + 1] = True
    is_free[:, AMPLITUDE] = settings.beam_amplitude_fixed is None
    is_free[:, ANISOTROPY] = settings.likelihood.anisotropy
    sigma = torch.full((sweeps, N_PARAMETERS), float("inf"), dtype=torch.float64, device=device)
    # Where counts are too few to tell, U, r and A come from the middle of what they may be, not from a corner of it.
    sigma[:, T] = settings.likelihood.u_sigma or float("inf")
    sigma[:, LOG_RATIO] = settings.likelihood.ratio_sigma or float("inf")
    if settings.beam_amplitude_fixed is None:
        sigma[:, AMPLITUDE] = settings.likelihood.amplitude_sigma or float("inf")
    return is_free, sigma


def departing(usc_sigma: Tensor, settings: FitterConfig) -> tuple[Tensor, Tensor]:
    """Return the same with all departures but a barrier, which has a prior and is not free."""
    own = settings.likelihood
    is_free, sigma = nominal(len(usc_sigma), settings, usc_sigma.device)
    allowed = {
        BACKGROUND: own.background_sigma,
        BACKGROUND_SLOPE: own.background_slope_sigma,
        DRIFT: own.ratio_drift_sigma,
        TILT: own.field_direction_sigma_deg,
        TILT_ACROSS: own.field_direction_sigma_deg,
    }
    for column, width in allowed.items():
        is_free[:, column] = width > 0.0
        sigma[:, column] = width or float("inf")
    is_free[:, USC] = usc_sigma > 0.0
    sigma[:, USC] = torch.where(usc_sigma > 0.0, usc_sigma, float("inf"))
    return is_free, sigma


def depart(
    search: Settles,
    batch: LikelihoodBatch,
    problem: Problem,
    best: Found,
    bounds: tuple[Tensor, Tensor],
    settings: FitterConfig,
) -> Iterator[Part]:
    """Let departures in, from minima on the nominal instrument.

    Parameters
    ----------
    search : Settles
    batch : LikelihoodBatch
    problem : Problem
        Of the same sweeps.
    best : Found
    bounds : two of (P,) float64
    settings : FitterConfig

    Yields
    ------
    Part
        Sweeps whose field stands as stated, then those whose field was turned.
    """
    is_free, sigma = departing(problem.usc_sigma, settings)
    found = search.settle(problem, best, is_free, sigma, bounds, settings)
    tilt = found.parameters[:, TILT : TILT_ACROSS + 1]
    is_off = torch.hypot(tilt[:, 0], tilt[:, 1]) > TURNED_DEG
    straight, off = (torch.nonzero(chosen).squeeze(1) for chosen in (~is_off, is_off))
    if len(straight):
        here = problem.take(straight) if len(off) else problem
        part = Part(straight, here, found.take(straight), is_free[straight], sigma[straight])
        yield _with_barriers(search, part, bounds, settings)
    if len(off):
        another = turned(batch.take(off.cpu().numpy()), tilt[off].cpu().numpy())
        there = make_problem(another, settings, tilt.device, problem.counts.dtype)
        start = found.take(off)
        start.parameters[:, TILT : TILT_ACROSS + 1] = 0.0
        start = search.settle(there, start, is_free[off], sigma[off], bounds, settings)
        yield _with_barriers(search, Part(off, there, start, is_free[off], sigma[off]), bounds, settings)


def _with_barriers(search: Settles, part: Part, bounds: tuple[Tensor, Tensor], settings: FitterConfig) -> Part:
    """Let a barrier above the surface in where it makes the fit better."""
    width = settings.likelihood.barrier_sigma_v
    if width == 0.0:
        return part
    is_free, sigma = part.is_free.clone(), part.sigma.clone()
    is_free[:, BARRIER], sigma[:, BARRIER] = True, width
    spread = settings.likelihood.barrier_field_sigma
    is_free[:, BARRIER_FIELD], sigma[:, BARRIER_FIELD] = spread > 0.0, spread or float("inf")
    start = part.found.take(torch.arange(len(part.index), device=part.index.device))
    start.parameters[:, BARRIER] = FIRST_BARRIER_V
    # What is turned back at the barrier is no longer so at the surface.
    size = torch.exp(start.parameters[:, T]) - FIRST_BARRIER_V / 2.0
    start.parameters[:, T] = torch.maximum(torch.log(size.clamp(min=LEAST_SIZE_V)), bounds[0][T])
    tried = search.settle(part.problem, start, is_free, sigma, bounds, settings)
    better = tried.value < part.found.value - BARRIER_GAIN
    found = part.found.take(torch.arange(len(better), device=better.device))
    index = torch.nonzero(better).squeeze(1)
    found.put(index, tried.take(index))
    is_free[:, BARRIER] &= better
    is_free[:, BARRIER_FIELD] &= better
    return Part(part.index, part.problem, found, is_free, torch.where(is_free, sigma, float("inf")))


def usc_effect(
    search: Settles, part: Part, found: Found, bounds: tuple[Tensor, Tensor], settings: FitterConfig
) -> Tensor:
    """Refit with the spacecraft potential held at either end of its standard error.

    Parameters
    ----------
    search : Settles
    part : Part
    found : Found
        Minima of its sweeps.
    bounds : two of (P,) float64
    settings : FitterConfig

    Returns
    -------
    (S,) float64, V
        Half the distance of the two U; 0 where the spacecraft potential is known.
    """
    effect = torch.zeros_like(found.value)
    index = torch.nonzero(part.is_free[:, USC]).squeeze(1)
    if not len(index):
        return effect
    problem = part.problem.take(index) if len(index) < len(effect) else part.problem
    sigma, held = part.sigma[index], part.is_free[index].clone()
    held[:, USC] = False
    sizes = []
    for side in (-1.0, 1.0):
        start = found.take(index)
        start.parameters[:, USC] += side * sigma[:, USC]
        sizes.append(torch.exp(search.settle(problem, start, held, sigma, bounds, settings).parameters[:, T]))
    effect[index] = 0.5 * (sizes[0] - sizes[1]).abs()
    return effect


def deviance_per_freedom(part: Part, settings: FitterConfig) -> Tensor:
    """Deviance over what it would be on average if the model were right, (S,)."""
    sweep = torch.arange(len(part.index), device=part.index.device)
    problem = part.problem
    expected = predict(problem, sweep, part.found.parameters, part.found.level, settings)
    value = misfit(problem.counts, expected, settings.likelihood.scatter).to(torch.float64).sum((1, 2))
    share = (expected_deviance(expected) * problem.weight).to(torch.float64).sum((1, 2))
    freedom = share - problem.weight.amax(2).sum(1).to(torch.float64) - 4.0
    deviance: Tensor = 2.0 * value / freedom.clamp(min=1.0)
    return deviance


def dispersion(deviance: Tensor, settings: FitterConfig) -> Tensor:
    """By how much ln L must fall more at the ends of an interval, for what the model does not describe; (S,)."""
    return 1.0 + settings.likelihood.misfit_weight * (deviance - 1.0).clamp(min=0.0)


def expected_deviance(expected: Tensor) -> Tensor:
    """Mean deviance of a Poisson number about its expectation: 1 for many counts, 0 for none; any shape."""
    values = torch.from_numpy(_mean_deviances()).to(expected)
    low, high = _LOG_RANGE
    place = (torch.log(expected) - low) / (high - low) * (len(values) - 1)
    below = place.clamp(0.0, len(values) - 1.001).to(torch.int64)
    part = (place - below).clamp(0.0, 1.0)
    return values[below] + part * (values[below + 1] - values[below])


_LOG_RANGE = (float(np.log(1e-6)), float(np.log(1e3)))


@lru_cache(maxsize=1)
def _mean_deviances() -> FloatArray:
    """Tabulate them evenly in the logarithm of the expectation, (N,)."""
    from scipy.stats import poisson

    mean = np.exp(np.linspace(*_LOG_RANGE, 241))[:, None]
    counts = np.arange(1600)[None, :]
    each = mean - counts + counts * np.log(np.maximum(counts, 1) / mean)
    table: FloatArray = 2.0 * (poisson.pmf(counts, mean) * each).sum(axis=1)
    return table
