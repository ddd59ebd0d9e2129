"""The objective at given parameters of each sweep, with its gradient and its expected curvature.

Parameters, in the order of the columns: t = ln(30 V - U), ln r, A, q, and departures from the nominal instrument that
have a prior of their own: ln of the background, its slope with energy, Usc (V), the drift of ln r during the sweep, and
two components of an error of the field's direction (deg).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.losscone.folded import beam_strength, cone_edge, expected_counts, folded_model, incident_counts
from potrun.losscone.quasi_likelihood import misfit, variance
from potrun.search.likelihood.lookup import look_up
from potrun.search.likelihood.problem import Problem

U_OFFSET_V = 30.0
"""U = 30 V - exp(t): even steps of t are even steps of a potential's size, and U may reach +20 V."""

N_PARAMETERS = 12
T, LOG_RATIO, AMPLITUDE, ANISOTROPY, BACKGROUND, BACKGROUND_SLOPE, USC, DRIFT, TILT = range(9)
TILT_ACROSS = TILT + 1
BARRIER = TILT + 2
BARRIER_FIELD = TILT + 3

NOMINAL = (T, LOG_RATIO, AMPLITUDE, ANISOTROPY)
"""Parameters of the nominal instrument."""

EVERY = tuple(range(N_PARAMETERS))

ALONE = (USC, BARRIER, BARRIER_FIELD, TILT, TILT_ACROSS)
"""Parameters with a vector over cells of their own, in the order of these vectors."""

LARGEST_BACKGROUND = 0.9

BLOCK = 40
"""Trials computed at once on a CPU: their cells stay in its cache."""


@dataclass(frozen=True, eq=False)
class Place:
    """Objective of B trials, with derivatives by N parameters and by the levels of the rows.

    `value` (B,), `gradient` (B, N), `curvature` (B, N, N), `level_gradient` and `level_curvature` (B, E), `mixed`
    (B, E, N).
    """

    value: Tensor
    gradient: Tensor
    curvature: Tensor
    level_gradient: Tensor
    level_curvature: Tensor
    mixed: Tensor

    def parts(self) -> tuple[Tensor, ...]:
        """Return all tensors, in order."""
        return (self.value, self.gradient, self.curvature, self.level_gradient, self.level_curvature, self.mixed)


@dataclass(frozen=True, eq=False)
class Row:
    """What the rows of B trials know: each (B, E) or (B, 1), and the sums over nodes, (B, E, F, C)."""

    shift: Tensor
    kept: Tensor
    beam: Tensor
    beam_by_u: Tensor
    lost: Tensor


@dataclass(frozen=True, eq=False)
class Cells:
    """What the cells of B trials see: each (B, E, C), but for the derivatives of the lost share, (B, E, F, C)."""

    lost: Tensor
    slopes: Tensor
    model: Tensor
    full: Tensor
    expected: Tensor


def evaluate(
    problem: Problem,
    sweep: Tensor,
    parameters: Tensor,
    level: Tensor,
    sigma: Tensor,
    settings: FitterConfig,
    columns: tuple[int, ...] = EVERY,
) -> Place:
    """Evaluate trials.

    Parameters
    ----------
    problem : Problem
    sweep : (B,) int64
        Which sweep each trial belongs to.
    parameters : (B, P) float64
    level : (B, E) float64
        ln of the incident flux of each row.
    sigma : (B, P) float64
        Standard deviations of priors; infinite where there is none. That of t is about `u_centre_v`, that of ln r about
        `ratio_centre`, all others about zero.
    settings : FitterConfig
    columns : tuple of int
        Parameters to differentiate by; the others of the field's direction are taken as zero.

    Returns
    -------
    Place
        -ln L above that of a model that gives exactly the counts, plus half the squares of departures over sigma.
    """
    size = BLOCK if parameters.device.type == "cpu" else max(len(sweep), 1)
    pieces = [slice(i, i + size) for i in range(0, max(len(sweep), 1), size)]
    found = [_evaluate(problem, sweep[p], parameters[p], level[p], settings, columns).parts() for p in pieces]
    value, gradient, *others = (torch.cat(parts) for parts in zip(*found, strict=True))
    precision = 1.0 / (sigma * sigma)
    away = parameters.clone()
    away[:, T] -= math.log(U_OFFSET_V - settings.likelihood.u_centre_v)
    away[:, LOG_RATIO] -= math.log(settings.likelihood.ratio_centre)
    value = value + 0.5 * (away * away * precision).sum(-1)
    some = list(columns)
    others[0] = others[0] + torch.diag_embed(precision[:, some])
    return Place(value, gradient + (away * precision)[:, some], *others)


