"""A coarse look over all potentials and field ratios, to start from.

Cells of a row at like distances from the field line are counted together here; the steps that follow take each alone.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.losscone.cell_response import N_ANGLES
from potrun.losscone.folded import beam_strength, cone_angle
from potrun.search.likelihood.evaluate import BLOCK, U_OFFSET_V
from potrun.search.likelihood.lookup import look_up
from potrun.search.likelihood.problem import Problem

BEAM_LIMIT = 0.02
"""Cells that a beam could fill to more than this tell nothing of the cone, and count as if they fitted."""

GROUP_WIDTH_DEG = 8.0

N_GROUPS = 15
"""The last holds all cells that no loss cone reaches."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Cells of each row in groups: `table` as in Problem, the others sums (S, E, G), `beam_share` an average."""

    table: Tensor
    counts: Tensor
    sensitivity: Tensor
    beam_share: Tensor
    dark: Tensor
    number: Tensor


@dataclass(frozen=True, eq=False)
class Starts:
    """Where to start from, best first: t and ln r (S, N), ln of the rows' incident flux (S, N, E)."""

    t: Tensor
    log_ratio: Tensor
    level: Tensor


def starts(problem: Problem, settings: FitterConfig, number: int) -> Starts:
    """Find the lowest minima of a grid, no beam and no anisotropy assumed.

    Parameters
    ----------
    problem : Problem
    settings : FitterConfig
    number : int
        How many.

    Returns
    -------
    Starts
    """
    own, dtype, device = settings.likelihood, torch.float64, problem.counts.device
    low = torch.log(torch.tensor(U_OFFSET_V - min(settings.u_max_v, 10.0), dtype=dtype))
    high = torch.log(torch.tensor(U_OFFSET_V - settings.u_min_v, dtype=dtype))
    edges = torch.log(torch.tensor([settings.ratio_min, settings.ratio_max], dtype=dtype))
    t = (torch.linspace(0.0, 1.0, own.grid_u, dtype=dtype) * (high - low) + low).to(device)
    log_ratio = (torch.linspace(0.02, 0.98, own.grid_ratio, dtype=dtype) * (edges[1] - edges[0]) + edges[0]).to(device)
    groups = group_cells(problem)
    found = [_costs(problem, groups, settings, value, log_ratio) for value in t]
    cost, level = torch.stack([one[0] for one in found], dim=1), torch.stack([one[1] for one in found], dim=1)
    padded = torch.nn.functional.pad(cost, (1, 1, 1, 1), value=float("inf"))
    around = -torch.nn.functional.max_pool2d(-padded[:, None], 3, stride=1)[:, 0]
    rank = torch.where(cost <= around, cost, cost + 1e12).reshape(len(cost), -1)
    chosen = torch.argsort(rank, dim=1, stable=True)[:, :number]
    rows = level.shape[-1]
    levels = level.reshape(len(cost), -1, rows).gather(1, chosen[..., None].expand(-1, -1, rows))
    return Starts(t[chosen // own.grid_ratio], log_ratio[chosen % own.grid_ratio], levels)


def _costs(
    problem: Problem, groups: Groups, settings: FitterConfig, t: Tensor, log_ratio: Tensor
) -> tuple[Tensor, Tensor]:
    """Cost of one potential at all field ratios, (S, R), and ln levels of the rows, (S, R, E)."""
    size = BLOCK if t.device.type == "cpu" else problem.n_sweeps
    pieces = [slice(i, i + size) for i in range(0, problem.n_sweeps, size)]
    found = [_cost(problem, groups, settings, t, log_ratio, piece) for piece in pieces]
    return torch.cat([one[0] for one in found]), torch.cat([one[1] for one in found])


def _cost(
    problem: Problem, groups: Groups, settings: FitterConfig, t: Tensor, log_ratio: Tensor, piece: slice
) -> tuple[Tensor, Tensor]:
    u = (U_OFFSET_V - torch.exp(t)).reshape(1, 1, 1)
    ratio = torch.exp(log_ratio)[None, :, None, None]
    kind = groups.table.dtype
    energy, usc = problem.coarse_energy[piece, None], problem.usc[piece, None, :, None].to(kind)
    angle = cone_angle(energy, usc, u[..., None].to(kind), ratio.to(kind))
    _, number, rows, _ = angle.shape
    row = torch.arange(problem.n_sweeps * rows, device=t.device).reshape(-1, 1, rows)[piece].expand(-1, number, -1)
    weight = problem.coarse_weight[piece, None].expand_as(angle)
    lost = look_up(groups.table, row, angle, weight, [])[..., 0, :]
    beam = beam_strength(
        problem.beam_energy[piece],
        problem.beam_weight[piece],
        problem.usc[piece, :, None].to(kind),
        u.to(kind),
        settings.beam_width_ev,
    )[0]
    tells = ((beam[..., None] * groups.beam_share[piece] < BEAM_LIMIT) & (groups.number[piece] > 0))[:, None].to(kind)
    counts, dark = groups.counts[piece, None], groups.dark[piece, None]
    # The relative scatter averages out over the cells of a group.
    square = settings.likelihood.scatter**2 / groups.number[piece, None].clamp(min=1.0)
    model = groups.sensitivity[piece, None] * (1.0 - (1.0 - settings.background) * lost)
    trust = tells / (1.0 + square * counts)
    above = (counts - dark).clamp(min=0.0)
    # A row that a beam may fill has no other cells to tell its level.
    blind = (trust.sum(-1, keepdim=True) == 0.0).to(kind)
    use = trust + blind
    seen = (use * model).sum(-1)
    scale = torch.where(seen > 0.0, (use * above).sum(-1).clamp(min=1e-2) / seen.clamp(min=1e-30), 1.0)
    expected = model * scale[..., None] + dark
    away = (counts - expected) ** 2 / (expected + square * expected * expected + 0.5)
    cost = (tells * away + (1.0 - tells) * (groups.number[piece, None] > 0)).sum((2, 3))
    return cost.to(torch.float64), torch.log(scale.to(torch.float64))


def group_cells(problem: Problem) -> Groups:
    """Put cells at like distances from the field line together."""
    pitch = problem.pitch
    sweeps, rows, cells = pitch.shape
    place = ((180.0 - pitch) / GROUP_WIDTH_DEG).to(torch.int64).clamp(0, N_GROUPS - 1)
    kind = problem.table.dtype
    belongs = torch.zeros(sweeps, rows, cells, N_GROUPS, dtype=kind, device=pitch.device)
    belongs.scatter_(3, place[..., None], problem.weight[..., None])
    belongs = belongs.reshape(-1, cells, N_GROUPS)
    each = torch.stack(
        [
            problem.counts,
            problem.sensitivity,
            problem.sensitivity * problem.beam_share,
            problem.dark * problem.weight,
            problem.weight,
        ],
        dim=2,
    )
    total = torch.bmm(each.reshape(-1, 5, cells), belongs).reshape(sweeps, rows, 5, N_GROUPS)
    counts, sensitivity, beam, dark, number = (total[:, :, i] for i in range(5))
    seen = sensitivity.clamp(min=1e-30)
    weighted = problem.sensitivity.reshape(-1, cells, 1) * belongs / seen.reshape(-1, 1, N_GROUPS)
    table = torch.bmm(problem.table.reshape(-1, N_ANGLES, cells), weighted).reshape(-1, N_GROUPS)
    return Groups(table, counts, sensitivity, beam / seen, dark, number)
