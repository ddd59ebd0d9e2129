"""Branch and bound: split boxes of (U, r, A), discard those that cannot hold a better minimum, until none is left.

All sweeps of a chunk are searched at once, each in its own boxes. A level bounds every open box, discards those whose
lower bound comes within the tolerance of the sweep's best value, evaluates the most promising centres to better that
value, and splits what remains along the directions that keep its bound from rising.

The certificate is what is left at the end: the smallest lower bound of any box that was ever discarded. No point of
parameter space lies below it, however the best value was found.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from potrun.fitters.base import beam_bounds
from potrun.fitters.branch_and_bound.bounds import BoxBounds, Boxes, bound_boxes
from potrun.fitters.branch_and_bound.points import Points, best_at
from potrun.fitters.branch_and_bound.tables import SweepTables

GRID_U, GRID_RATIO = 16, 4
"""Boxes to start from."""

PIVOT_V = 30.0
"""Boxes are halved in ln(PIVOT_V - U), so that their size follows |U|."""

EXACT_FROM_LEVEL = 2
"""Level from which lost cells are counted exactly rather than by whole bins."""

TRIALS = 16
"""Centres of boxes evaluated in each sweep on each level."""

CUT_BELOW = 0.3
"""Boxes narrower in U than this many beam widths have their amplitudes cut."""

BALANCE = 1.2
"""How many times its share from unsure cells a box's slack from the beam must be to be reduced first."""

FLOOR = 1e-9
"""Objectives (per cell) below this are all equally good: noise-free data reach zero."""


@dataclass(frozen=True)
class Found:
    """Outcome of a search; every field (S, ...)."""

    best: Points
    lower_bound: Tensor  # no value of the objective lies below it
    boxes: Tensor  # boxes visited


def allowed_gap(tables: SweepTables, best: Tensor) -> Tensor:
    """How far below the best value a bound may be for its box to be discarded; (S,) for best values (S,)."""
    tolerance = tables.layout.settings.branch_and_bound.tolerance
    return 0.9 * tolerance * best + FLOOR


def search(tables: SweepTables) -> Found:
    """Find the global minimum of every sweep, and a bound that proves how global it is.

    Parameters
    ----------
    tables : SweepTables

    Returns
    -------
    Found
    """
    settings = tables.layout.settings.branch_and_bound
    boxes = _first_boxes(tables)
    centres = best_at(tables, *_trial(boxes), steps=0)
    order, rank = _rank(centres.owner, centres.value)
    best = _improve(None, boxes.take(order[rank < 2]), tables)
    proven = torch.full((tables.n_sweeps,), torch.inf, dtype=torch.float64, device=boxes.bound.device)
    visited = torch.zeros(tables.n_sweeps, dtype=torch.int64, device=boxes.bound.device)
    for level in range(settings.max_levels):
        visited.scatter_add_(0, boxes.owner, torch.ones_like(boxes.owner))
        bounds = bound_boxes(tables, boxes, allowed_gap(tables, best.value)[boxes.owner], level >= EXACT_FROM_LEVEL)
        boxes = replace(boxes, bound=bounds.bound)
        boxes, bounds, proven = _discard(tables, boxes, bounds, best, proven)
        if not len(boxes):
            break
        order, rank = _rank(boxes.owner, boxes.bound)
        first = boxes.take(order[rank < TRIALS])
        best = _improve(best, first, tables)
        cap = settings.max_open_boxes if level >= settings.cap_from_level else settings.max_open_boxes_early
        dropped = order[rank >= cap]
        proven = _note(proven, boxes.owner[dropped], boxes.bound[dropped])
        kept = torch.sort(order[rank < cap]).values
        boxes, bounds = boxes.take(kept), _take(bounds, kept)
        boxes, bounds, proven = _discard(tables, boxes, bounds, best, proven)
        if level + 1 < settings.max_levels:
            target = best.value - allowed_gap(tables, best.value)
            boxes = _split(tables, boxes, bounds, target[boxes.owner] - boxes.bound)
    proven = _note(proven, boxes.owner, boxes.bound)
    return Found(best=best, lower_bound=torch.minimum(proven, best.value), boxes=visited)


def _first_boxes(tables: SweepTables) -> Boxes:
    """Cover the allowed parameters of every sweep with the same grid of boxes."""
    settings = tables.layout.settings
    device = tables.energy_ev.device
    t = torch.linspace(
        math.log(PIVOT_V - settings.u_max_v), math.log(PIVOT_V - settings.u_min_v), GRID_U + 1, dtype=torch.float64
    )
    u = PIVOT_V - torch.exp(t)
    u[0], u[-1] = settings.u_max_v, settings.u_min_v
    q = torch.linspace(math.log(settings.ratio_min), math.log(settings.ratio_max), GRID_RATIO + 1, dtype=torch.float64)
    ratio = torch.exp(q)
    ratio[0], ratio[-1] = settings.ratio_min, settings.ratio_max
    u, ratio = u.to(device), ratio.to(device)
    cells = GRID_U * GRID_RATIO
    owner = torch.arange(tables.n_sweeps, device=device).repeat_interleave(cells)
    low, high = beam_bounds(settings)

    def every(values: Tensor) -> Tensor:
        return values.reshape(-1).repeat(tables.n_sweeps)

    ones = torch.ones((GRID_U, GRID_RATIO), dtype=torch.float64, device=device)
    return Boxes(
        owner=owner,
        u_low=every(u[1:, None] * ones),
        u_high=every(u[:-1, None] * ones),
        ratio_low=every(ratio[None, :-1] * ones),
        ratio_high=every(ratio[None, 1:] * ones),
        amplitude_low=every(low * ones),
        amplitude_high=every(high * ones),
        bound=every(-torch.inf * ones),
    )


