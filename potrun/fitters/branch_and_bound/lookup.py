"""From a box of (U, r) to an interval of table entries, and to the least of them.

The edge x never decreases with U or r, in floating point too, so the box's lower and upper corners give the exact
interval of x, and of the number of lost cells k. A count table over bins of x gives k to within the cells of one bin;
halving the bin's interval against the sorted cells makes it exact.
"""

import torch
from torch import Tensor

from potrun.fitters.branch_and_bound.layout import RangeMinimum
from potrun.fitters.branch_and_bound.tables import N_BINS, SweepTables
from potrun.losscone.model import loss_cone_sine_squared


def row_index(tables: SweepTables, owner: Tensor) -> Tensor:
    """Rows of the flattened tables that belong to each item's sweep.

    Parameters
    ----------
    tables : SweepTables
    owner : (N,) int64
        Sweep of each item.

    Returns
    -------
    (E, N) int64
    """
    n_rows = tables.energy_ev.shape[0]
    return owner * n_rows + torch.arange(n_rows, device=owner.device)[:, None]


def cone_edge(tables: SweepTables, owner: Tensor, u: Tensor, ratio: Tensor) -> Tensor:
    """Edge of the loss cone in every row at each item's parameters.

    Parameters
    ----------
    tables : SweepTables
    owner : (N,) int64
    u, ratio : (N,) float64

    Returns
    -------
    (E, N) float64, 0..1
        sin^2, computed by the public function.
    """
    energy, usc = tables.energy_ev[:, owner, None], tables.usc_v[:, owner, None]
    return loss_cone_sine_squared(energy, usc, u.expand(energy.shape[:-1]), ratio.expand(energy.shape[:-1]))[..., 0]


def count_below(tables: SweepTables, rows: Tensor, edge: Tensor) -> Tensor:
    """Exact number of a row's cells that lie inside the cone.

    Parameters
    ----------
    tables : SweepTables
    rows : (E, N) int64
    edge : (E, N) float64

    Returns
    -------
    (E, N) int64
    """
    low, high = _bin_counts(tables, rows, edge)
    flat, stride = tables.edge.reshape(-1), tables.edge.shape[1]
    start = rows * stride
    for _ in range(tables.bin_steps):
        middle = (low + high) >> 1
        # Where low has met high the comparison is with a cell not below the edge, or with the closing 2.
        is_below = flat[start + middle] < edge
        low = torch.where(is_below & (low < high), middle + 1, low)
        high = torch.where(is_below, high, torch.minimum(middle, high))
    return low


def count_interval(tables: SweepTables, rows: Tensor, low_edge: Tensor, high_edge: Tensor) -> tuple[Tensor, Tensor]:
    """Interval that surely holds the number of lost cells, quickly: whole bins.

    Parameters
    ----------
    tables : SweepTables
    rows : (E, N) int64
    low_edge, high_edge : (E, N) float64
        Least and greatest edge of a box.

    Returns
    -------
    low, high : (E, N) int64
    """
    return _bin_counts(tables, rows, low_edge)[0], _bin_counts(tables, rows, high_edge)[1]


def _bin_counts(tables: SweepTables, rows: Tensor, edge: Tensor) -> tuple[Tensor, Tensor]:
    """Look up the counts at the two ends of the bin that holds an edge."""
    flat = tables.count.reshape(-1)
    lower = (edge * N_BINS).to(torch.int64)
    start = rows * (N_BINS + 1)
    low = flat[start + lower].to(torch.int64)
    high = flat[start + (lower + 1).clamp(max=N_BINS)].to(torch.int64)
    return low, high


def least_entry(table: RangeMinimum, rows: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Least entry of a row's table between two positions.

    Parameters
    ----------
    table : RangeMinimum
    rows, low, high : (...) int64
        Row of the flattened table, and the closed interval.

    Returns
    -------
    (...) float64
        Not above the true minimum.
    """
    levels, length = table.entries.shape[1:]
    level = table.logarithm[high - low + 1]
    start = (rows * levels + level) * length
    flat = table.entries.reshape(-1)
    least = torch.minimum(flat[start + low], flat[start + high + 1 - (1 << level)])
    return least.to(torch.float64) + table.floor[rows]
