"""Damped Gauss-Newton inside bounds, for many spectra at once."""

from typing import NamedTuple

import torch

from potrun.plasma.objective import Profile, clean_weight, profile
from potrun.plasma.response import Arrivals, Response, arrivals
from potrun.plasma.solution import FitSettings

MAX_STEPS = 60
STEP_TOLERANCE = 1e-7
"""Step in (kappa, ln theta) that counts as arrived."""

LANES = 16
"""Spectra are worked on in multiples of this, so that vector units treat each one alike wherever it stands."""

PIECE = 1024
"""Spectra that a CPU evaluates at once: so few that their arrays stay in its cache."""

_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-10, 1e8


class Task(NamedTuple):
    """Spectra to be fitted, each at a potential of its own: what the channels (S, E) see, and how much they count."""

    seen: Arrivals
    log_flux: torch.Tensor
    weight: torch.Tensor

    @classmethod
    def at(
        cls,
        energy_ev: torch.Tensor,
        log_flux: torch.Tensor,
        weight: torch.Tensor,
        potential_v: torch.Tensor,
        response: Response,
    ) -> "Task":
        """Prepare spectra (S, E) for a fit at potentials (S,), V."""
        return cls(arrivals(energy_ev, potential_v, response), log_flux, weight * clean_weight(energy_ev, potential_v))

    def take(self, index: torch.Tensor | slice) -> "Task":
        """Return the spectra chosen by an index."""
        seen = Arrivals(self.seen.ambient_ev[:, index], self.seen.share[:, index])
        return Task(seen, self.log_flux[index], self.weight[index])


class Minimum(NamedTuple):
    """Best distribution of each spectrum, (S,) each."""

    kappa: torch.Tensor
    log_theta: torch.Tensor
    log_at_rest: torch.Tensor
    chi2: torch.Tensor


class _Walk(NamedTuple):
    """Where each spectrum of the working set stands: kappa, ln theta, damping, and the objective there."""

    place: torch.Tensor
    arrived: torch.Tensor
    here: torch.Tensor

    def take(self, index: torch.Tensor) -> "_Walk":
        return _Walk(self.place[:, index], self.arrived[index], self.here[:, index])


def descend(
    task: Task,
    settings: FitSettings,
    kappa: torch.Tensor,
    log_theta: torch.Tensor,
    tolerance: float = STEP_TOLERANCE,
    max_steps: int = MAX_STEPS,
) -> Minimum:
    """Walk from a start to the minimum of each spectrum's objective (Levenberg-Marquardt, clipped to the bounds).

    A spectrum that has arrived keeps its place while others go on, so its answer does not depend on theirs.

    Parameters
    ----------
    task : Task
        S spectra, S a multiple of `LANES`.
    settings : FitSettings
        Bounds.
    kappa, log_theta : (S,) tensor
        Start.
    tolerance : float
        Step that counts as arrived.
    max_steps : int
        Most steps.

    Returns
    -------
    Minimum
    """
    result = torch.empty((4, len(kappa)), dtype=kappa.dtype, device=kappa.device)
    index = torch.arange(len(kappa), device=kappa.device)
    walk = _Walk(
        place=torch.stack([kappa, log_theta, torch.full_like(kappa, _FIRST_DAMPING)]),
        arrived=torch.zeros_like(kappa, dtype=torch.bool),
        here=_evaluate(task, kappa, log_theta),
    )
    for _ in range(max_steps):
        walk = _step(task, settings, walk, tolerance)
        walking = torch.nonzero(~walk.arrived)[:, 0]
        if 2 * len(walking) > len(index):
            continue
        result[:, index] = torch.cat([walk.place[:2], walk.here[:2]])
        if not len(walking):
            break
        walking = torch.cat([walking, walking[:1].expand(-len(walking) % LANES)])
        task, walk, index = task.take(walking), walk.take(walking), index[walking]
    else:
        result[:, index] = torch.cat([walk.place[:2], walk.here[:2]])
    kappa, log_theta, chi2, log_at_rest = result
    return Minimum(kappa, log_theta, log_at_rest, chi2)


def _evaluate(task: Task, kappa: torch.Tensor, log_theta: torch.Tensor) -> torch.Tensor:
    """(7, S) chi2, ln f at rest, downhill (2) and curvature (3)."""
    if kappa.device.type == "cpu" and len(kappa) > PIECE:
        pieces = [slice(first, first + PIECE) for first in range(0, len(kappa), PIECE)]
        return torch.cat([_evaluate(task.take(piece), kappa[piece], log_theta[piece]) for piece in pieces], dim=1)
    found: Profile = profile(task.seen, task.log_flux, task.weight, kappa, log_theta)
    return torch.stack([found.chi2, found.log_at_rest, *found.downhill, *found.curvature])


def _step(task: Task, settings: FitSettings, walk: _Walk, tolerance: float) -> _Walk:
    kappa, log_theta, damping = walk.place
    step_kappa, step_theta = _bounded_step(walk.here, damping, kappa, log_theta, settings)
    new_kappa = (kappa + step_kappa).clamp(*settings.kappa)
    new_theta = (log_theta + step_theta).clamp(*settings.log_theta)
    moved = torch.maximum((new_kappa - kappa).abs(), (new_theta - log_theta).abs())
    there = _evaluate(task, new_kappa, new_theta)
    better = (there[0] <= walk.here[0]) & ~walk.arrived
    new_damping = torch.where(better, damping * 0.1, damping * 10).clamp(_LEAST_DAMPING, _MOST_DAMPING)
    return _Walk(
        place=torch.stack(
            [torch.where(better, new_kappa, kappa), torch.where(better, new_theta, log_theta), new_damping]
        ),
        arrived=walk.arrived | (moved <= tolerance) | (damping >= _MOST_DAMPING),
        here=torch.where(better, there, walk.here),
    )


def _bounded_step(
    here: torch.Tensor, damping: torch.Tensor, kappa: torch.Tensor, log_theta: torch.Tensor, settings: FitSettings
) -> tuple[torch.Tensor, torch.Tensor]:
    """Solve the damped 2 x 2 system; a parameter on a bound that would leave it stays, and the other moves alone."""
    pull_kappa, pull_theta, kk, kt, tt = here[2:]
    kk, tt = kk * (1 + damping) + 1e-30, tt * (1 + damping) + 1e-30
    stuck_kappa = _is_stuck(kappa, pull_kappa, settings.kappa)
    stuck_theta = _is_stuck(log_theta, pull_theta, settings.log_theta)
    coupling = torch.where(stuck_kappa | stuck_theta, 0.0, kt)
    determinant = (kk * tt - coupling * coupling).clamp_min(1e-300)
    step_kappa = (tt * pull_kappa - coupling * pull_theta) / determinant
    step_theta = (kk * pull_theta - coupling * pull_kappa) / determinant
    return torch.where(stuck_kappa, 0.0, step_kappa), torch.where(stuck_theta, 0.0, step_theta)


def _is_stuck(value: torch.Tensor, pull: torch.Tensor, bounds: tuple[float, float]) -> torch.Tensor:
    return ((value <= bounds[0]) & (pull < 0)) | ((value >= bounds[1]) & (pull > 0))
