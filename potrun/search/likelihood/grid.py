"""A coarse look over all potentials and field ratios, to start from."""

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.losscone.cell_response import N_ANGLES
from potrun.losscone.folded import beam_strength, cone_edge
from potrun.search.likelihood.evaluate import U_OFFSET_V
from potrun.search.likelihood.problem import Problem

BEAM_LIMIT = 0.02
"""Cells that a beam could fill to more than this tell nothing of the cone, and count as if they fitted."""


def starts(problem: Problem, settings: FitterConfig) -> tuple[Tensor, Tensor, Tensor]:
    """Find the lowest minima of a grid, no beam and no anisotropy assumed.

    Returns
    -------
    t, log_ratio : (S, N) float64
    log_level : (S, E) float64
        ln of each row's incident flux.
    """
    own, dtype = settings.likelihood, torch.float64
    high = torch.log(torch.tensor(U_OFFSET_V - settings.u_min_v, dtype=dtype))
    low = torch.log(torch.tensor(U_OFFSET_V - min(settings.u_max_v, 10.0), dtype=dtype))
    edges = torch.log(torch.tensor([settings.ratio_min, settings.ratio_max], dtype=dtype))
    t = torch.linspace(0.0, 1.0, own.grid_u, dtype=dtype) * (high - low) + low
    log_ratio = torch.linspace(0.02, 0.98, own.grid_ratio, dtype=dtype) * (edges[1] - edges[0]) + edges[0]
    t, log_ratio = t.to(problem.counts.device), log_ratio.to(problem.counts.device)
    incident = (problem.cosine2 > 0.25) & (problem.weight > 0) & (problem.is_incident > 0)
    seen = (problem.sensitivity * incident).sum(-1)
    mean = (problem.counts * incident).sum(-1).clamp(min=0.3) / seen.clamp(min=1e-30)
    cost = torch.stack([_cost(problem, settings, value, log_ratio, mean) for value in t], dim=1)
    padded = torch.nn.functional.pad(cost, (1, 1, 1, 1), value=float("inf"))
    around = -torch.nn.functional.max_pool2d(-padded[:, None], 3, stride=1)[:, 0]
    rank = torch.where(cost <= around, cost, cost + 1e12).reshape(len(cost), -1)
    chosen = torch.argsort(rank, dim=1, stable=True)[:, : own.starts]
    return t[chosen // own.grid_ratio], log_ratio[chosen % own.grid_ratio], torch.log(mean.clamp(min=1e-30))


def _cost(problem: Problem, settings: FitterConfig, t: Tensor, log_ratio: Tensor, mean: Tensor) -> Tensor:
    """Cost of one potential at all field ratios, (S, G)."""
    sweeps, rows, cells = problem.counts.shape
    u = (U_OFFSET_V - torch.exp(t)).reshape(1, 1, 1)
    ratio = torch.exp(log_ratio)[None, None, :, None]
    nodes, usc = problem.node_energy[:, :, None, :], problem.usc[..., None, None]
    angle = cone_edge(nodes, usc, u[..., None], ratio).angle
    below = angle.clamp(0.0, N_ANGLES - 2.0).to(torch.int64)
    part = (angle - below) * problem.node_weight[:, :, None, :]
    mixing = torch.zeros(*angle.shape[:3], N_ANGLES, dtype=angle.dtype, device=angle.device)
    weight = problem.node_weight[:, :, None, :].expand_as(part)
    mixing.scatter_add_(-1, below, weight - part).scatter_add_(-1, below + 1, part)
    table = problem.table.reshape(sweeps * rows, N_ANGLES, cells)
    lost = torch.bmm(mixing.reshape(sweeps * rows, -1, N_ANGLES).to(table.dtype), table)
    lost = lost.reshape(sweeps, rows, -1, cells)
    beam = beam_strength(problem.beam_energy, problem.beam_weight, problem.usc[..., None], u, settings.beam_width_ev)[0]
    tells = (beam[..., None] * problem.beam_share < BEAM_LIMIT) & (problem.weight > 0)
    tells, counts = tells[:, :, None].to(lost.dtype), problem.counts[:, :, None].to(lost.dtype)
    pure = (mean[..., None] * problem.sensitivity)[:, :, None].to(lost.dtype)
    square = settings.likelihood.scatter**2
    trust = tells / (1.0 + square * pure)
    dark = problem.dark[:, :, None].to(lost.dtype)
    model = pure * (1.0 - (1.0 - settings.background) * lost)
    scale = (trust * counts).sum(-1, keepdim=True) / (trust * (model + dark)).sum(-1, keepdim=True).clamp(min=1e-6)
    expected = model * scale + dark
    away = (counts - expected) ** 2 / (expected + square * expected * expected + 0.5)
    cost: Tensor = (tells * away + (problem.weight[:, :, None] - tells)).sum((1, 3))
    return cost.to(torch.float64)
