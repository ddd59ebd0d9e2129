"""Bounds on what varies smoothly: the cost of the inner cells under the secondary beam.

In a row the beam has one strength B = A g(U), the same for all cells but for the fixed factor of each. Over a box B
runs from `weak` to `strong`. Two bounds hold at once, and the better one counts.

*Apart*: each cell takes whatever B in the interval suits it best, so its cost is at least the squared distance of its
datum from the interval of its model. Good far from the minimum, and the only one where a cell may be inside the cone or
out.

*Together*: the sum over cells and rows at the middle of the box, less the steepest change that (U, A) can bring while
all rows share them. Slopes of opposite sign cancel, so near a minimum, where their sum vanishes, the bound is short by
the second order of the box's size only. Curvature helps where it is positive; where it may be negative it is bounded.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.losscone.model import beam_exponent
from potrun.search.exact.batched.layout import columns, total
from potrun.search.exact.batched.tables import SweepTables


@dataclass(frozen=True)
class InnerCost:
    """Cost of the inner cells of one row over a box; every field (P,) float64, one entry per pair of box and row."""

    unsure: Tensor  # lower bound of the cells that the box leaves inside or outside
    unsure_value: Tensor  # the least they cost at the middle strength
    apart: Tensor  # lower bound of the others, each for itself
    value: Tensor  # cost of those others at the middle strength
    slope: Tensor  # its derivative by the strength
    bend: Tensor  # bound on how negative its second derivative can be


def bound_inner_cost(
    tables: SweepTables, rows: Tensor, low: Tensor, high: Tensor, weak: Tensor, middle: Tensor, strong: Tensor
) -> InnerCost:
    """Bound the cost of the inner cells of rows that see the beam.

    Parameters
    ----------
    tables : SweepTables
    rows : (P,) int64
        Row of the flattened tables.
    low, high : (P,) int64
        Closed interval of the number of lost cells.
    weak, middle, strong : (P,) float64
        Least, central and greatest strength of the beam.

    Returns
    -------
    InnerCost
    """
    layout = tables.layout
    offset = layout.settings.log_offset if layout.is_logarithmic else 0.0
    data, beam, used = (columns(x, rows) for x in (tables.inner_data, tables.inner_beam, tables.inner_used))
    cell = torch.arange(len(data), device=rows.device)[:, None]
    is_lost = cell < low
    is_sure = is_lost | (cell >= high)
    base = layout.base(is_lost)
    # The level is the logarithm of model + offset, or the model: one expression for both after adding the offset.
    least, most = layout.level(base + weak * beam), layout.level(base + strong * beam)
    apart = torch.maximum(least - data, data - most).clamp_(min=0.0).square_() * used
    at_middle = base + middle * beam
    distance = data - layout.level(at_middle)
    steepness = beam / (at_middle + offset) if layout.is_logarithmic else beam
    sure_used = used * is_sure
    value = distance * distance * sure_used
    slope = -2.0 * distance * steepness * sure_used
    if layout.is_logarithmic:
        # d2/dB2 (y - ln m)^2 = 2 (h / m)^2 (1 + y - ln m) is least where m is small and ln m far above the datum.
        bend = 2.0 * (beam / (base + weak * beam + offset)).square_() * (most - data - 1.0).clamp_(min=0.0) * sure_used
    else:
        bend = torch.zeros_like(value[:1])
    return InnerCost(
        unsure=_unsure_cost(tables, rows, low, high, weak, strong),
        unsure_value=_unsure_cost(tables, rows, low, high, middle, middle),
        apart=total(apart * is_sure),
        value=total(value),
        slope=total(slope),
        bend=total(bend),
    )


def _unsure_cost(tables: SweepTables, rows: Tensor, low: Tensor, high: Tensor, weak: Tensor, strong: Tensor) -> Tensor:
    """Lower bound of the cells between `low` and `high`, which take the better of the two bases; (P,) float64."""
    layout, inner = tables.layout, tables.layout.inner
    out = torch.zeros_like(weak)
    (some,) = torch.nonzero((low < high) & (low < inner), as_tuple=True)
    if not len(some):
        return out
    low, high, weak, strong, rows = (x[some] for x in (low, high, weak, strong, rows))
    data, beam, used = (columns(x, rows) for x in (tables.inner_data, tables.inner_beam, tables.inner_used))
    cell = torch.arange(inner, device=rows.device)[:, None]
    is_unsure = used * ((cell >= low) & (cell < high))
    costs = []
    for base in (layout.settings.background, 1.0):
        least, most = layout.level(base + weak * beam), layout.level(base + strong * beam)
        costs.append(torch.maximum(least - data, data - most).clamp_(min=0.0).square_() * is_unsure)
    # The lost cells among them are the first few, however many: try every number.
    running = total(costs[1])
    best = running
    for change in costs[0] - costs[1]:
        running = running + change
        best = torch.minimum(best, running)
    out[some] = best
    return out


@dataclass(frozen=True)
class BeamStrength:
    """Strength of the beam in rows over boxes, before the amplitude; every field (P,) float64, `is_smooth` bool.

    `least`, `middle`, `greatest` bound and centre the energy profile g(U); `slope` is its derivative by U at the
    centre and `bend` a bound on its second derivative, where `is_smooth`.
    """

    least: Tensor
    middle: Tensor
    greatest: Tensor
    slope: Tensor
    bend: Tensor
    is_smooth: Tensor


def greatest_strength(energy: Tensor, usc: Tensor, u_low: Tensor, u_high: Tensor, width: float) -> Tensor:
    """Greatest value of the beam's energy profile over boxes.

    Secondaries arrive with c = max(Usc - U, w); a row sees them the better the nearer its energy is to c.

    Parameters
    ----------
    energy, usc : (..., N) float64, eV and V
    u_low, u_high : (N,) float64, V
    width : float, eV

    Returns
    -------
    (..., N) float64
        Not below the true maximum.
    """
    drop_high = usc - u_low
    nearest = torch.minimum(torch.maximum(energy, (usc - u_high).clamp_(min=width)), drop_high.clamp(min=width))
    # The exponential is right to a few units in the last place: widen by far more.
    return torch.exp(beam_exponent(energy, nearest, width)).mul_(1.0 + 1e-12) * (drop_high > 0.0)


def beam_strength(energy: Tensor, usc: Tensor, u_low: Tensor, u_high: Tensor, width: float) -> BeamStrength:
    """Bound the beam's energy profile in rows over boxes.

    The profile is smooth in U unless its centre reaches w, or Usc - U reaches zero, inside the box.

    Parameters
    ----------
    energy, usc : (P,) float64, eV and V
        Of the row of each pair.
    u_low, u_high : (P,) float64, V
        Of the box of each pair.
    width : float, eV

    Returns
    -------
    BeamStrength
    """
    drop_low, drop_high = usc - u_high, usc - u_low
    centre_low, centre_high = drop_low.clamp(min=width), drop_high.clamp(min=width)
    farthest = torch.minimum(beam_exponent(energy, centre_low, width), beam_exponent(energy, centre_high, width))
    centre = (usc - 0.5 * (u_low + u_high)).clamp(min=width)
    greatest = greatest_strength(energy, usc, u_low, u_high, width)
    least = torch.exp(farthest) * (1.0 - 1e-12) * (drop_low > 0.0)
    middle = torch.minimum(torch.maximum(torch.exp(beam_exponent(energy, centre, width)), least), greatest)
    is_free, is_clamped = drop_low >= width, (drop_high <= width) & (drop_low > 0.0)
    moving = is_free.to(torch.float64)
    # g'' / g = ((E - c)^2 / w^2 - 1) / w^2, and the exponent of g is half the negative of that square.
    return BeamStrength(
        least=least,
        middle=middle,
        greatest=greatest,
        slope=(centre - energy) / width**2 * middle * moving,
        bend=greatest * (-2.0 * farthest - 1.0).clamp_(min=1.0) / width**2 * moving,
        is_smooth=is_free | is_clamped,
    )
