"""Tables that turn the objective of a sweep into a few look-ups.

The idea. In an energy row the model only knows whether a cell lies inside the loss cone, and the cone's edge is a
number x in sin^2 of the pitch angle. Sort the row's cells by sin^2 once: the cells inside are then the first k, where
k counts the values below x, and the cost of the row without a beam is entry k of a running sum. There is one such
table for each row, and the objective at any (U, r) is the sum of one entry per row.

A box of (U, r) gives each row an interval of k. The least entry of an interval comes from a sparse table: level l
holds the minimum of 2^l consecutive entries, and two overlapping entries of one level cover any interval.

The secondary beam adds to the few cells nearest to 180 deg, which are the first in the same order. These `inner` cells
are kept one by one, the others are tabulated apart as `outer`; a cell outside the cone, or incident, simply never
falls below x, so nothing else distinguishes it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.instrument import N_CELLS, N_CHANNELS
from potrun.losscone.model import beam_pitch_profile, pitch_sine_squared
from potrun.search.exact.batched.amplitude import AmplitudeTable, amplitude_table
from potrun.search.exact.batched.layout import Layout, RangeMinimum, range_minimum, running_total, total
from potrun.search.exact.tuning import N_BINS


@dataclass(frozen=True)
class SweepTables:
    """All that the search knows of a chunk of sweeps.

    Look-ups return rows first and boxes last, so that a sum over rows adds whole vectors, always in the same order.
    """

    layout: Layout
    energy_ev: Tensor  # (S, E)
    usc_v: Tensor  # (S, E)
    edge: Tensor  # (S * E, width + 2^bin_steps) sorted sin^2 of the reflected cells, then 2
    count: Tensor  # (S * E, N_BINS + 1) number of them below each bin's lower edge
    bin_steps: int  # binary digits of the number of cells in the fullest bin
    full: RangeMinimum  # cost of a row without a beam
    outer: RangeMinimum  # cost of its outer cells, from `inner` lost cells on
    cost: Tensor  # (S * E, width + 1) float64, cost of a row without a beam
    amplitude: AmplitudeTable  # least cost of the inner cells under a beam
    inner_data: Tensor  # (S * E, M) what the objective compares the model with
    inner_beam: Tensor  # (S * E, M) strength of the beam in the cell
    inner_used: Tensor  # (S * E, M) 1 where the cell counts, else 0
    beam_gain_all: Tensor  # (S, E) fastest possible fall of a row's cost with the beam's strength
    beam_effect: Tensor  # (S, E) fastest possible change of a row's cost where the beam starts, up or down
    beam_gain_outer: Tensor  # (S, E) fastest possible fall of the cost of the outer cells
    rounding: Tensor  # (S,) bound on the accumulated rounding error of a sweep's cost

    @property
    def index_dtype(self) -> torch.dtype:
        """Integers that reach every entry of these tables: the narrower they are, the less memory moves."""
        largest = max(x.numel() for x in (self.edge, self.count, self.cost, self.full.entries, self.outer.entries))
        return torch.int32 if largest < 2**31 else torch.int64

    @property
    def n_sweeps(self) -> int:
        """Number of sweeps, S."""
        return int(self.energy_ev.shape[0])


def build_tables(
    energy_ev: Tensor, usc_v: Tensor, pitch_deg: Tensor, flux: Tensor, mask: Tensor, layout: Layout
) -> SweepTables:
    """Sort the cells of every row and add their costs up.

    Parameters
    ----------
    energy_ev, usc_v : (S, E) float64, eV and V
    pitch_deg, flux : (S, E, C) float64, deg and dimensionless
    mask : (S, E, C) bool
    layout : Layout

    Returns
    -------
    SweepTables
    """
    n_sweeps = energy_ev.shape[0]
    rows = n_sweeps * N_CHANNELS
    used_row = mask.any(dim=-1)
    sine = pitch_sine_squared(pitch_deg)
    # Incident cells, and the few whose sin^2 rounds to one, sort behind every possible edge; masked ones behind those.
    key = torch.where(pitch_deg > 90.0, sine, 2.0 - sine)
    key = torch.where(mask, key, 3.0).reshape(rows, N_CELLS)
    key, order = torch.sort(key, dim=-1, stable=True)
    data = torch.where(mask, flux, 1.0).reshape(rows, N_CELLS).gather(1, order)
    data = torch.log(data + layout.settings.log_offset) if layout.is_logarithmic else data
    beam = beam_pitch_profile(torch.where(mask, pitch_deg, 0.0), layout.settings.beam_angle_deg)
    beam = beam.reshape(rows, N_CELLS).gather(1, order)
    used = (key < 2.5).to(torch.float64)
    return _tabulate(
        layout,
        energy_ev=torch.where(used_row, energy_ev, 1.0),
        usc_v=torch.where(used_row, usc_v, 0.0),
        key=key,
        data=data.T.contiguous(),
        beam=(beam * used).T.contiguous(),
        used=used.T.contiguous(),
    )


def _tabulate(
    layout: Layout, *, energy_ev: Tensor, usc_v: Tensor, key: Tensor, data: Tensor, beam: Tensor, used: Tensor
) -> SweepTables:
    """Build the tables of sorted rows: `key` (S * E, C), the others cell by cell, (C, S * E)."""
    n_sweeps = energy_ev.shape[0]
    inner, width = layout.inner, layout.width
    level_lost, level_kept = layout.level(torch.tensor(_bases(layout), dtype=torch.float64, device=key.device))
    cost_lost = (data - level_lost) ** 2 * used
    cost_kept = (data - level_kept) ** 2 * used
    running = running_total(total(cost_kept), (cost_lost - cost_kept)[:width])  # cost of a row with k cells lost
    inner_lost = total(cost_lost[:inner])
    edge = torch.where(key < 1.0, key, 2.0)
    reachable = (edge < 2.0).sum(dim=-1)
    edge = edge[:, :width]
    count = _count_table(edge)
    bin_steps = int((count[:, 1:] - count[:, :-1]).max()).bit_length()
    edge = torch.nn.functional.pad(edge, (0, 2**bin_steps), value=2.0)
    gain = beam * _steepest(layout, data, rising=False) * used
    effect = torch.maximum(gain, beam * _steepest(layout, data, rising=True) * used)
    largest = running.abs().amax(dim=0) + inner_lost
    rounding = total(largest.reshape(n_sweeps, N_CHANNELS).T) * 2.0**-40 + 1e-300
    outer = running[inner:] - inner_lost

    def by_row(values: Tensor) -> Tensor:
        return values.reshape(n_sweeps, N_CHANNELS)

    return SweepTables(
        layout=layout,
        energy_ev=energy_ev,
        usc_v=usc_v,
        edge=edge,
        count=count,
        bin_steps=bin_steps,
        full=range_minimum(running.T, reachable, layout.dtype),
        outer=range_minimum(outer.T, (reachable - inner).clamp(min=0), layout.dtype),
        cost=running.T.contiguous(),
        amplitude=amplitude_table(layout, energy_ev, usc_v, data[:inner], beam[:inner], used[:inner]),
        inner_data=data[:inner].T.contiguous(),
        inner_beam=beam[:inner].T.contiguous(),
        inner_used=used[:inner].T.contiguous(),
        beam_gain_all=by_row(total(gain)),
        beam_effect=by_row(total(effect)),
        beam_gain_outer=by_row(total(gain[inner:])) if inner < N_CELLS else torch.zeros_like(energy_ev),
        rounding=rounding,
    )


def _bases(layout: Layout) -> tuple[float, float]:
    """Model inside and outside the cone, without a beam."""
    return layout.settings.background, 1.0


def _steepest(layout: Layout, data: Tensor, rising: bool) -> Tensor:
    """Largest rate at which a cell's cost rises or falls with its model, from either base.

    A fall is steepest where the beam starts, since model and level only rise from there; of a rise this is not said.
    """
    rates = []
    for base in _bases(layout):
        level = layout.level(torch.tensor(base, dtype=torch.float64, device=data.device))
        distance = level - data if rising else data - level
        slope = 1.0 / (base + layout.settings.log_offset) if layout.is_logarithmic else 1.0
        rates.append(2.0 * distance.clamp(min=0.0) * slope)
    return torch.maximum(*rates)


def _count_table(edge: Tensor) -> Tensor:
    """Count the cells of each row below the lower edge of each bin of sin^2; (S * E, N_BINS + 1) uint8."""
    # A cell counts from the first bin whose lower edge lies above it.
    first = (edge * N_BINS).to(torch.int64).clamp(max=N_BINS) + 1
    histogram = torch.zeros((len(edge), N_BINS + 2), dtype=torch.uint8, device=edge.device)
    histogram.scatter_add_(1, first, torch.ones_like(first, dtype=torch.uint8))
    return torch.cumsum(histogram, dim=1, dtype=torch.uint8)[:, : N_BINS + 1].contiguous()
