"""Regions of (U, r) in which every row loses the same cells: see ``compiled.region`` for what and why."""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.search.exact.batched.layout import columns, pick
from potrun.search.exact.batched.lookup import cone_edge, count_below, row_index
from potrun.search.exact.batched.points import Points
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import INSET


@dataclass(frozen=True)
class Region:
    """One region an item; the last row is the strip between the bounds of r, of infinite energy."""

    settings: FitterConfig
    inverse: Tensor  # (E + 1, N) 1 / eV, infinite where an electron does not arrive
    below: Tensor  # (E + 1, N) sin^2 of the last cell that is lost, 0 if there is none
    above: Tensor  # (E + 1, N) sin^2 of the first that is not, infinite if there is none

    @classmethod
    def around(cls, tables: SweepTables, points: Points) -> "Region":
        """Find the region that holds each point."""
        rows = row_index(tables, points.owner)
        return cls.of(
            tables, points.owner, count_below(tables, rows, cone_edge(tables, points.owner, points.u, points.ratio))
        )

    @classmethod
    def of(cls, tables: SweepTables, owner: Tensor, lost: Tensor) -> "Region":
        """Describe the regions in which rows of sweeps (N,) lose so many cells (E, N)."""
        settings = tables.layout.settings
        start = row_index(tables, owner) * tables.edge.shape[1]
        below = torch.where(lost > 0, pick(tables.edge, start + (lost - 1).clamp(min=0)), 0.0)
        above = pick(tables.edge, start + lost)
        above = torch.where(above < 2.0, above, torch.inf)
        free_energy = columns(tables.energy_ev - tables.usc_v, owner)
        inverse = torch.where(free_energy > 0.0, 1.0 / free_energy, torch.inf)
        one = torch.ones_like(above[:1])
        return cls(
            settings,
            torch.cat([inverse, 0.0 * one]),
            torch.cat([below, settings.ratio_min * one]),
            torch.cat([above, settings.ratio_max * one]),
        )

    def take(self, index: Tensor) -> "Region":
        """Regions at the given positions."""
        return Region(self.settings, *(x.index_select(1, index) for x in (self.inverse, self.below, self.above)))

    def u_range(self) -> tuple[Tensor, Tensor]:
        """Range of U, (N,) each; its ends are in the wrong order if there is none."""
        low = torch.full_like(self.inverse[0], self.settings.u_min_v)
        high = torch.full_like(low, self.settings.u_max_v)
        for below, inverse in zip(self.below, self.inverse, strict=True):
            # below_i (1 + U / F_j) <= above_j (1 + U / F_i)
            slope, room = below * self.inverse - self.above * inverse, self.above - below
            counts = (below > 0.0) & torch.isfinite(self.above) & torch.isfinite(self.inverse)
            at = room / slope
            high = torch.minimum(high, torch.where(counts & (slope > 0.0), at, torch.inf).amin(dim=0))
            low = torch.maximum(low, torch.where(counts & (slope < 0.0), at, -torch.inf).amax(dim=0))
            is_empty = (counts & (slope == 0.0) & (room < 0.0)).any(dim=0) | ((below > 0.0) & torch.isinf(inverse))
            low = torch.where(is_empty, torch.inf, low)
        inset = INSET * (high - low)
        return (
            torch.where(low > self.settings.u_min_v, low + inset, low),
            torch.where(high < self.settings.u_max_v, high - inset, high),
        )

    def ratios_at(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Range of r at some U; its ends are in the wrong order if there is none."""
        growth = torch.where(torch.isfinite(self.inverse), 1.0 + u * self.inverse, 0.0)
        grows = growth > 0.0
        low = torch.where(grows, self.below / growth, torch.inf)
        low = torch.where(self.below > 0.0, low, 0.0)
        high = torch.where(grows, self.above / growth, torch.inf)
        return low.amax(dim=0), high.amin(dim=0)
