"""Damped Gauss-Newton inside bounds, for all sweeps at once."""

from typing import NamedTuple

import torch

from potrun.plasma.objective import Profile, clean_weight, profile
from potrun.plasma.response import Response
from potrun.plasma.solution import FitSettings

MAX_STEPS = 60
STEP_TOLERANCE = 1e-9
"""Step in (kappa, ln theta) that counts as arrived."""

_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-10, 1e8


class SpectraTensors(NamedTuple):
    """Spectra (S, E) on a device: eV, ln of m-2 s-1 eV-1, inverse variance; and the channels' response."""

    energy_ev: torch.Tensor
    log_flux: torch.Tensor
    weight: torch.Tensor
    response: Response

    def profile(self, kappa: torch.Tensor, log_theta: torch.Tensor, potential_v: torch.Tensor) -> Profile:
        """Evaluate the objective at one trial a sweep, with the channels that are clean at its potential."""
        used = self.weight * clean_weight(self.energy_ev, potential_v)
        return profile(self.energy_ev, self.log_flux, used, kappa, log_theta, potential_v, self.response)


class Minimum(NamedTuple):
    """Best distribution of each sweep at a given potential, (S,) each."""

    kappa: torch.Tensor
    log_theta: torch.Tensor
    log_density: torch.Tensor
    chi2: torch.Tensor


def descend(
    spectra: SpectraTensors,
    settings: FitSettings,
    kappa: torch.Tensor,
    log_theta: torch.Tensor,
    potential_v: torch.Tensor,
) -> Minimum:
    """Walk from a start to the minimum of each sweep's objective (Levenberg-Marquardt, clipped to the bounds).

    A sweep that has arrived keeps its place while others go on, so its answer does not depend on theirs.

    Parameters
    ----------
    spectra : SpectraTensors
        Of S sweeps.
    settings : FitSettings
        Bounds.
    kappa, log_theta : (S,) tensor
        Start.
    potential_v : (S,) tensor, V
        Potential of the spacecraft, held fixed.

    Returns
    -------
    Minimum
    """
    here = spectra.profile(kappa, log_theta, potential_v)
    damping = torch.full_like(kappa, _FIRST_DAMPING)
    arrived = torch.zeros_like(kappa, dtype=torch.bool)
    for _ in range(MAX_STEPS):
        step_kappa, step_theta = _bounded_step(here, damping, kappa, log_theta, settings)
        new_kappa = (kappa + step_kappa).clamp(*settings.kappa)
        new_theta = (log_theta + step_theta).clamp(*settings.log_theta)
        moved = torch.maximum((new_kappa - kappa).abs(), (new_theta - log_theta).abs())
        there = spectra.profile(new_kappa, new_theta, potential_v)
        better = (there.chi2 <= here.chi2) & ~arrived
        arrived = arrived | (moved <= STEP_TOLERANCE) | (damping >= _MOST_DAMPING)
        kappa, log_theta = torch.where(better, new_kappa, kappa), torch.where(better, new_theta, log_theta)
        here = _choose(better, there, here)
        damping = torch.where(better, damping * 0.1, damping * 10).clamp(_LEAST_DAMPING, _MOST_DAMPING)
        if bool(arrived.all()):
            break
    return Minimum(kappa, log_theta, here.log_density, here.chi2)


def _choose(mask: torch.Tensor, yes: Profile, no: Profile) -> Profile:
    """Pick whole profiles sweep by sweep."""
    return Profile(
        chi2=torch.where(mask, yes.chi2, no.chi2),
        log_density=torch.where(mask, yes.log_density, no.log_density),
        downhill=tuple(torch.where(mask, a, b) for a, b in zip(yes.downhill, no.downhill, strict=True)),  # type: ignore[arg-type]
        curvature=tuple(torch.where(mask, a, b) for a, b in zip(yes.curvature, no.curvature, strict=True)),  # type: ignore[arg-type]
    )


def _bounded_step(
    here: Profile, damping: torch.Tensor, kappa: torch.Tensor, log_theta: torch.Tensor, settings: FitSettings
) -> tuple[torch.Tensor, torch.Tensor]:
    """Solve the damped 2 x 2 system; a parameter on a bound that would leave it stays, and the other moves alone."""
    pull_kappa, pull_theta = here.downhill
    kk, kt, tt = here.curvature
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
