"""From the best point of a search to the values that are reported.

The search stops as soon as nothing can be better by more than the tolerance; the best point may still lie on a slope of
the beam, where U and A are smooth. A few shrinking steps in U, each with its own best amplitude, take it down. The
cone's part is flat there and needs none.
"""

import torch
from torch import Tensor

from potrun.fitters.branch_and_bound.points import Points, best_at
from potrun.fitters.branch_and_bound.tables import SweepTables

ROUNDS = 10
"""Times that the step in U is halved."""

FIRST_STEP = 0.1
"""First step in U, in beam widths."""


def polish(tables: SweepTables, best: Points) -> Points:
    """Improve each sweep's best point along U and A; it never gets worse.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep.

    Returns
    -------
    Points
    """
    settings = tables.layout.settings
    step = FIRST_STEP * settings.beam_width_ev
    for _ in range(ROUNDS):
        for direction in (-1.0, 1.0):
            u = (best.u + direction * step).clamp(settings.u_min_v, settings.u_max_v)
            best = _better(best, best_at(tables, best.owner, u, best.ratio, best.amplitude, best.amplitude))
        step *= 0.5
    return _better(best, best_at(tables, best.owner, best.u, best.ratio, best.amplitude, best.amplitude, steps=4))


def _better(old: Points, new: Points) -> Points:
    """Take the better of two points for every sweep."""
    improved = new.value < old.value

    def pick(name: str) -> Tensor:
        return torch.where(improved, getattr(new, name), getattr(old, name))

    return Points(owner=old.owner, u=pick("u"), ratio=pick("ratio"), amplitude=pick("amplitude"), value=pick("value"))
