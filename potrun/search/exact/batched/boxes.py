"""Boxes of parameters, of many sweeps at once, and what keeps their bounds from being better."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Boxes:
    """Boxes of parameters, each of one sweep; every field (N,)."""

    owner: Tensor  # int64, the sweep
    u_low: Tensor  # V
    u_high: Tensor
    ratio_low: Tensor
    ratio_high: Tensor
    amplitude_low: Tensor
    amplitude_high: Tensor
    bound: Tensor  # best lower bound known of the objective in the box

    def take(self, index: Tensor) -> "Boxes":
        """Boxes at the given positions."""
        return Boxes(**{name: getattr(self, name).index_select(0, index) for name in self.__dataclass_fields__})

    @staticmethod
    def joined(parts: "list[Boxes]") -> "Boxes":
        """All boxes of several collections, in order."""
        names = Boxes.__dataclass_fields__
        return Boxes(**{name: torch.cat([getattr(part, name) for part in parts]) for name in names})

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True)
class Slack:
    """What keeps the bounds of boxes from being better; every field (N,)."""

    unsure_cells: Tensor  # number of cells that may be inside the cone or outside, over all rows
    cone: Tensor  # how much they may cost more than bounded
    cone_by_u: Tensor  # how far the box's extent in U moves the edge past such cells
    cone_by_ratio: Tensor  # the same for r
    is_whole: Tensor  # bool, whether every amplitude is allowed
    sees_beam: Tensor  # bool, whether any row sees the beam
    beam: Tensor  # inner cost at the centre less its bound
    beam_by_u: Tensor  # how much of that is due to the extent in U
    beam_by_amplitude: Tensor  # the same for A

    def take(self, index: Tensor) -> "Slack":
        """Entries at the given positions."""
        return Slack(**{name: getattr(self, name).index_select(0, index) for name in self.__dataclass_fields__})
