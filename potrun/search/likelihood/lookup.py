"""Weighted sums over rows of the table of shares, without copies of the rows."""

import torch
from torch import Tensor

from potrun.losscone.cell_response import N_ANGLES


def look_up(table: Tensor, row: Tensor, angle: Tensor, weight: Tensor, slopes: list[Tensor]) -> Tensor:
    """Sum shares over the nodes of a channel, linear between the table's angles.

    Parameters
    ----------
    table : (R * N_ANGLES, C) float
        Share of each cell within each angle, row after row.
    row : (...) int64
        Which row of the table is meant.
    angle : (..., K) float64, deg
    weight : (..., K) float64
        Of the nodes, adding up to one.
    slopes : N of (..., K) float64
        Derivatives of the angle.

    Returns
    -------
    (..., 1 + N, C) float
        The share, and its derivatives.
    """
    below = angle.clamp(0.0, N_ANGLES - 2.0).to(torch.int64)
    weight, part = weight.to(table.dtype), (angle - below).to(table.dtype)
    high = torch.stack([part, *(slope.to(table.dtype) for slope in slopes)], dim=-2) * weight[..., None, :]
    low = -high
    low[..., 0, :] += weight
    mixing = torch.cat([low, high], dim=-1)
    first = row[..., None] * N_ANGLES + below
    place = torch.cat([first, first + 1], dim=-1)[..., None, :].expand_as(mixing)
    bag, cells = mixing.shape[-1], table.shape[1]
    found = weighted_sum(table, place.reshape(-1, bag), mixing.reshape(-1, bag))
    return found.reshape(*mixing.shape[:-1], cells)


def weighted_sum(table: Tensor, place: Tensor, weight: Tensor) -> Tensor:
    """Sum rows of a table; place and weight are (N, K), the result (N, columns)."""
    weight = weight.to(table.dtype)
    return torch.nn.functional.embedding_bag(place, table, mode="sum", per_sample_weights=weight)
