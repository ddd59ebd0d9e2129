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

from potrun.search.base import beam_bounds
from potrun.search.exact.batched.bounds import bound_boxes
from potrun.search.exact.batched.boxes import Boxes, Slack
from potrun.search.exact.batched.layout import pick
from potrun.search.exact.batched.points import Points, best_at, without_beam
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import (
    ALONG,
    BALANCE,
    CUT_BELOW,
    FLOOR,
    GRID_RATIO,
    GRID_U,
    MAX_RIVALS,
    PIVOT_V,
    RIVAL,
    SAFETY,
)

EXACT_FROM_LEVEL = 2
"""Level from which lost cells are counted exactly rather than by whole bins."""

TRIALS = 16
"""Centres of boxes evaluated in each sweep on each level."""


@dataclass(frozen=True)
class Found:
    """Outcome of a search; every field but one (S, ...)."""

    best: Points
    lower_bound: Tensor  # no value of the objective lies below it
    left: Boxes  # of any sweep; discarded, although their bound is below the best value


def allowed_gap(tables: SweepTables, best: Tensor) -> Tensor:
    """How far below the best value a bound may be for its box to be discarded; (S,) for best values (S,)."""
    tolerance = tables.layout.settings.branch_and_bound.tolerance
    return torch.maximum(SAFETY * tolerance * best, FLOOR + 2.0 * tables.rounding)


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
    best = _first_points(tables, boxes)
    proven = torch.full((tables.n_sweeps,), torch.inf, dtype=torch.float64, device=boxes.bound.device)
    left: list[Boxes] = []
    for level in range(settings.max_levels):
        gap = allowed_gap(tables, best.value)
        boxes, slack, closed = bound_boxes(tables, boxes, best.value - gap, gap, level >= EXACT_FROM_LEVEL)
        proven = _note(proven, closed)
        left.append(_rivals(best, closed))
        if not len(boxes):
            break
        rank = _rank(tables.n_sweeps, boxes.owner, boxes.bound)
        best = _improve(best, boxes.take(torch.nonzero(rank < TRIALS)[:, 0]), tables)
        cap = settings.max_open_boxes if level >= settings.cap_from_level else settings.max_open_boxes_early
        target = (best.value - allowed_gap(tables, best.value)).index_select(0, boxes.owner)
        is_open = (boxes.bound < target) & (rank < cap)
        given_up = boxes.take(torch.nonzero(~is_open)[:, 0])
        proven = _note(proven, given_up)
        left.append(_rivals(best, given_up))
        stay = torch.nonzero(is_open)[:, 0]
        boxes = boxes.take(stay)
        if not len(boxes):
            break
        if level + 1 < settings.max_levels:
            # A bound short by next to nothing is raised by settling cells, not by following the level of the beam.
            least = 0.1 * gap.index_select(0, boxes.owner)
            deficit = torch.maximum(target.index_select(0, stay) - boxes.bound, least)
            boxes = _split(tables, boxes, slack.take(stay), deficit)
    proven = _note(proven, boxes)
    left.append(boxes)
    rivals = _rivals(best, Boxes.joined(left))
    rank = _rank(tables.n_sweeps, rivals.owner, rivals.bound)
    rivals = rivals.take(torch.nonzero(rank < MAX_RIVALS)[:, 0])
    return Found(best=best, lower_bound=torch.minimum(proven, best.value), left=rivals)


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


def _rank(n_sweeps: int, owner: Tensor, value: Tensor) -> Tensor:
    """Rank of each item among those of its sweep, by value, then position; (N,) int64.

    Items of sweeps with few of them all count as first: what is asked is who is among the best few.
    """
    number = torch.bincount(owner, minlength=n_sweeps)
    rank = torch.zeros_like(owner)
    crowded = torch.nonzero(number.index_select(0, owner) > TRIALS)[:, 0]
    if not len(crowded):
        return rank
    order = crowded.index_select(0, torch.sort(value.index_select(0, crowded), stable=True).indices)
    order = order.index_select(0, torch.sort(owner.index_select(0, order), stable=True).indices)
    sorted_owner = owner.index_select(0, order)
    position = torch.arange(len(order), device=order.device)
    is_first = torch.ones_like(position, dtype=torch.bool)
    is_first[1:] = sorted_owner[1:] != sorted_owner[:-1]
    start = torch.cummax(position * is_first, dim=0).values
    return rank.index_copy(0, order, position - start)


