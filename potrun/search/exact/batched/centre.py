"""Of all parameters that are as good as the best the middle is reported: see ``compiled.centre`` for what and why."""

from dataclasses import replace

import torch
from torch import Tensor

from potrun.core.records import AtBound
from potrun.losscone.model import beam_energy_profile
from potrun.search.base import beam_bounds
from potrun.search.exact.batched.layout import columns
from potrun.search.exact.batched.points import Points, best_at, without_beam
from potrun.search.exact.batched.region import Region
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import (
    EQUAL,
    FLAT_HALVINGS,
    FLAT_REACH,
    FLAT_STEP,
    LAST_STEPS,
    PIVOT_V,
)


def centre(tables: SweepTables, best: Points) -> Points:
    """Move each best point to the middle of those that are as good; a beam that gains nothing is none.

    Parameters
    ----------
    tables : SweepTables
    best : Points
        One point a sweep, in the order of sweeps.

    Returns
    -------
    Points
    """
    if beam_bounds(tables.layout.settings)[0] == 0.0:
        without = without_beam(tables, best.owner, best.u, best.ratio)
        gains = without > best.value * (1.0 + EQUAL)
        best = replace(
            best,
            amplitude=torch.where(gains, best.amplitude, 0.0),
            value=torch.where(gains, best.value, without),
        )
    region = Region.around(tables, best)
    least, most = region.u_range()
    some = torch.nonzero(best.amplitude > 0.0)[:, 0]
    if len(some):
        valley = _Valley(tables, region.take(some), best.take(some))
        least, most = (x.index_copy(0, some, valley.end(x.index_select(0, some))) for x in (least, most))
    middle = PIVOT_V - torch.sqrt((PIVOT_V - least) * (PIVOT_V - most))
    u = torch.where(least == most, best.u, middle)
    moved = _at(tables, region, u, best, best.amplitude, steps=0)
    if len(some):
        moved = moved.replaced(some, valley.at(u.index_select(0, some)))
    # Rounding at the edge of a tiny region may lose another cell: then the point stays where it is.
    same = torch.nonzero(moved.value <= best.value * (1.0 + 2.0 * EQUAL))[:, 0]
    return best.replaced(same, moved.take(same))


def _at(tables: SweepTables, region: Region, u: Tensor, best: Points, amplitude: Tensor, steps: int) -> Points:
    """Evaluate the middle of each region at another U."""
    low, high = region.ratios_at(u)
    unknown = torch.full_like(u, torch.inf)
    return best_at(tables, best.owner, u, 0.5 * (low + high), amplitude, amplitude, unknown, scan=False, steps=steps)


class _Valley:
    """Points under a beam that may be as good as the best one, each with an amplitude of its own."""

    def __init__(self, tables: SweepTables, region: Region, best: Points) -> None:
        self.tables, self.region, self.best = tables, region, best
        self.least, self.most = beam_bounds(tables.layout.settings)
        self.width = tables.layout.settings.beam_width_ev
        energy, usc = (columns(x, best.owner) for x in (tables.energy_ev, tables.usc_v))
        strength = beam_energy_profile(energy[..., None], usc[..., None], best.u, self.width)[..., 0]
        self.before, row = strength.max(dim=0)
        self.energy, self.usc = energy.gather(0, row[None])[0], usc.gather(0, row[None])[0]

    def at(self, u: Tensor) -> Points:
        """Evaluate another U, with the beam as strong as before in the row that sees most of it to start from."""
        here = beam_energy_profile(self.energy[:, None], self.usc[:, None], u, self.width)[:, 0]
        amplitude = (self.best.amplitude * self.before / here.clamp(min=1e-300)).clamp(self.least, self.most)
        return _at(self.tables, self.region, u, self.best, amplitude, LAST_STEPS)

    def end(self, end: Tensor) -> Tensor:
        """Find how far towards some U the objective stays as good as at the best point."""
        limit, u = self.best.value * (1.0 + EQUAL), self.best.u
        reach, step = FLAT_REACH * self.width, FLAT_STEP * self.width
        end = torch.minimum(torch.maximum(end, u - reach), u + reach)
        near = torch.minimum(torch.maximum(end, u - step), u + step)
        flat = torch.nonzero(self.at(near).value <= limit)[:, 0]
        if not len(flat):
            return u
        some = _Valley(self.tables, self.region.take(flat), self.best.take(flat))
        limit, inside, outside = limit.index_select(0, flat), near.index_select(0, flat), end.index_select(0, flat)
        reaches = some.at(outside).value <= limit
        for _ in range(FLAT_HALVINGS):
            middle = 0.5 * (inside + outside)
            is_flat = some.at(middle).value <= limit
            inside, outside = torch.where(is_flat, middle, inside), torch.where(is_flat, outside, middle)
        return u.index_copy(0, flat, torch.where(reaches, end.index_select(0, flat), inside))


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
    region = Region.around(tables, best)
    out = torch.zeros_like(best.owner, dtype=torch.int8)
    for name, bound, bit in (
        ("u", settings.u_min_v, AtBound.U_LOWER),
        ("u", settings.u_max_v, AtBound.U_UPPER),
        ("ratio", settings.ratio_min, AtBound.RATIO_LOWER),
        ("ratio", settings.ratio_max, AtBound.RATIO_UPPER),
    ):
        there = replace(best, **{name: torch.full_like(best.u, bound)})
        if name == "u":
            # Where the region reaches the bound, it may do so at another r.
            low, high = region.ratios_at(there.u)
            there = replace(there, ratio=torch.where(low <= high, 0.5 * (low + high), best.ratio))
        amplitude = best.amplitude
        value = best_at(
            tables, best.owner, there.u, there.ratio, amplitude, amplitude, 2.0 * best.value, scan=False, steps=0
        ).value
        out |= (value <= best.value * (1.0 + 1e-9)).to(torch.int8) * int(bit)
    return out
