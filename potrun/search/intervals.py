"""From the profile of U to confidence intervals.

An interval is the hull of all values of U that chance can explain; where better and worse values alternate, it says so.
How far worse than the best a node may be is calibrated on simulated sweeps with counting noise, since the best point is
chosen from the same data: see ``docs/closure.md``.
"""

from dataclasses import dataclass, replace

import numpy as np

from potrun.core.records import BoolArray, FitResult, FitStatus, FloatArray, IntArray, IntervalFlag, Intervals
from potrun.core.settings import FitterConfig

PIVOT_V = 30.0
"""Potentials are halved, and nodes are even, in ln(PIVOT_V - U), so that their spacing follows |U|."""

N_COARSE = 30
"""Nodes of the profile over the whole range of U."""

FINE_STEPS = (0.002, 0.006, 0.014, 0.03, 0.06)
"""Distances from the best U, in ln(PIVOT_V - U), of the profile's nodes around it."""

N_NODES = N_COARSE + 1 + 2 * len(FINE_STEPS)
"""Nodes of the profile in all."""

LIMITS = {"halekas": (0.99, 1.58), "lillis": (0.46, 1.30)}
"""For each objective, how much worse a node of the 68 % and of the 95 % interval may be.

Of a normal deviate these would be 1 and 1.96, which is what a single true point needs for halekas; the hull of all that
is allowed, interpolated to its ends, holds the truth more often. The cells of lillis are chosen by their flux, so that
those that speak most clearly against a wrong edge are left out, and the deviate is narrower still."""

EFFECTIVE_LIMITS = {"halekas": (1.68, 2.48), "lillis": (1.02, 1.58)}
"""The same with `effective_energy`, calibrated on the simulated instrument that flew, whose blurred edges both
objectives take for sharp. For halekas with a `log_offset` of 1e-6: with a larger one they hold the truth more often."""


@dataclass(frozen=True)
class Profile:
    """How well each value of U explains a sweep; nodes rise along the last axis."""

    u: FloatArray  # (S, K) V
    worse_by: FloatArray  # (S, K) how much worse than the best point, in units of its standard deviation by chance


def ends_of(profile: Profile, limit: float) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Read an interval off a profile.

    Parameters
    ----------
    profile : Profile
    limit : float
        Nodes that are worse than this are outside.

    Returns
    -------
    low, high : (S,) float64, V
        Ends of the hull, interpolated to where the profile crosses the limit.
    is_disjoint : (S,) bool
        Whether a node between them is outside.
    """
    u, worse_by = profile.u, profile.worse_by
    inside = worse_by <= limit
    number = np.arange(u.shape[1])
    first = np.where(inside, number, u.shape[1]).min(axis=1)
    last = np.where(inside, number, -1).max(axis=1)

    def crossing(within: IntArray, beyond: IntArray) -> FloatArray:
        beyond = beyond.clip(0, u.shape[1] - 1)
        sweep = np.arange(len(u))
        a, b = worse_by[sweep, within], worse_by[sweep, beyond]
        share = ((limit - a) / np.maximum(b - a, 1e-12)).clip(0.0, 1.0)
        end = u[sweep, within] + share * (u[sweep, beyond] - u[sweep, within])
        return np.where(within == beyond, u[sweep, within], end)

    between = (number > first[:, None]) & (number < last[:, None])
    return crossing(first, first - 1), crossing(last, last + 1), (between & ~inside).any(axis=1)


def intervals_of(profile: Profile, settings: FitterConfig) -> FloatArray:
    """Return the ends of both intervals and the flags; (S, 5) float64: lo68, hi68, lo95, hi95, flag."""
    limit68, limit95 = (EFFECTIVE_LIMITS if settings.effective_energy else LIMITS)[settings.method]
    low68, high68, apart68 = ends_of(profile, limit68)
    low95, high95, apart95 = ends_of(profile, limit95)
    flag = (
        apart68 * int(IntervalFlag.DISJOINT_68)
        + apart95 * int(IntervalFlag.DISJOINT_95)
        + (low95 <= settings.u_min_v) * int(IntervalFlag.LOWER_OPEN)
        + (high95 >= settings.u_max_v) * int(IntervalFlag.UPPER_OPEN)
        + (high95 >= 0.0) * int(IntervalFlag.UPPER_LIMIT_ONLY)
    )
    return np.stack([low68, high68, low95, high95, flag.astype(np.float64)], axis=1)


def with_intervals(fit: FitResult, ends: FloatArray, settings: FitterConfig) -> FitResult:
    """Add the rows of :func:`intervals_of` to a result; sweeps without a fit have no interval."""
    known = np.where((fit.status == FitStatus.OK)[:, None], ends, np.nan)
    width = known[:, 3] - known[:, 2]
    flag = np.nan_to_num(known[:, 4], nan=0.0).astype(np.int8)
    is_closed = flag & int(IntervalFlag.LOWER_OPEN) == 0
    intervals = Intervals(
        u_lo68_v=known[:, 0],
        u_hi68_v=known[:, 1],
        u_lo95_v=known[:, 2],
        u_hi95_v=known[:, 3],
        is_identifiable=(width < settings.identifiable_max_width_v) & is_closed,
        flag=flag,
    )
    return replace(fit, intervals=intervals)