def _first_points(tables: SweepTables, boxes: Boxes) -> Points:
    """Best centre of the first boxes of every sweep, chosen without a beam."""
    u, ratio = _centre(boxes)
    shape = (tables.n_sweeps, -1)
    value, place = without_beam(tables, boxes.owner, u, ratio).reshape(shape).min(dim=1)
    chosen = place + torch.arange(tables.n_sweeps, device=place.device) * (len(boxes) // tables.n_sweeps)
    low, high = boxes.amplitude_low[chosen], boxes.amplitude_high[chosen]
    known = torch.full_like(value, torch.inf)
    return best_at(tables, boxes.owner[chosen], u[chosen], ratio[chosen], low, high, known)


def _centre(boxes: Boxes) -> tuple[Tensor, Tensor]:
    return 0.5 * (boxes.u_low + boxes.u_high), 0.5 * (boxes.ratio_low + boxes.ratio_high)


def _improve(best: Points, boxes: Boxes, tables: SweepTables) -> Points:
    """Best point of every sweep after trying centres of boxes."""
    low, high = boxes.amplitude_low, boxes.amplitude_high
    known = best.value.index_select(0, boxes.owner)
    return best.improved(best_at(tables, boxes.owner, *_centre(boxes), low, high, known))


def _rivals(best: Points, boxes: Boxes) -> Boxes:
    """Boxes whose bound is below their sweep's best value."""
    return boxes.take(torch.nonzero(boxes.bound < best.value.index_select(0, boxes.owner) * (1.0 - RIVAL))[:, 0])


def _note(proven: Tensor, boxes: Boxes) -> Tensor:
    """Remember the smallest bound of boxes that are given up."""
    return proven.scatter_reduce(0, boxes.owner, boxes.bound, "amin")


def _split(tables: SweepTables, boxes: Boxes, slack: Slack, deficit: Tensor) -> Boxes:
    """Halve boxes along the directions that keep their bounds low; cut the amplitude where only the beam does."""
    has_unsure = slack.unsure_cells > 0.0
    smooth = ~slack.is_whole & ((slack.beam > torch.minimum(BALANCE * deficit, slack.cone)) | ~has_unsure)
    sharp = ~smooth & has_unsure
    by_u = sharp & (slack.cone_by_u >= 0.4 * slack.cone_by_ratio)
    by_ratio = sharp & (slack.cone_by_ratio >= 0.4 * slack.cone_by_u)
    by_amplitude = smooth & (slack.beam_by_amplitude >= 0.5 * slack.beam_by_u)
    by_amplitude = by_amplitude | (sharp & ~slack.is_whole & (slack.beam > ALONG * deficit))
    by_u = by_u | (smooth & (slack.beam_by_u >= 0.5 * slack.beam_by_amplitude))
    by_amplitude = by_amplitude & (boxes.amplitude_low < boxes.amplitude_high)
    by_u = by_u | ~(by_u | by_ratio | by_amplitude)
    narrow = boxes.u_high - boxes.u_low < CUT_BELOW * tables.layout.settings.beam_width_ev
    cut = slack.is_whole & slack.sees_beam & (narrow | ~has_unsure)
    by_u, by_ratio = by_u & ~cut, by_ratio & ~cut
    middle_u = PIVOT_V - torch.sqrt((PIVOT_V - boxes.u_low) * (PIVOT_V - boxes.u_high))
    middle_ratio = torch.sqrt(boxes.ratio_low * boxes.ratio_high)
    boxes, source = _halve(boxes, "u", by_u, middle_u)
    boxes, again = _halve(boxes, "ratio", pick(by_ratio, source), pick(middle_ratio, source))
    source = pick(source, again)
    flag = pick(by_amplitude | cut, source)
    boxes, again = _halve(boxes, "amplitude", flag, _middle_amplitude(tables, boxes))
    source = pick(source, again)
    for _ in range(2):
        boxes, again = _halve(boxes, "amplitude", pick(cut, source), _middle_amplitude(tables, boxes))
        source = pick(source, again)
    return boxes


def _middle_amplitude(tables: SweepTables, boxes: Boxes) -> Tensor:
    shift = tables.layout.settings.background
    return torch.sqrt((boxes.amplitude_low + shift) * (boxes.amplitude_high + shift)) - shift


def _halve(boxes: Boxes, name: str, flag: Tensor, middle: Tensor) -> tuple[Boxes, Tensor]:
    """Halve the flagged boxes along one parameter; return all boxes and the position each came from."""
    # Rounding must not carry the middle of a very small box out of it.
    middle = torch.minimum(torch.maximum(middle, getattr(boxes, f"{name}_low")), getattr(boxes, f"{name}_high"))
    (chosen,) = torch.nonzero(flag, as_tuple=True)
    upper = replace(boxes.take(chosen), **{f"{name}_low": pick(middle, chosen)})
    lower = replace(boxes, **{f"{name}_high": torch.where(flag, middle, getattr(boxes, f"{name}_high"))})
    return Boxes.joined([lower, upper]), torch.cat([torch.arange(len(boxes), device=flag.device), chosen])
