"""From a batch to the arrays that the compiled functions read, and from those that they fill to a search result."""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from potrun.core.errors import UsageError
from potrun.core.records import BoolArray, CodeArray, FloatArray, SweepBatch
from potrun.core.settings import FitterConfig
from potrun.losscone.model import beam_pitch_profile, pitch_sine_squared
from potrun.search.base import public_chi2
from potrun.search.exact.records import Problem
from potrun.search.intervals import N_NODES, Profile

ArrayT = TypeVar("ArrayT", FloatArray, BoolArray)


@dataclass(frozen=True)
class SearchResult:
    """What a search found for its sweeps."""

    parameters: FloatArray  # (S, 3) U (V), r and A of the best point
    chi2: FloatArray  # (S,) the public objective there, in float64
    lower_bound: FloatArray  # (S,) the objective's sum of squares is nowhere lower
    bound_flags: CodeArray  # (S,) AtBound bits of bounds that are as good as the best point
    profile: Profile | None


class Cells(NamedTuple):
    """Arrays that the compiled functions read: S sweeps, E rows, C cells; see ``tables.build_tables``."""

    energy: FloatArray
    usc: FloatArray
    sine: FloatArray
    is_reflected: BoolArray
    data: FloatArray
    beam: FloatArray
    mask: BoolArray


class Answers(NamedTuple):
    """Arrays that the compiled functions fill; without intervals the profile has no nodes."""

    points: FloatArray  # (S, 3)
    lower_bound: FloatArray  # (S,)
    bound_flags: CodeArray  # (S,)
    nodes: FloatArray  # (S, K)
    worse_by: FloatArray  # (S, K)
    largest: FloatArray  # (S,) largest cost met in a row


def cells_of(sweeps: SweepBatch, problem: Problem, settings: FitterConfig) -> Cells:
    """Arrange sweeps for the compiled functions."""
    pitch = np.where(sweeps.mask, sweeps.pitch_deg, 0.0)
    data = np.where(sweeps.mask, sweeps.flux, 1.0)
    return Cells(
        _plain(sweeps.energy_ev),
        _plain(sweeps.usc_v),
        pitch_sine_squared(pitch),
        pitch > 90.0,
        np.log(data + problem.log_offset) if problem.is_logarithmic else data,
        beam_pitch_profile(pitch, settings.beam_angle_deg),
        _plain(sweeps.mask),
    )


def empty_answers(n_sweeps: int, settings: FitterConfig) -> Answers:
    """Allocate the arrays to fill."""
    profile = (n_sweeps, N_NODES if settings.intervals else 0)
    return Answers(
        np.zeros((n_sweeps, 3)),
        np.zeros(n_sweeps),
        np.zeros(n_sweeps, np.int8),
        np.zeros(profile),
        np.zeros(profile),
        np.zeros(n_sweeps),
    )


def result_from(answers: Answers, dtype: str, sweeps: SweepBatch, settings: FitterConfig) -> SearchResult:
    """Evaluate the public objective at the points found.

    Raises
    ------
    UsageError
        If the largest cost met does not fit the tables' format.
    """
    largest = answers.largest.max(initial=0.0)
    if not largest <= 0.5 * float(np.finfo(dtype).max):
        raise UsageError(
            f"device.dtype={dtype} cannot hold costs up to {largest:.3g}: use device.dtype=float64, or raise "
            "fitter.log_offset"
        )
    return SearchResult(
        parameters=answers.points,
        chi2=public_chi2(sweeps, answers.points, settings),
        lower_bound=answers.lower_bound,
        bound_flags=answers.bound_flags,
        profile=Profile(answers.nodes, answers.worse_by) if settings.intervals else None,
    )


def _plain(array: ArrayT) -> ArrayT:
    """Return a contiguous, writable array: another memory layout would be compiled for anew, which takes 30 s."""
    return np.require(array, requirements=("C", "W"))