def _row(problem: Problem, sweep: Tensor, parameters: Tensor, settings: FitterConfig, columns: tuple[int, ...]) -> Row:
    """Compute what the cells of a row have in common, and how much of each the loss cone takes."""
    column = [parameters[:, i, None] for i in range(N_PARAMETERS)]
    u = U_OFFSET_V - torch.exp(column[T])
    usc = problem.usc[sweep] + column[USC]
    ratio = torch.exp(column[LOG_RATIO] + column[DRIFT] * problem.drift)
    barrier = None
    if BARRIER in columns:
        field = settings.likelihood.barrier_field * torch.exp(column[BARRIER_FIELD])
        barrier = (column[BARRIER][..., None], field[..., None])
    edge = cone_edge(problem.node_energy[sweep], usc[..., None], u[..., None], ratio[..., None], barrier)
    slopes = [edge.by_u, edge.by_log_ratio]
    if USC in columns:
        slopes.append(edge.by_usc)
    if BARRIER in columns:
        slopes += [edge.by_barrier, edge.by_barrier_field]
    if TILT in columns:
        slopes.append(torch.ones_like(edge.angle))
    rows = problem.counts.shape[1]
    row = sweep[:, None] * rows + torch.arange(rows, device=sweep.device)
    lost = look_up(problem.table, row, edge.angle, problem.node_weight[sweep], slopes)
    bare = settings.background * torch.exp(column[BACKGROUND] + column[BACKGROUND_SLOPE] * problem.log_energy[sweep])
    beam, beam_by_u = beam_strength(
        problem.beam_energy[sweep],
        problem.beam_weight[sweep],
        usc[..., None].to(lost.dtype),
        u[..., None].to(lost.dtype),
        settings.beam_width_ev,
    )
    kept = 1.0 - bare.clamp(max=LARGEST_BACKGROUND)
    return Row(u - U_OFFSET_V, kept, beam.to(u.dtype), beam_by_u.to(u.dtype), lost)


def predict(problem: Problem, sweep: Tensor, parameters: Tensor, level: Tensor, settings: FitterConfig) -> Tensor:
    """Predict the counts of trials; arguments as of :func:`evaluate`.

    Returns
    -------
    (B, E, C) float
    """
    row = _row(problem, sweep, parameters, settings, EVERY)
    return _cells(problem, sweep, row, parameters, level, EVERY).expected


def _cells(
    problem: Problem, sweep: Tensor, row: Row, parameters: Tensor, level: Tensor, columns: tuple[int, ...]
) -> Cells:
    """Compute what every cell is expected to count."""
    kind = row.lost.dtype

    def cells(values: Tensor) -> Tensor:
        return values[..., None].to(kind)

    lost, slopes = row.lost[:, :, 0], row.lost[:, :, 1:]
    if TILT in columns:
        turn = parameters[:, None, None, TILT : TILT_ACROSS + 1].to(kind)
        lost = lost + slopes[:, :, -1] * (problem.tilt[sweep] * turn).sum(-1)
        # A linear shift can overshoot; a cell that is wholly in or out moves no more.
        slopes = slopes * ((lost >= 0.0) & (lost <= 1.0)).to(kind)[:, :, None]
        lost = lost.clamp(0.0, 1.0)
    amplitude, anisotropy = cells(parameters[:, AMPLITUDE, None]), cells(parameters[:, ANISOTROPY, None])
    model = folded_model(lost, cells(1.0 - row.kept), amplitude, cells(row.beam), problem.beam_share[sweep])
    full = incident_counts(cells(torch.exp(level)), problem.sensitivity[sweep], anisotropy, problem.cosine2[sweep])
    return Cells(lost, slopes, model, full, expected_counts(full, model, problem.dark[sweep]))


