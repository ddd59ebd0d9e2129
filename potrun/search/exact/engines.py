"""What an engine of the exact search is: something that finds the minima of a few sweeps and proves them.

There are two. The compiled engine goes through its sweeps one by one on a CPU core, each best box first. The batched
engine searches all its sweeps at once, level by level, as operations of torch, which is what a GPU wants. They share
their mathematics and the numbers of ``tuning``, and are tested against one another.
"""

from dataclasses import dataclass
from typing import Protocol

from potrun.core.records import CodeArray, FloatArray, IntArray, SweepBatch


@dataclass(frozen=True)
class Profile:
    """How well each value of U explains a sweep; nodes rise along the last axis."""

    u: FloatArray  # (S, K) V
    worse_by: FloatArray  # (S, K) how much worse than the best point, in units of what chance brings


@dataclass(frozen=True)
class Searched:
    """What a search found out about its sweeps."""

    parameters: FloatArray  # (S, 3) U (V), r and A of the best point
    chi2: FloatArray  # (S,) the public objective there, in float64
    lower_bound: FloatArray  # (S,) no sum of squares of the objective lies below it
    touches: CodeArray  # (S,) AtBound bits of bounds that are as good as the best point
    profile: Profile | None


class Engine(Protocol):
    """Searches sweeps; what it finds of each depends on that sweep alone."""

    def kinds(self, batch: SweepBatch) -> IntArray:
        """Say of what kind each sweep is, (S,); only those of one kind can be searched together."""
        ...

    def search(self, sweeps: SweepBatch) -> Searched:
        """Search sweeps of one kind.

        Raises
        ------
        UsageError
            If the tables' number format cannot hold the costs that the settings lead to.
        """
        ...
