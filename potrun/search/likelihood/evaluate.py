"""The objective at given parameters of each sweep, with its gradient and its expected curvature.

Parameters, in the order of the columns: t = ln(30 V - U), ln r, A, q, and departures from the nominal instrument that
have a prior of their own: ln of the background, its slope with energy, Usc (V), the drift of ln r during the sweep, and
two components of an error of the field's direction (deg).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.losscone.folded import beam_strength, cone_edge, expected_counts, folded_model, lost_share
from potrun.losscone.quasi_likelihood import misfit, variance
from potrun.search.likelihood.problem import Problem

U_OFFSET_V = 30.0
"""U = 30 V - exp(t): even steps of t are even steps of a potential's size, and U may reach +20 V."""

N_PARAMETERS = 10
T, LOG_RATIO, AMPLITUDE, ANISOTROPY, BACKGROUND, BACKGROUND_SLOPE, USC, DRIFT, TILT = range(9)


@dataclass(frozen=True, eq=False)
class Place:
    """Objective of B trials: value, gradient (B, P), expected curvature (B, P, P), and those of the levels of rows."""

    value: Tensor
    gradient: Tensor
    curvature: Tensor
    level_gradient: Tensor
    level_curvature: Tensor
    mixed: Tensor


def evaluate(
    problem: Problem, sweep: Tensor, parameters: Tensor, level: Tensor, sigma: Tensor, settings: FitterConfig
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
        Standard deviations of priors about zero; infinite where there is none.
    settings : FitterConfig

    Returns
    -------
    Place
        -ln L above that of a model that gives exactly the counts, plus half the squares of departures over sigma.
    """
    own, rows, cells = settings.likelihood, problem.counts.shape[1], problem.counts.shape[2]
    column = [parameters[:, i, None] for i in range(N_PARAMETERS)]
    u = U_OFFSET_V - torch.exp(column[T])
    usc = problem.usc[sweep] + column[USC]
    ratio = torch.exp(column[LOG_RATIO] + column[DRIFT] * problem.drift)
    edge = cone_edge(problem.node_energy[sweep], usc[..., None], u[..., None], ratio[..., None])
    row = sweep[:, None] * rows + torch.arange(rows, device=sweep.device)
    lost, by_u, by_log_ratio, by_usc, by_angle = lost_share(problem.table, row, problem.node_weight[sweep], edge)
    tilt = problem.tilt[sweep]
    moved = by_angle[..., None] * tilt
    lost = lost + (moved * parameters[:, None, None, TILT:]).sum(-1)
    # A linear shift can overshoot; a cell that is wholly in or out moves no more.
    moves = ((lost >= 0.0) & (lost <= 1.0)).to(lost.dtype)
    by_u, by_log_ratio, by_usc, moved = by_u * moves, by_log_ratio * moves, by_usc * moves, moved * moves[..., None]
    lost = lost.clamp(0.0, 1.0)
    bare = settings.background * torch.exp(column[BACKGROUND] + column[BACKGROUND_SLOPE] * problem.log_energy[sweep])
    background = bare.clamp(max=0.9)[..., None]
    beam, beam_by_u = beam_strength(
        problem.beam_energy[sweep], problem.beam_weight[sweep], usc[..., None], u[..., None], settings.beam_width_ev
    )
    share, amplitude = problem.beam_share[sweep], column[AMPLITUDE][..., None]
    model = folded_model(lost, background, amplitude, beam[..., None], share)
    sensitivity, cosine2, dark = problem.sensitivity[sweep], problem.cosine2[sweep], problem.dark[sweep]
    anisotropy = column[ANISOTROPY][..., None]
    expected = expected_counts(torch.exp(level)[..., None], sensitivity, model, anisotropy, cosine2, dark)
    counts, weight = problem.counts[sweep], problem.weight[sweep]
    value = (weight * misfit(counts, expected, own.scatter)).reshape(len(sweep), -1).sum(-1)
    value = value + 0.5 * ((parameters / sigma) ** 2).sum(-1)
    # From here on derivatives: of the model first, then of the counts.
    kept = 1.0 - background
    of_beam = (amplitude * beam_by_u[..., None]) * share
    by_edge = -kept * by_log_ratio
    by_background = background * lost
    columns = [
        (of_beam - kept * by_u) * -torch.exp(column[T])[..., None],
        by_edge,
        beam[..., None] * share,
        model * cosine2 / (1.0 + anisotropy * cosine2),
        by_background,
        by_background * problem.log_energy[sweep][..., None],
        -of_beam - kept * by_usc,
        by_edge * problem.drift[:, None],
        -kept * moved[..., 0],
        -kept * moved[..., 1],
    ]
    scale = (torch.exp(level)[..., None] * sensitivity * (1.0 + anisotropy * cosine2))[..., None]
    slopes = torch.stack(columns, dim=-1) * scale
    by_level = expected - dark
    inverse = weight / variance(expected, own.scatter)
    push = (expected - counts) * inverse
    weighted = slopes * inverse[..., None]
    flat = (len(sweep), rows * cells, N_PARAMETERS)
    precision = 1.0 / (sigma * sigma)
    return Place(
        value=value,
        gradient=(slopes * push[..., None]).reshape(flat).sum(1) + parameters * precision,
        curvature=torch.matmul(weighted.reshape(flat).mT, slopes.reshape(flat)) + torch.diag_embed(precision),
        level_gradient=(by_level * push).sum(-1),
        level_curvature=(by_level * by_level * inverse).sum(-1) + 1e-9,
        mixed=(weighted * by_level[..., None]).sum(-2),
    )
