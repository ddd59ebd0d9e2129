"""The least cost of single rows over boxes, whatever beam up to the box's strongest each row has."""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.search.exact.batched.beam import greatest_strength
from potrun.search.exact.batched.boxes import Boxes
from potrun.search.exact.batched.layout import columns, pick
from potrun.search.exact.batched.lookup import (
    cone_edge,
    count_below,
    count_interval,
    least_entry,
    row_index,
)
from potrun.search.exact.batched.tables import SweepTables
from potrun.search.exact.tuning import NEGLIGIBLE


@dataclass(frozen=True)
class RowBounds:
    """Rows of boxes after a first, quick look; every field (E, N)."""

    rows: Tensor  # int64, of the flattened tables
    low: Tensor  # int64, interval of the number of lost cells
    high: Tensor
    least: Tensor  # least cost without a beam
    bound: Tensor  # least cost
    strongest: Tensor  # greatest strength of the beam

    def take(self, index: Tensor) -> "RowBounds":
        """Columns at the given positions."""
        return RowBounds(**{name: getattr(self, name).index_select(1, index) for name in self.__dataclass_fields__})


def quick_bounds(tables: SweepTables, boxes: Boxes, allowance: Tensor, exact: bool) -> RowBounds:
    """Bound every row of every box, whatever beam up to the box's strongest.

    Parameters
    ----------
    tables, boxes, allowance, exact
        As for :func:`bound_boxes`.
    """
    owner = boxes.owner
    rows = row_index(tables, owner)
    low_edge = cone_edge(tables, owner, boxes.u_low, boxes.ratio_low)
    high_edge = cone_edge(tables, owner, boxes.u_high, boxes.ratio_high)
    if exact:
        low, high = count_below(tables, rows, low_edge), count_below(tables, rows, high_edge)
    else:
        low, high = count_interval(tables, rows, low_edge, high_edge)
    energy, usc = columns(tables.energy_ev, owner), columns(tables.usc_v, owner)
    width = tables.layout.settings.beam_width_ev
    strongest = boxes.amplitude_high * greatest_strength(energy, usc, boxes.u_low, boxes.u_high, width)
    least = least_entry(tables.full, rows, low, high)
    bound = row_bounds(tables, rows, low, high, least, strongest, allowance.index_select(0, owner) / len(rows))
    return RowBounds(rows=rows, low=low, high=high, least=least, bound=bound, strongest=strongest)


def row_bounds(
    tables: SweepTables, rows: Tensor, low: Tensor, high: Tensor, least: Tensor, strongest: Tensor, allowance: Tensor
) -> Tensor:
    """Bound rows with so many lost cells under any beam up to a greatest strength.

    Parameters
    ----------
    tables : SweepTables
    rows, low, high : (...) int64
    least, strongest : (...) float64
        Least cost without a beam, and greatest strength of the beam.
    allowance : (...) float64
        How far below the truth the bound of a row may fall without harm.

    Returns
    -------
    (...) float64
    """
    loss = strongest * pick(tables.beam_gain_all, rows)
    bound = least - loss
    pairs = torch.nonzero((loss > allowance * NEGLIGIBLE).reshape(-1))[:, 0]
    bound.view(-1).index_copy_(0, pairs, _whole_bound(tables, *(pick(x, pairs) for x in (rows, low, high, strongest))))
    return bound


def outer_bound(tables: SweepTables, rows: Tensor, low: Tensor, high: Tensor, strongest: Tensor) -> Tensor:
    """Least cost of the outer cells of rows that see the beam; (P,) float64."""
    inner = tables.layout.inner
    least = least_entry(tables.outer, rows, (low - inner).clamp_(min=0), (high - inner).clamp_(min=0))
    return least - strongest * pick(tables.beam_gain_outer, rows)


def _whole_bound(tables: SweepTables, rows: Tensor, low: Tensor, high: Tensor, strongest: Tensor) -> Tensor:
    """Least cost of rows that may see a beam of any strength up to a greatest; (P,) float64.

    Either some inner cell is kept, and no outer cell is lost, or all inner cells are lost, and any outer cells may be.
    """
    inner, table = tables.layout.inner, tables.amplitude
    node = table.table_of(rows, strongest)
    first = low.clamp(max=inner)
    some_kept = least_entry(table.least, node, first, high.clamp(max=inner - 1).maximum(first))
    none, every = torch.zeros_like(low), torch.full_like(low, inner)
    some_kept = some_kept + outer_bound(tables, rows, none, none, strongest)
    all_lost = least_entry(table.least, node, every, every) + outer_bound(tables, rows, low, high, strongest)
    bound = torch.where(low < inner, some_kept, torch.inf)
    return torch.where(high >= inner, torch.minimum(bound, all_lost), bound)
