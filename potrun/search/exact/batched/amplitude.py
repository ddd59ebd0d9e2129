"""Least cost of a row's inner cells for any beam up to a given strength, tabulated.

While a box still allows every amplitude, a row under the beam may take the strength that suits it best, from zero up to
what the box allows. The table holds, for each number of lost inner cells and each of a few greatest strengths, a lower
bound of the cost over that whole range of strengths; the inner cells of one row share one strength in it.

The linear objective is a parabola in the strength, and its minimum is exact. The logarithmic one is bounded between
neighbouring strengths: a function whose second derivative is at most K lies above its chord by no less than
-K t (h - t) / 2.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.search.base import beam_bounds
from potrun.search.exact.batched.layout import (
    Layout,
    RangeMinimum,
    pick,
    range_minimum,
    running_total,
    total,
)
from potrun.search.exact.tuning import REACH

BLOCK = 2048
"""Rows tabulated at once, for the sake of memory."""

SPACING = 0.2
"""Step between neighbouring strengths, in the logarithm of strength + background."""


@dataclass(frozen=True)
class AmplitudeTable:
    """Least inner cost of a row, by greatest strength and number of lost inner cells."""

    least: RangeMinimum  # (rows in reach * nodes) tables over the number of lost inner cells
    place: Tensor  # (S * E,) int64, where a row stands in it; 0 for rows out of the beam's reach
    n_nodes: int
    background: float

    def table_of(self, rows: Tensor, strength: Tensor) -> Tensor:
        """Table for rows that may see a beam up to the given strength; (P,) int64."""
        # 64 bits: this is the largest of the tables.
        return pick(self.place, rows).to(torch.int64) * self.n_nodes + self.node_above(strength)

    def node_above(self, strength: Tensor) -> Tensor:
        """Index of a tabulated strength not below the given one; (P,) int64 for (P,) float64."""
        position = torch.log1p(strength / self.background) / SPACING
        # The logarithm is right to a few units in the last place: step over an exact hit.
        return torch.ceil(position * (1.0 + 1e-12) + 1e-12).to(torch.int64).clamp(max=self.n_nodes - 1)


def strengths(layout: Layout) -> list[float]:
    """Tabulated strengths: zero, then in equal steps of ln(strength + background) past the largest amplitude."""
    background, largest = layout.settings.background, beam_bounds(layout.settings)[1]
    steps = math.ceil(math.log1p(largest / background) / SPACING * (1.0 + 1e-9)) if largest > 0.0 else 0
    return [background * math.expm1(j * SPACING) for j in range(steps + 1)]


def amplitude_table(
    layout: Layout, energy_ev: Tensor, usc_v: Tensor, data: Tensor, beam: Tensor, used: Tensor
) -> AmplitudeTable:
    """Tabulate the least inner cost of every row that the beam can reach.

    Parameters
    ----------
    layout : Layout
    energy_ev, usc_v : (S, E) float64, eV and V
    data, beam, used : (M, S * E) float64
        Data, beam factor and use of the inner cells.

    Returns
    -------
    AmplitudeTable
    """
    nodes = strengths(layout)
    width = layout.settings.beam_width_ev
    highest = (usc_v - layout.settings.u_min_v).clamp(min=width) + REACH * width
    in_reach = (energy_ev <= highest).reshape(-1)
    rows = torch.nonzero(in_reach)[:, 0]
    place = (torch.cumsum(in_reach, dim=0) - 1) * in_reach
    build = _logarithmic if layout.is_logarithmic else _linear
    parts = []
    for some in torch.split(rows, BLOCK):
        here = [x.index_select(1, some) for x in (data, beam, used)]
        least = build(layout, nodes, *here)  # (nodes, M + 1, R)
        flat = least.permute(2, 0, 1).reshape(-1, least.shape[1])
        reachable = here[2].sum(dim=0).to(torch.int64).repeat_interleave(len(nodes))
        parts.append(range_minimum(flat, reachable, layout.dtype))
    return AmplitudeTable(
        least=RangeMinimum.joined(parts),
        place=place,
        n_nodes=len(nodes),
        background=layout.settings.background,
    )


def _by_lost(when_lost: Tensor, when_kept: Tensor) -> Tensor:
    """Sum over cells of which the first k are lost, k = 0..M; (M + 1, R) from (M, R) each."""
    return running_total(total(when_kept), when_lost - when_kept)


def _logarithmic(layout: Layout, nodes: list[float], data: Tensor, beam: Tensor, used: Tensor) -> Tensor:
    """Bound the halekas cost from chord to chord; (nodes, M + 1, R)."""
    offset = layout.settings.log_offset
    rows = []
    previous: tuple[Tensor, Tensor] | None = None
    for j, strength in enumerate(nodes):
        costs, curvatures = [], []
        for base in (layout.settings.background, 1.0):
            model = base + offset + strength * beam
            distance = data - torch.log(model)
            costs.append(distance * distance * used)
            # d2/dB2 (y - ln m)^2 = 2 (h / m)^2 (1 + y - ln m) falls with B wherever it is positive.
            curvatures.append((beam / model).square_().mul_(2.0) * (1.0 + distance).clamp_(min=0.0) * used)
        cost, curvature = _by_lost(*costs), _by_lost(*curvatures)
        if previous is None:
            rows.append(cost)
        else:
            rows.append(torch.minimum(rows[-1], _least_between(*previous, cost, strength - nodes[j - 1])))
        previous = cost, curvature
    return torch.stack(rows)


def _least_between(left: Tensor, curvature: Tensor, right: Tensor, step: float) -> Tensor:
    """Lower bound of a function between two known values, given a bound on its second derivative."""
    sag = curvature * (0.5 * step * step)
    difference = (right - left).abs()
    # The lowest parabola through both ends dips between them only if it is bent more than they differ.
    dip = 0.5 * (left + right) - 0.25 * sag - difference * difference / (4.0 * sag.clamp(min=1e-300))
    return torch.where(difference >= sag, torch.minimum(left, right), dip)


def _linear(layout: Layout, nodes: list[float], data: Tensor, beam: Tensor, used: Tensor) -> Tensor:
    """Minimise the lillis cost, a parabola in the strength; (nodes, M + 1, R)."""
    curvature = total(beam * beam * used)
    parts = []
    for base in (layout.settings.background, 1.0):
        residual = (data - base) * used
        parts.append((residual * residual, residual * beam))
    constant, slope = (_by_lost(parts[0][i], parts[1][i]) for i in range(2))
    best = slope / curvature.clamp(min=1e-300)
    at = [best.clamp(0.0, strength) for strength in nodes]
    return torch.stack([constant - 2.0 * b * slope + b * b * curvature for b in at])