def _evaluate(
    problem: Problem,
    sweep: Tensor,
    parameters: Tensor,
    level: Tensor,
    settings: FitterConfig,
    columns: tuple[int, ...],
) -> Place:
    """Evaluate a block of trials, without priors.

    Derivatives of expected counts by a parameter are sums of a few vectors over cells with factors of the row alone.
    So the vectors are multiplied with each other once (Gram matrix of a row), and the factors come in afterwards.
    """
    row = _row(problem, sweep, parameters, settings, columns)
    seen = _cells(problem, sweep, row, parameters, level, columns)
    full, slopes, expected, counts = seen.full, seen.slopes, seen.expected, problem.counts[sweep]
    own = settings.likelihood
    value = misfit(counts, expected, own.scatter).to(torch.float64).sum((1, 2))
    vectors = [expected - counts, expected - problem.dark[sweep], full * slopes[:, :, 0], full * slopes[:, :, 1]]
    cosine2 = problem.cosine2[sweep]
    anisotropy = parameters[:, ANISOTROPY, None, None].to(full.dtype)
    vectors += [full * problem.beam_share[sweep], full * seen.model * (cosine2 / (1.0 + anisotropy * cosine2))]
    if BACKGROUND in columns:
        vectors.append(full * seen.lost)
    vectors += [full * slopes[:, :, 2 + i] for i in range(slopes.shape[2] - 2 - (TILT in columns))]
    if TILT in columns:
        turned = full * slopes[:, :, -1]
        vectors += [turned * problem.tilt[sweep][..., 0], turned * problem.tilt[sweep][..., 1]]
    stacked = torch.stack(vectors, dim=2).reshape(-1, len(vectors), counts.shape[2])
    weighted = stacked / variance(expected, own.scatter).reshape(-1, 1, counts.shape[2])
    gram = torch.bmm(stacked, weighted.mT).to(torch.float64)
    factors = _factors(problem, sweep, row, parameters, columns, len(vectors)).reshape(len(gram), len(vectors), -1)
    product = torch.bmm(factors.mT, torch.bmm(gram, factors)).reshape(*level.shape, factors.shape[2], -1)
    total = product.sum(1)
    return Place(
        value=value,
        gradient=total[:, 0, 2:],
        curvature=total[:, 2:, 2:],
        level_gradient=product[:, :, 0, 1],
        level_curvature=product[:, :, 1, 1] + 1e-9,
        mixed=product[:, :, 1, 2:],
    )


def _factors(
    problem: Problem, sweep: Tensor, row: Row, parameters: Tensor, columns: tuple[int, ...], vectors: int
) -> Tensor:
    """Factors of the vectors in the derivative by each parameter, (B, E, vectors, 2 + N); the first two stand alone."""
    shape = row.beam.shape
    factors = row.beam.new_zeros(*shape, vectors, 2 + len(columns))
    factors[..., 0, 0] = factors[..., 1, 1] = 1.0
    by_u, by_log_ratio, by_beam, by_cosine2, by_background = range(2, 7)
    alone = [column for column in ALONE if column in columns]
    place_of = {column: vectors - len(alone) + place for place, column in enumerate(alone)}
    of_beam, kept = parameters[:, AMPLITUDE, None] * row.beam_by_u, row.kept
    bare = torch.where(kept > 1.0 - LARGEST_BACKGROUND, 1.0 - kept, 0.0)
    entries = {
        T: ((by_u, -kept * row.shift), (by_beam, of_beam * row.shift)),
        LOG_RATIO: ((by_log_ratio, -kept),),
        AMPLITUDE: ((by_beam, row.beam),),
        ANISOTROPY: ((by_cosine2, torch.ones_like(kept)),),
        BACKGROUND: ((by_background, bare),),
        BACKGROUND_SLOPE: ((by_background, bare * problem.log_energy[sweep]),),
        USC: ((place_of.get(USC, 0), -kept), (by_beam, -of_beam)),
        DRIFT: ((by_log_ratio, -kept * problem.drift),),
        **{column: ((place_of.get(column, 0), -kept),) for column in (BARRIER, BARRIER_FIELD, TILT, TILT_ACROSS)},
    }
    for place, column in enumerate(columns):
        for vector, factor in entries[column]:
            factors[..., vector, 2 + place] = factor
    return factors
