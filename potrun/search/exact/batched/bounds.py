"""The least value that the objective can take in a box of (U, r, A).

Row by row: a row that the beam cannot reach contributes the least entry of its table over the interval of lost cells,
less the most that a weak beam could still gain. A row that sees the beam contributes the least of its outer cells
plus the bounds of ``beam`` on its inner cells. Rounding is taken off at the end: what is returned is a lower bound of
the real-number objective, not of its floating-point image.
"""

from dataclasses import replace

import torch
from torch import Tensor

from potrun.search.base import beam_bounds
from potrun.search.exact.batched.beam import (
    BeamStrength,
    InnerCost,
    beam_strength,
    bound_inner_cost,
)
from potrun.search.exact.batched.boxes import Boxes, Slack
from potrun.search.exact.batched.layout import columns, pick, sum_pairs, total
from potrun.search.exact.batched.rows import RowBounds, outer_bound, quick_bounds
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import NEGLIGIBLE


def bound_boxes(
    tables: SweepTables, boxes: Boxes, target: Tensor, allowance: Tensor, exact: bool
) -> tuple[Boxes, Slack, Boxes]:
    """Bound the objective from below in every box and tell apart those that may still matter.

    A quick bound comes first, in which every row takes the beam that suits it; boxes that it leaves open are bounded
    more closely.

    Parameters
    ----------
    tables : SweepTables
    boxes : Boxes
    target : (S,) float64
        A box whose bound reaches its sweep's target is closed.
    allowance : (S,) float64
        How far below a sweep's best value a bound may fall without harm.
    exact : bool
        Whether to count lost cells exactly or by whole bins, which is quicker and enough for large boxes.

    Returns
    -------
    open : Boxes
    slack : Slack
        Of the open boxes.
    closed : Boxes
    """
    quick = quick_bounds(tables, boxes, allowance, exact)
    boxes, is_open = _with_bound(tables, boxes, total(quick.bound), target)
    closed = [boxes.take(torch.nonzero(~is_open)[:, 0])]
    stay = torch.nonzero(is_open)[:, 0]
    boxes, quick = boxes.take(stay), quick.take(stay)
    close, slack = _close_bounds(tables, boxes, quick, allowance)
    boxes, is_open = _with_bound(tables, boxes, close, target)
    closed.append(boxes.take(torch.nonzero(~is_open)[:, 0]))
    stay = torch.nonzero(is_open)[:, 0]
    return boxes.take(stay), slack.take(stay), Boxes.joined(closed)


def _with_bound(tables: SweepTables, boxes: Boxes, found: Tensor, target: Tensor) -> tuple[Boxes, Tensor]:
    """Note a bound, less its rounding error, and say which boxes stay open."""
    found = found - tables.rounding.index_select(0, boxes.owner) - found.abs() * 1e-13
    bound = torch.maximum(boxes.bound, found)
    return replace(boxes, bound=bound), bound < target.index_select(0, boxes.owner)


def _close_bounds(tables: SweepTables, boxes: Boxes, quick: RowBounds, allowance: Tensor) -> tuple[Tensor, Slack]:
    """Bound boxes whose amplitude is cut by following their beam cell by cell; (N,) bounds and their slack."""
    owner = boxes.owner
    is_whole = (boxes.amplitude_low == 0.0) & (boxes.amplitude_high == beam_bounds(tables.layout.settings)[1])
    # Where the beam is present for sure not only what it gains matters, but what it costs.
    effect = quick.strongest * columns(tables.beam_effect, owner)
    sees_beam = effect > allowance.index_select(0, owner) * (NEGLIGIBLE / len(effect))
    pairs = torch.nonzero((sees_beam & ~is_whole).reshape(-1))[:, 0]
    box = pairs % len(owner)
    rows, low, high, strongest = (pick(x, pairs) for x in (quick.rows, quick.low, quick.high, quick.strongest))
    strength = beam_strength(
        pick(tables.energy_ev, rows),
        pick(tables.usc_v, rows),
        pick(boxes.u_low, box),
        pick(boxes.u_high, box),
        tables.layout.settings.beam_width_ev,
    )
    weak = pick(boxes.amplitude_low, box) * strength.least
    middle = pick(_middle(boxes.amplitude_low, boxes.amplitude_high), box) * strength.middle
    inner = bound_inner_cost(tables, rows, low, high, weak, middle, strongest)
    bound = quick.bound.clone()
    bound.view(-1).index_copy_(0, pairs, outer_bound(tables, rows, low, high, strongest))
    apart, together, value, by_u, by_amplitude = _inner_bounds(boxes, strength, inner, pairs, effect.shape)
    unsure = (quick.high - quick.low).to(torch.float64)
    start = quick.rows * tables.cost.shape[1]
    ends = torch.maximum(pick(tables.cost, start + quick.low), pick(tables.cost, start + quick.high))
    free_energy = columns(tables.energy_ev - tables.usc_v, owner).clamp_(min=1e-3)
    by_ratio = total(unsure * (1.0 + boxes.u_high / free_energy).clamp_(min=0.0))
    slack = Slack(
        unsure_cells=total(unsure),
        cone=total(ends - quick.least),
        cone_by_u=total(unsure / free_energy) * boxes.ratio_high * (boxes.u_high - boxes.u_low),
        cone_by_ratio=by_ratio * (boxes.ratio_high - boxes.ratio_low),
        is_whole=is_whole,
        sees_beam=sees_beam.any(dim=0),
        beam=value - torch.maximum(apart, together),
        beam_by_u=by_u,
        beam_by_amplitude=by_amplitude,
    )
    return total(bound) + torch.maximum(apart, together), slack


def _middle(low: Tensor, high: Tensor) -> Tensor:
    return 0.5 * (low + high)


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
    smooth = strength.is_smooth
    least, middle, greatest = strength.least, strength.middle, strength.greatest
    centre = _middle(low, high) * middle
    reach = torch.maximum(high * greatest - centre, centre - low * least)
    slope = inner.slope * smooth
    parts = (
        inner.unsure + inner.apart * ~smooth,
        inner.apart * smooth,
        inner.value * smooth,
        slope * middle,
        slope * strength.slope,
        slope.abs() * strength.bend,
        inner.bend * reach * reach * smooth,
        inner.value + inner.unsure_value,
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
