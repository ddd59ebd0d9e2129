"""From the best point of a search to the values that are reported.

The search stops as soon as nothing can be better by more than the tolerance; the best point may still lie on a slope of
the beam, where U and A are smooth. A few shrinking steps in U, each with its own best amplitude, take it down. The
cone's part is flat there and needs none.
"""

from dataclasses import replace

import torch
from torch import Tensor

from potrun.fitters.branch_and_bound.points import Points, best_at
from potrun.fitters.branch_and_bound.tables import SweepTables
from potrun.records import AtBound

ROUNDS = 5
"""Times that the step in U is shrunk."""

FIRST_STEP, SHRINK = 0.1, 0.4
"""First step in U, in beam widths, and its factor from round to round."""


def polish(tables: SweepTables, best: Points) -> Points:
    """Improve each sweep's best point along U and A; it never gets worse.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep, in the order of sweeps.

    Returns
    -------
    Points
    """
    settings = tables.layout.settings
    chosen = torch.nonzero(best.amplitude > 0.0)[:, 0]
    if not len(chosen):
        return best
    start = best.take(chosen)
    twice = torch.arange(len(chosen), device=chosen.device).repeat(2)
    direction = torch.ones_like(start.u).repeat(2)
    direction[: len(chosen)] = -1.0
    step = FIRST_STEP * settings.beam_width_ev
    for _ in range(ROUNDS):
        both = start.take(twice)
        u = (both.u + step * direction).clamp(settings.u_min_v, settings.u_max_v)
        tried = best_at(
            tables, both.owner, u, both.ratio, both.amplitude, both.amplitude, both.value, scan=False, steps=1
        )
        for half in (tried.take(twice[: len(chosen)]), tried.take(twice[: len(chosen)] + len(chosen))):
            start = _better(start, half)
        step *= SHRINK
    amplitude = start.amplitude
    tried = best_at(tables, start.owner, start.u, start.ratio, amplitude, amplitude, start.value, scan=False, steps=3)
    return best.replaced(chosen, _better(start, tried))


def touched_bounds(tables: SweepTables, best: Points) -> Tensor:
    """Find the bounds of U and r up to which the objective stays as good as at the best point.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep.

    Returns
    -------
    (S,) int8
        AtBound bits.
    """
    settings = tables.layout.settings
    out = torch.zeros_like(best.owner, dtype=torch.int8)
    for name, bound, bit in (
        ("u", settings.u_min_v, AtBound.U_LOWER),
        ("u", settings.u_max_v, AtBound.U_UPPER),
        ("ratio", settings.ratio_min, AtBound.RATIO_LOWER),
        ("ratio", settings.ratio_max, AtBound.RATIO_UPPER),
    ):
        there = replace(best, **{name: torch.full_like(best.u, bound)})
        amplitude = best.amplitude
        value = best_at(
            tables, best.owner, there.u, there.ratio, amplitude, amplitude, 2.0 * best.value, scan=False, steps=0
        ).value
        out |= (value <= best.value * (1.0 + 1e-9)).to(torch.int8) * int(bit)
    return out


def _better(old: Points, new: Points) -> Points:
    """Take the better of two points for every sweep."""
    improved = torch.nonzero(new.value < old.value)[:, 0]
    return old.replaced(improved, new.take(improved))
