"""From a chunk of sweeps to what the search found, on the device."""

import numpy as np
import torch
from torch import Tensor

from potrun.core.device import ResolvedDevice
from potrun.core.instrument import N_CELLS
from potrun.core.records import IntArray, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.objectives import evaluate
from potrun.search.exact.batched.centre import centre, touched_bounds
from potrun.search.exact.batched.layout import Layout, total
from potrun.search.exact.batched.polish import polish
from potrun.search.exact.batched.profile import profile_of_u
from potrun.search.exact.batched.rivals import beat_rivals
from potrun.search.exact.batched.search import search
from potrun.search.exact.batched.tables import build_tables
from potrun.search.exact.engines import Profile, Searched
from potrun.search.exact.tuning import inner_cells

WIDTHS = (48, N_CELLS)
"""Widths of tables: half a sphere of cells with room to spare, and all of them."""


class BatchedEngine:
    """Search all sweeps of a chunk at once.

    Parameters
    ----------
    settings : FitterConfig
    device : ResolvedDevice
    """

    def __init__(self, settings: FitterConfig, device: ResolvedDevice) -> None:
        self.settings = settings
        self.device = device

    def kinds(self, batch: SweepBatch) -> IntArray:
        """Width of the tables that each sweep needs; (S,) int64."""
        with np.errstate(invalid="ignore"):
            reflected = (batch.mask & (batch.pitch_deg > 90.0)).sum(axis=-1).max(axis=-1, initial=0)
        widths: IntArray = np.asarray(WIDTHS, dtype=np.int64)[np.searchsorted(WIDTHS, reflected)]
        return widths

    def search(self, sweeps: SweepBatch) -> Searched:
        """Search sweeps whose tables have the same width."""
        width = int(self.kinds(sweeps)[0])
        inner = min(inner_cells(self.settings), width)
        layout = Layout(self.settings, width=width, inner=inner, dtype=self.device.dtype)
        energy, usc, pitch, flux, mask = (
            torch.from_numpy(np.ascontiguousarray(x)).to(self.device.torch_device)
            for x in (sweeps.energy_ev, sweeps.usc_v, sweeps.pitch_deg, sweeps.flux, sweeps.mask)
        )
        tables = build_tables(energy, usc, pitch, flux, mask, layout)
        found = search(tables)
        best = beat_rivals(tables, polish(tables, found.best), found.left)
        best = centre(tables, best)
        profile = None
        if self.settings.intervals:
            profile = Profile(*(x.cpu().numpy() for x in profile_of_u(tables, best)))
        parameters = best.u, best.ratio, best.amplitude
        chi2 = evaluate(energy, usc, pitch, flux, mask, *parameters, self.settings, add_up=_in_order)
        return Searched(
            parameters=torch.stack(parameters, dim=1).cpu().numpy(),
            chi2=chi2.cpu().numpy(),
            lower_bound=found.lower_bound.cpu().numpy(),
            touches=touched_bounds(tables, best).cpu().numpy(),
            profile=profile,
        )


def _in_order(squares: Tensor) -> Tensor:
    """Sum squares (S, E, C) of each sweep in the same order, whatever sweeps are beside it."""
    return total(squares.reshape(len(squares), -1).T.contiguous())
