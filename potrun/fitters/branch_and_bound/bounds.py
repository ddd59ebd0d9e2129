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
from potrun.fitters.branch_and_bound.layout import total
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
        """Boxes at the given positions, or where a mask is True."""
        return Boxes(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})

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
    loss = strongest * tables.beam_gain_all[:, owner]
    least = least_entry(tables.full, rows, low, high)
    ends = tables.cost.reshape(-1)
    start = rows * tables.cost.shape[1]
    cone_slack = total(torch.maximum(ends[start + low], ends[start + high]) - least)
    row_bound = least - loss
    is_whole = (boxes.amplitude_low == 0.0) & (boxes.amplitude_high == beam_bounds(tables.layout.settings)[1])
    # Where the beam may be absent only what it can gain matters; where it is present, also what it costs.
    effect = torch.where(is_whole, loss, strongest * tables.beam_effect[:, owner])
    sees_beam = effect > NEGLIGIBLE * allowance / len(rows)
    whole = torch.nonzero(sees_beam & is_whole, as_tuple=True)
    row_bound[whole] = (
        _whole_bound(tables, rows[whole], low[whole], high[whole], strongest[whole])
        - (strongest * tables.beam_gain_outer[:, owner])[whole]
    )
    pair_row, pair_box = torch.nonzero(sees_beam & ~is_whole, as_tuple=True)
    pairs = (pair_row, pair_box)
    inner = bound_inner_cost(
        tables,
        rows[pairs],
        low[pairs],
        high[pairs],
        boxes.amplitude_low[pair_box] * strength.least[pairs],
        _middle(boxes.amplitude_low, boxes.amplitude_high)[pair_box] * strength.middle[pairs],
        strongest[pairs],
    )
    row_bound[pairs] = (
        _outer_bound(tables, rows[pairs], low[pairs], high[pairs])
        - (strongest * tables.beam_gain_outer[:, owner])[pairs]
    )
    apart, together, value, by_u, by_amplitude = _inner_bounds(boxes, strength, inner, pairs, rows.shape)
    lowest = total(row_bound) + torch.maximum(apart, together)
    unsure = (high - low).to(torch.float64)
    free_energy = (tables.energy_ev - tables.usc_v)[:, owner]
    return BoxBounds(
        bound=torch.maximum(boxes.bound, lowest - tables.rounding[owner] - lowest.abs() * 1e-13),
        unsure_cells=total(unsure),
        cone_slack=cone_slack,
        by_u=total(unsure / free_energy.clamp(min=1e-3)) * boxes.ratio_high * (boxes.u_high - boxes.u_low),
        by_ratio=total(unsure * (1.0 + boxes.u_high / free_energy.clamp(min=1e-3)).clamp(min=0.0))
        * (boxes.ratio_high - boxes.ratio_low),
        is_whole=is_whole,
        beam_slack=value - torch.maximum(apart, together),
        beam_by_u=by_u,
        beam_by_amplitude=by_amplitude,
        sees_beam=sees_beam.any(dim=0),
    )


def _middle(low: Tensor, high: Tensor) -> Tensor:
    return 0.5 * (low + high)


def _outer_bound(tables: SweepTables, rows: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Least cost of the outer cells of rows that see the beam; (P,) float64."""
    inner = tables.layout.inner
    return least_entry(tables.outer, rows, (low - inner).clamp(min=0), (high - inner).clamp(min=0))


def _whole_bound(tables: SweepTables, rows: Tensor, low: Tensor, high: Tensor, strongest: Tensor) -> Tensor:
    """Least cost of rows that may see a beam of any strength up to a greatest; (P,) float64.

    Either some inner cell is kept, and no outer cell is lost, or all inner cells are lost, and any outer cells may be.
    """
    inner, table = tables.layout.inner, tables.amplitude
    node = rows * table.n_nodes + table.node_above(strongest)
    some_kept = least_entry(
        table.least, node, low.clamp(max=inner), high.clamp(max=inner - 1).maximum(low.clamp(max=inner))
    )
    none_lost = least_entry(tables.outer, rows, torch.zeros_like(low), torch.zeros_like(low))
    all_lost = least_entry(table.least, node, torch.full_like(low, inner), torch.full_like(low, inner))
    outer = _outer_bound(tables, rows, low, high)
    bound = torch.where(low < inner, some_kept + none_lost, torch.inf)
    return torch.where(high >= inner, torch.minimum(bound, all_lost + outer), bound)


def _inner_bounds(
    boxes: Boxes, strength: BeamStrength, inner: InnerCost, pairs: tuple[Tensor, Tensor], shape: torch.Size
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Inner cost of each box: bounded apart, bounded together, and at the centre; (N,) each.

    Together: with a = A - A_c and d = U - U_c, the strength of a row changes by a g + (A_c + a) (g' d + g'' d^2 / 2),
    so the sum over rows of slope times change is bounded by the sums of slope * g and of slope * g', and the rest by g''.
    """

    def spread(values: Tensor) -> Tensor:
        """Lay pairs out as (E, N), zero elsewhere: sums then run over rows in one fixed order."""
        out = torch.zeros(shape, dtype=torch.float64, device=values.device)
        out[pairs] = values
        return out

    box = pairs[1]
    amplitude = _middle(boxes.amplitude_low, boxes.amplitude_high)
    half_amplitude = 0.5 * (boxes.amplitude_high - boxes.amplitude_low)
    half_u = 0.5 * (boxes.u_high - boxes.u_low)
    smooth = strength.is_smooth[pairs]
    middle = strength.middle[pairs]
    reach = torch.maximum(
        boxes.amplitude_high[box] * strength.greatest[pairs] - amplitude[box] * middle,
        amplitude[box] * middle - boxes.amplitude_low[box] * strength.least[pairs],
    )
    slope = inner.slope * smooth
    rough = total(spread(inner.unsure + inner.apart * ~smooth))
    apart = total(spread(inner.apart * smooth))
    value = total(spread(inner.value * smooth))
    by_amplitude = total(spread(slope * middle)).abs() * half_amplitude
    by_u = total(spread(slope * strength.slope[pairs])).abs() * half_u * boxes.amplitude_high
    second = total(spread(slope.abs() * strength.bend[pairs])) * 0.5 * half_u * half_u * boxes.amplitude_high
    curved = 0.5 * total(spread(inner.bend * reach * reach * smooth))
    together = value - by_amplitude - by_u - second - curved
    at_centre = total(spread(inner.value + inner.unsure))
    extent_u = total(spread(strength.greatest[pairs] - strength.least[pairs])) * boxes.amplitude_high
    extent_amplitude = total(spread(strength.greatest[pairs])) * (boxes.amplitude_high - boxes.amplitude_low)
    share = extent_u / (extent_u + extent_amplitude).clamp(min=1e-300)
    return (
        rough + apart,
        rough + together,
        at_centre,
        by_u + second + share * curved,
        by_amplitude + (1.0 - share) * curved,
    )