def _trial(boxes: Boxes) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Sweep, central U and r, and range of amplitudes of boxes, as `best_at` takes them."""
    u, ratio = 0.5 * (boxes.u_low + boxes.u_high), 0.5 * (boxes.ratio_low + boxes.ratio_high)
    return boxes.owner, u, ratio, boxes.amplitude_low, boxes.amplitude_high


def _rank(owner: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Order items by sweep, then value, then position; return that order and each one's rank within its sweep."""
    order = torch.sort(value, stable=True).indices
    order = order[torch.sort(owner[order], stable=True).indices]
    position = torch.arange(len(order), device=order.device)
    sorted_owner = owner[order]
    is_first = torch.ones_like(position, dtype=torch.bool)
    is_first[1:] = sorted_owner[1:] != sorted_owner[:-1]
    start = torch.cummax(torch.where(is_first, position, 0), dim=0).values
    return order, position - start


def _improve(best: Points | None, boxes: Boxes, tables: SweepTables) -> Points:
    """Best point of every sweep after trying centres of boxes; every sweep must have one if `best` is None."""
    tried = best_at(tables, *_trial(boxes))
    order, rank = _rank(tried.owner, tried.value)
    first = order[rank == 0]
    owner = tried.owner[first]
    if best is None:
        return Points(owner, tried.u[first], tried.ratio[first], tried.amplitude[first], tried.value[first])
    first = first[tried.value[first] < best.value[owner]]
    owner = tried.owner[first]

    def merged(old: Tensor, new: Tensor) -> Tensor:
        out = old.clone()
        out[owner] = new[first]
        return out

    return Points(
        owner=best.owner,
        u=merged(best.u, tried.u),
        ratio=merged(best.ratio, tried.ratio),
        amplitude=merged(best.amplitude, tried.amplitude),
        value=merged(best.value, tried.value),
    )


def _note(proven: Tensor, owner: Tensor, bound: Tensor) -> Tensor:
    """Remember the smallest bound of boxes that are given up."""
    return proven.scatter_reduce(0, owner, bound, "amin")


def _take(bounds: BoxBounds, index: Tensor) -> BoxBounds:
    return BoxBounds(**{name: getattr(bounds, name)[index] for name in bounds.__dataclass_fields__})


def _discard(
    tables: SweepTables, boxes: Boxes, bounds: BoxBounds, best: Points, proven: Tensor
) -> tuple[Boxes, BoxBounds, Tensor]:
    """Give up boxes that cannot beat the best value by more than the tolerance."""
    target = best.value - allowed_gap(tables, best.value)
    is_open = boxes.bound < target[boxes.owner]
    proven = _note(proven, boxes.owner[~is_open], boxes.bound[~is_open])
    return boxes.take(is_open), _take(bounds, is_open), proven


def _split(tables: SweepTables, boxes: Boxes, bounds: BoxBounds, deficit: Tensor) -> Boxes:
    """Halve boxes along the directions that keep their bounds low; cut the amplitude where only the beam does."""
    has_unsure = bounds.unsure_cells > 0.0
    smooth = ~bounds.is_whole & (
        (bounds.beam_slack > torch.minimum(BALANCE * deficit, bounds.cone_slack)) | ~has_unsure
    )
    sharp = ~smooth & has_unsure
    by_u = sharp & (bounds.by_u >= 0.4 * bounds.by_ratio)
    by_ratio = sharp & (bounds.by_ratio >= 0.4 * bounds.by_u)
    by_amplitude = smooth & (bounds.beam_by_amplitude >= 0.5 * bounds.beam_by_u)
    by_u = by_u | (smooth & (bounds.beam_by_u >= 0.5 * bounds.beam_by_amplitude))
    narrow = boxes.u_high - boxes.u_low < CUT_BELOW * tables.layout.settings.beam_width_ev
    cut = bounds.is_whole & bounds.sees_beam & (narrow | ~has_unsure)
    by_u, by_ratio = by_u & ~cut, by_ratio & ~cut
    middle_u = PIVOT_V - torch.sqrt((PIVOT_V - boxes.u_low) * (PIVOT_V - boxes.u_high))
    middle_ratio = torch.sqrt(boxes.ratio_low * boxes.ratio_high)
    children = _halve(boxes, "u", by_u, middle_u)
    boxes, source = children
    boxes, again = _halve(boxes, "ratio", by_ratio[source], middle_ratio[source])
    source = source[again]
    flag = (by_amplitude | cut)[source]
    boxes, again = _halve(boxes, "amplitude", flag, _middle_amplitude(tables, boxes))
    source = source[again]
    for _ in range(2):
        boxes, again = _halve(boxes, "amplitude", cut[source], _middle_amplitude(tables, boxes))
        source = source[again]
    return boxes.take(torch.sort(boxes.owner, stable=True).indices)


def _middle_amplitude(tables: SweepTables, boxes: Boxes) -> Tensor:
    shift = tables.layout.settings.background
    return torch.sqrt((boxes.amplitude_low + shift) * (boxes.amplitude_high + shift)) - shift


def _halve(boxes: Boxes, name: str, flag: Tensor, middle: Tensor) -> tuple[Boxes, Tensor]:
    """Halve the flagged boxes along one parameter; return all boxes and the position each came from."""
    (chosen,) = torch.nonzero(flag, as_tuple=True)
    upper = replace(boxes.take(chosen), **{f"{name}_low": middle[chosen]})
    lower = replace(boxes, **{f"{name}_high": torch.where(flag, middle, getattr(boxes, f"{name}_high"))})
    both = Boxes(**{f: torch.cat([getattr(lower, f), getattr(upper, f)]) for f in boxes.__dataclass_fields__})
    return both, torch.cat([torch.arange(len(boxes), device=flag.device), chosen])
