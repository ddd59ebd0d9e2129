"""The least value that the objective can take in a box of (U, r, A).

Row by row: a row that the beam cannot reach contributes the least entry of its table over the interval of lost cells,
less the most that a weak beam could still gain. A row that sees the beam contributes the least of its outer cells
plus the bounds of ``beam`` on its inner cells. Rounding is taken off at the end: what is returned is a lower bound of
the real-number objective, not of its floating-point image.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.fitters.base import beam_bounds
from potrun.fitters.branch_and_bound.beam import BeamStrength, InnerCost, beam_strength, bound_inner_cost
from potrun.fitters.branch_and_bound.layout import columns, pick, sum_pairs, total
from potrun.fitters.branch_and_bound.lookup import cone_edge, count_below, count_interval, least_entry, row_index
from potrun.fitters.branch_and_bound.tables import SweepTables

NEGLIGIBLE = 0.02
"""Share of the tolerance that rows may lose in all before their inner cells are looked at one by one."""


@dataclass(frozen=True)
class Boxes:
    """Boxes of parameters, each of one sweep; every field (N,)."""

    owner: Tensor  # int64, the sweep
    u_low: Tensor  # V
    u_high: Tensor
    ratio_low: Tensor
    ratio_high: Tensor
    amplitude_low: Tensor
    amplitude_high: Tensor
    bound: Tensor  # best lower bound known of the objective in the box

    def take(self, index: Tensor) -> "Boxes":
        """Boxes at the given positions."""
        return Boxes(**{name: getattr(self, name).index_select(0, index) for name in self.__dataclass_fields__})

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True)
class BoxBounds:
    """Lower bounds and what keeps them from being better; every field (N,)."""

    bound: Tensor
    unsure_cells: Tensor  # number of cells that may be inside the cone or outside, over all rows
    cone_slack: Tensor  # how much they may cost more than bounded
    by_u: Tensor  # how far the box's extent in U moves the edge past such cells
    by_ratio: Tensor  # the same for r
    is_whole: Tensor  # bool, whether every amplitude is allowed
    beam_slack: Tensor  # inner cost at the centre less its bound
    beam_by_u: Tensor  # how much of that is due to the extent in U
    beam_by_amplitude: Tensor  # the same for A
    sees_beam: Tensor  # bool, whether any row sees the beam


def bound_boxes(tables: SweepTables, boxes: Boxes, allowance: Tensor, exact: bool) -> BoxBounds:
    """Bound the objective from below in every box.

    Parameters
    ----------
    tables : SweepTables
    boxes : Boxes
    allowance : (N,) float64
        How far below its best value a bound may fall without harm.
    exact : bool
        Whether to count lost cells exactly or by whole bins, which is quicker and enough for large boxes.

    Returns
    -------
    BoxBounds
    """
    owner = boxes.owner
    rows = row_index(tables, owner)
    low_edge = cone_edge(tables, owner, boxes.u_low, boxes.ratio_low)
    high_edge = cone_edge(tables, owner, boxes.u_high, boxes.ratio_high)
    if exact:
        low, high = count_below(tables, rows, low_edge), count_below(tables, rows, high_edge)
    else:
        low, high = count_interval(tables, rows, low_edge, high_edge)
    strength = beam_strength(tables, owner, boxes.u_low, boxes.u_high)
    strongest = boxes.amplitude_high * strength.greatest
    loss = strongest * columns(tables.beam_gain_all, owner)
    least = least_entry(tables.full, rows, low, high)
    start = rows * tables.cost.shape[1]
    cone_slack = total(torch.maximum(pick(tables.cost, start + low), pick(tables.cost, start + high)) - least)
    row_bound = least - loss
    is_whole = (boxes.amplitude_low == 0.0) & (boxes.amplitude_high == beam_bounds(tables.layout.settings)[1])
    # Where the beam may be absent only what it can gain matters; where it is present, also what it costs.
    effect = torch.maximum(loss, strongest * columns(tables.beam_effect, owner) * ~is_whole)
    sees_beam = effect > NEGLIGIBLE * allowance / len(rows)
    whole = torch.nonzero((sees_beam & is_whole).reshape(-1))[:, 0]
    row_bound.view(-1).index_copy_(
        0, whole, _whole_bound(tables, *(pick(x, whole) for x in (rows, low, high, strongest)))
    )
    pairs = torch.nonzero((sees_beam & ~is_whole).reshape(-1))[:, 0]
    box = pairs % len(owner)
    pair_rows, pair_low, pair_high, pair_strongest = (pick(x, pairs) for x in (rows, low, high, strongest))
    inner = bound_inner_cost(
        tables,
        pair_rows,
        pair_low,
        pair_high,
        pick(boxes.amplitude_low, box) * pick(strength.least, pairs),
        pick(_middle(boxes.amplitude_low, boxes.amplitude_high), box) * pick(strength.middle, pairs),
        pair_strongest,
    )
    outer = _outer_bound(tables, pair_rows, pair_low, pair_high, pair_strongest)
    row_bound.view(-1).index_copy_(0, pairs, outer)
    apart, together, value, by_u, by_amplitude = _inner_bounds(boxes, strength, inner, pairs, rows.shape)
    lowest = total(row_bound) + torch.maximum(apart, together)
    unsure = (high - low).to(torch.float64)
    free_energy = columns(tables.energy_ev - tables.usc_v, owner).clamp_(min=1e-3)
    return BoxBounds(
        bound=torch.maximum(boxes.bound, lowest - tables.rounding[owner] - lowest.abs() * 1e-13),
        unsure_cells=total(unsure),
        cone_slack=cone_slack,
        by_u=total(unsure / free_energy) * boxes.ratio_high * (boxes.u_high - boxes.u_low),
        by_ratio=total(unsure * (1.0 + boxes.u_high / free_energy).clamp(min=0.0))
        * (boxes.ratio_high - boxes.ratio_low),
        is_whole=is_whole,
        beam_slack=value - torch.maximum(apart, together),
        beam_by_u=by_u,
        beam_by_amplitude=by_amplitude,
        sees_beam=sees_beam.any(dim=0),
    )


def _middle(low: Tensor, high: Tensor) -> Tensor:
    return 0.5 * (low + high)


def _outer_bound(tables: SweepTables, rows: Tensor, low: Tensor, high: Tensor, strongest: Tensor) -> Tensor:
    """Least cost of the outer cells of rows that see the beam; (P,) float64."""
    inner = tables.layout.inner
    least = least_entry(tables.outer, rows, (low - inner).clamp_(min=0), (high - inner).clamp_(min=0))
    return least - strongest * pick(tables.beam_gain_outer, rows)


def _whole_bound(tables: SweepTables, rows: Tensor, low: Tensor, high: Tensor, strongest: Tensor) -> Tensor:
    """Least cost of rows that may see a beam of any strength up to a greatest; (P,) float64.

    Either some inner cell is kept, and no outer cell is lost, or all inner cells are lost, and any outer cells may be.
    """
    inner, table = tables.layout.inner, tables.amplitude
    node = rows * table.n_nodes + table.node_above(strongest)
    first = low.clamp(max=inner)
    some_kept = least_entry(table.least, node, first, high.clamp(max=inner - 1).maximum(first))
    none, every = torch.zeros_like(low), torch.full_like(low, inner)
    some_kept = some_kept + _outer_bound(tables, rows, none, none, strongest)
    all_lost = least_entry(table.least, node, every, every) + _outer_bound(tables, rows, low, high, strongest)
    bound = torch.where(low < inner, some_kept, torch.inf)
    return torch.where(high >= inner, torch.minimum(bound, all_lost), bound)


def _inner_bounds(
    boxes: Boxes, strength: BeamStrength, inner: InnerCost, pairs: Tensor, shape: torch.Size
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Inner cost of each box: bounded apart, bounded together, at the centre, and what U and A add; (N,) each.

    Together: with a = A - A_c and d = U - U_c, the strength of a row changes by a g + (A_c + a) (g' d + g'' d^2 / 2).
    The sum over rows of slope times change is bounded by the sums of slope * g and of slope * g', the rest by g''.
    """
    box = pairs % shape[1]
    low, high = pick(boxes.amplitude_low, box), pick(boxes.amplitude_high, box)
    half_amplitude = 0.5 * (boxes.amplitude_high - boxes.amplitude_low)
    half_u = 0.5 * (boxes.u_high - boxes.u_low)
    smooth = pick(strength.is_smooth, pairs)
    least, middle, greatest = (pick(x, pairs) for x in (strength.least, strength.middle, strength.greatest))
    centre = _middle(low, high) * middle
    reach = torch.maximum(high * greatest - centre, centre - low * least)
    slope = inner.slope * smooth
    parts = (
        inner.unsure + inner.apart * ~smooth,
        inner.apart * smooth,
        inner.value * smooth,
        slope * middle,
        slope * pick(strength.slope, pairs),
        slope.abs() * pick(strength.bend, pairs),
        inner.bend * reach * reach * smooth,
        inner.value + inner.unsure,
        greatest - least,
        greatest,
    )
    rough, apart, value, by_amplitude, by_u, second, curved, at_centre, extent_u, extent_amplitude = sum_pairs(
        torch.stack(parts), pairs, shape
    )
    by_amplitude = by_amplitude.abs() * half_amplitude
    by_u = by_u.abs() * half_u * boxes.amplitude_high
    second = second * (0.5 * half_u * half_u * boxes.amplitude_high)
    curved = 0.5 * curved
    together = value - by_amplitude - by_u - second - curved
    extent_u = extent_u * boxes.amplitude_high
    extent_amplitude = extent_amplitude * (boxes.amplitude_high - boxes.amplitude_low)
    share = extent_u / (extent_u + extent_amplitude).clamp(min=1e-300)
    return (
        rough + apart,
        rough + together,
        at_centre,
        by_u + second + share * curved,
        by_amplitude + (1.0 - share) * curved,
    )
