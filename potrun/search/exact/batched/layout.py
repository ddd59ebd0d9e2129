"""Shared ground of the tables: their sizes, ordered sums, and the least entry of an interval."""

from dataclasses import dataclass

import torch
from torch import Tensor

from potrun.core.errors import UsageError
from potrun.core.settings import FitterConfig


@dataclass(frozen=True)
class Layout:
    """Sizes and settings that all sweeps of a chunk share; they do not depend on which sweeps those are.

    `width` is the largest number of cells that a row of these sweeps can lose to the cone, `inner` the number of cells
    that the beam is followed in.
    """

    settings: FitterConfig
    width: int
    inner: int
    dtype: torch.dtype

    @property
    def is_logarithmic(self) -> bool:
        """Whether costs are differences of logarithms."""
        return self.settings.method == "halekas"

    def base(self, is_lost: Tensor) -> Tensor:
        """Model without a beam of cells inside the cone or outside; float64, which two plain numbers would not be."""
        return torch.where(is_lost, self.settings.background, torch.ones_like(is_lost, dtype=torch.float64))

    def level(self, model: Tensor) -> Tensor:
        """Model as the objective compares it: its logarithm, or itself."""
        return torch.log(model + self.settings.log_offset) if self.is_logarithmic else model


@dataclass(frozen=True)
class RangeMinimum:
    """Least entry of any interval of a row's table.

    The entries are stored above `floor`, rounded down to the table's format, so an answer is never too large.
    """

    entries: Tensor  # (R, levels, length)
    floor: Tensor  # (R,) float64
    logarithm: Tensor  # (length + 1,) floor(log2(n)) of a number of entries n
    power: Tensor  # (levels,) 2^l

    @staticmethod
    def joined(parts: "list[RangeMinimum]") -> "RangeMinimum":
        """Put tables of the same length one after another."""
        entries = torch.cat([part.entries for part in parts])
        return RangeMinimum(entries, torch.cat([p.floor for p in parts]), parts[0].logarithm, parts[0].power)

    @property
    def length(self) -> int:
        """Number of entries of a row."""
        return int(self.entries.shape[-1])


def pick(values: Tensor, index: Tensor) -> Tensor:
    """Entries of a flattened tensor; several times faster than indexing by brackets.

    Parameters
    ----------
    values : (...) tensor
        Taken as flat.
    index : (...) int32 or int64

    Returns
    -------
    Tensor of the index's shape
    """
    return values.reshape(-1).index_select(0, index.reshape(-1)).reshape(index.shape)


def columns(values: Tensor, index: Tensor) -> Tensor:
    """Rows of a table, laid out as columns.

    Parameters
    ----------
    values : (R, K) tensor
    index : (P,) int64

    Returns
    -------
    (K, P) tensor, contiguous
    """
    return values.index_select(0, index).T.contiguous()


def spread(number: Tensor) -> tuple[Tensor, Tensor]:
    """Repeat every item a number of times of its own.

    Parameters
    ----------
    number : (N,) int64

    Returns
    -------
    source, place : (sum of number,) int64
        The item that each entry comes from, and which of that item's entries it is.
    """
    source = torch.repeat_interleave(torch.arange(len(number), device=number.device), number)
    start = torch.cumsum(number, dim=0) - number
    return source, torch.arange(len(source), device=number.device) - start.index_select(0, source)


def sum_pairs(values: Tensor, index: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Sum values of pairs of row and item over rows, in one fixed order, which adding at an index would not promise.

    Parameters
    ----------
    values : (K, P) tensor
        K values of each pair.
    index : (P,) int64
        Distinct flat positions of the pairs in (E, N).
    shape : (E, N)

    Returns
    -------
    (K, N) tensor
    """
    out = torch.zeros((shape[0] * shape[1], len(values)), dtype=values.dtype, device=values.device)
    out.index_copy_(0, index, values.T.contiguous())
    return total(out.view(shape[0], shape[1] * len(values))).view(shape[1], len(values)).T


def running_total(first: Tensor, steps: Tensor) -> Tensor:
    """Add the first k steps to a start, k = 0..K; a library may add floats in another order every time.

    Parameters
    ----------
    first : (N,) float64
    steps : (K, N) float64

    Returns
    -------
    (K + 1, N) float64
    """
    out = torch.empty((len(steps) + 1, *first.shape), dtype=first.dtype, device=first.device)
    out[0] = first
    for k in range(len(steps)):
        torch.add(out[k], steps[k], out=out[k + 1])
    return out


def total(values: Tensor) -> Tensor:
    """Sum along the first axis by halves, in an order that only its length decides.

    A library's sum may regroup terms by the size of the other axes, and a sweep's bits would depend on its neighbours.
    """
    odd = []
    while len(values) > 1:
        half = len(values) // 2
        if len(values) % 2:
            odd.append(values[-1])
        values = values[:half] + values[half : 2 * half]
    out = values[0]
    for rest in reversed(odd):
        out = out + rest
    return out


def range_minimum(entries: Tensor, reachable: Tensor, dtype: torch.dtype) -> RangeMinimum:
    """Build the table of (R, length) entries of which those up to `reachable` (R,) can be asked for."""
    length = entries.shape[1]
    can_reach = torch.arange(length, device=entries.device) <= reachable[:, None]
    floor = torch.where(can_reach, entries, torch.inf).amin(dim=1)
    above = torch.where(can_reach, entries - floor[:, None], 0.0)
    largest = float(above.max()) if above.numel() else 0.0
    if largest > torch.finfo(dtype).max / 2:
        raise UsageError(
            f"device.dtype={str(dtype).removeprefix('torch.')} cannot hold costs up to {largest:.3g}: "
            "use device.dtype=float32, or raise fitter.log_offset"
        )
    # Rounding to nearest errs by less than one unit in the last place, so taking two off rounds down.
    rounded = (above * (1.0 - 2.0 * torch.finfo(dtype).eps)).to(dtype)
    levels = [rounded]
    while 2 ** len(levels) <= length:
        last, step = levels[-1], 2 ** (len(levels) - 1)
        levels.append(torch.minimum(last, torch.cat([last[:, step:], last[:, -step:]], dim=1)))
    return RangeMinimum(
        entries=torch.stack(levels, dim=1).contiguous(),
        floor=floor,
        logarithm=torch.tensor(
            [max(n, 1).bit_length() - 1 for n in range(length + 1)], dtype=torch.int32, device=entries.device
        ),
        power=torch.tensor([2**level for level in range(len(levels))], dtype=torch.int32, device=entries.device),
    )
