"""From a box of (U, r) to an interval of table entries, and to the least of them.

The edge x never decreases with U or r, in floating point too, so the box's lower and upper corners give the exact
interval of x, and of the number of lost cells k. A count table over bins of x gives k to within the cells of one bin;
stepping through the bin's sorted cells makes it exact.
"""

import torch
from torch import Tensor

from potrun.losscone.model import loss_cone_sine_squared
from potrun.search.exact.batched.layout import RangeMinimum, columns, pick
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import N_BINS


def row_index(tables: SweepTables, owner: Tensor) -> Tensor:
    """Rows of the flattened tables that belong to each item's sweep.

    Parameters
    ----------
    tables : SweepTables
    owner : (N,) int64
        Sweep of each item.

    Returns
    -------
    (E, N) int32 if every table can be reached with it, else int64
    """
    n_rows = tables.energy_ev.shape[1]
    channel = torch.arange(n_rows, device=owner.device, dtype=tables.index_dtype)
    return owner.to(tables.index_dtype) * n_rows + channel[:, None]


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
    energy, usc = columns(tables.energy_ev, owner)[..., None], columns(tables.usc_v, owner)[..., None]
    edge: Tensor = loss_cone_sine_squared(energy, usc, u, ratio)
    return edge[..., 0]


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
    count = pick(tables.count, rows * (N_BINS + 1) + (edge * N_BINS).to(rows.dtype)).to(rows.dtype)
    start = rows * tables.edge.shape[1] - 1
    # Steps that together reach past the fullest bin; a cell beyond the bin is never below the edge.
    for step in (2**k for k in reversed(range(tables.bin_steps))):
        count.add_(pick(tables.edge, start + count + step) < edge, alpha=step)
    return count


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
    lower = (edge * N_BINS).to(rows.dtype)
    start = rows * (N_BINS + 1)
    low = pick(tables.count, start + lower).to(rows.dtype)
    high = pick(tables.count, start + (lower + 1).clamp_(max=N_BINS)).to(rows.dtype)
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
    level = pick(table.logarithm, high - low + 1)
    start = (rows * levels + level) * length
    ahead = start + high + 1 - pick(table.power, level)
    least = torch.minimum(pick(table.entries, start + low), pick(table.entries, ahead))
    return least.to(torch.float64) + pick(table.floor, rows)
