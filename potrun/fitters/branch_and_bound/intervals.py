"""From the profile of U to confidence intervals.

An interval is the hull of all values of U that chance can explain; where better and worse values alternate, it says so.
How far worse than the best a node may be is calibrated on simulated sweeps with counting noise, since the best point is
chosen from the same data: see ``docs/closure.md``.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from potrun.config import FitterConfig
from potrun.fitters.branch_and_bound.layout import Layout, inner_cells
from potrun.fitters.branch_and_bound.points import best_at
from potrun.fitters.branch_and_bound.profile import Profile, profile_of_u
from potrun.fitters.branch_and_bound.tables import build_tables
from potrun.instrument import N_CELLS
from potrun.records import FitResult, FitStatus, FloatArray, IntervalFlag, Intervals, SweepBatch

LIMITS = {"halekas": (0.97, 1.58), "lillis": (0.38, 1.25)}
"""For each objective, how much worse a node of the 68 % and of the 95 % interval may be.

Of a normal deviate these would be 1 and 1.96, which is what a single true point needs for halekas; the hull of all that
is allowed, interpolated to its ends, holds the truth more often. The cells of lillis are chosen by their flux, so that
those that speak most clearly against a wrong edge are left out, and the deviate is narrower still."""


def ends_of(profile: Profile, limit: float) -> tuple[Tensor, Tensor, Tensor]:
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
    number = torch.arange(u.shape[1], device=u.device).expand_as(inside)
    first = torch.where(inside, number, u.shape[1]).amin(dim=1, keepdim=True)
    last = torch.where(inside, number, -1).amax(dim=1, keepdim=True)

    def crossing(within: Tensor, beyond: Tensor) -> Tensor:
        beyond = beyond.clamp(0, u.shape[1] - 1)
        a, b = worse_by.gather(1, within), worse_by.gather(1, beyond)
        share = ((limit - a) / (b - a).clamp(min=1e-12)).clamp(0.0, 1.0)
        end = u.gather(1, within) + share * (u.gather(1, beyond) - u.gather(1, within))
        return torch.where(within == beyond, u.gather(1, within), end)[:, 0]

    between = (number > first) & (number < last)
    return crossing(first, first - 1), crossing(last, last + 1), (between & ~inside).any(dim=1)


def intervals_of(profile: Profile, settings: FitterConfig) -> Tensor:
    """Return the ends of both intervals and the flags; (S, 5) float64 on the CPU: lo68, hi68, lo95, hi95, flag."""
    limit68, limit95 = LIMITS[settings.method]
    low68, high68, apart68 = ends_of(profile, limit68)
    low95, high95, apart95 = ends_of(profile, limit95)
    flag = (
        apart68 * int(IntervalFlag.DISJOINT_68)
        + apart95 * int(IntervalFlag.DISJOINT_95)
        + (low95 <= settings.u_min_v) * int(IntervalFlag.LOWER_OPEN)
        + (high95 >= settings.u_max_v) * int(IntervalFlag.UPPER_OPEN)
        + (high95 >= 0.0) * int(IntervalFlag.UPPER_LIMIT_ONLY)
    )
    return torch.stack([low68, high68, low95, high95, flag.to(torch.float64)], dim=1).cpu()


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


def intervals_at(batch: SweepBatch, fit: FitResult, settings: FitterConfig) -> FitResult:
    """Add intervals around best values that another search has found.

    Parameters
    ----------
    batch : SweepBatch
    fit : FitResult
        The result of any solver on this batch.
    settings : FitterConfig

    Returns
    -------
    FitResult
    """
    layout = Layout(settings, width=N_CELLS, inner=inner_cells(settings), dtype=torch.float64)
    ends = np.full((batch.n_sweeps, 5), np.nan)
    for index in np.flatnonzero(fit.status == FitStatus.OK):
        sweep = batch.take(slice(index, index + 1))
        tables = build_tables(
            torch.from_numpy(sweep.energy_ev),
            torch.from_numpy(sweep.usc_v),
            torch.from_numpy(sweep.pitch_deg),
            torch.from_numpy(sweep.flux),
            torch.from_numpy(sweep.mask),
            layout,
        )
        u, ratio, amplitude = (
            torch.from_numpy(values[index : index + 1].copy())
            for values in (fit.u_surface_v, fit.b_spacecraft_over_b_surface, fit.beam_amplitude)
        )
        first, unknown = torch.zeros(1, dtype=torch.int64), torch.full((1,), torch.inf, dtype=torch.float64)
        best = best_at(tables, first, u, ratio, amplitude, amplitude, unknown, scan=False, steps=0)
        ends[index] = intervals_of(profile_of_u(tables, best), settings).numpy()[0]
    return with_intervals(fit, ends, settings)
