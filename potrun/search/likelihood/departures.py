"""How far the instrument may be from its nominal self, in a sweep that the nominal model does not describe.

Each departure (background and its slope with energy, drift of r, direction of the field) is a parameter with a Gaussian
prior about zero. The prior is as wide as the sweep's own misfit asks for: a sweep that the nominal model describes to
within counting gets hardly any freedom, one that it fails gets all that the settings allow. The spacecraft potential's
prior is its own standard error.
"""

import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.search.likelihood.evaluate import (
    AMPLITUDE,
    ANISOTROPY,
    BACKGROUND,
    BACKGROUND_SLOPE,
    DRIFT,
    N_PARAMETERS,
    TILT,
    USC,
)

EXPECTED_DEVIANCE = 1.0
"""Deviance per degree of freedom up to which the nominal model describes a sweep."""

FULL_FREEDOM = 0.3
"""Excess of the deviance per degree of freedom at which a sweep gets all freedom that the settings allow."""


def nominal(sweeps: int, settings: FitterConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    """Parameters that are free on the nominal instrument, (S, P) bool, and priors, (S, P)."""
    is_free = torch.zeros(sweeps, N_PARAMETERS, dtype=torch.bool, device=device)
    is_free[:, : AMPLITUDE + 1] = True
    is_free[:, AMPLITUDE] = settings.beam_amplitude_fixed is None
    is_free[:, ANISOTROPY] = settings.likelihood.anisotropy
    return is_free, torch.full((sweeps, N_PARAMETERS), float("inf"), dtype=torch.float64, device=device)


def departing(
    deviance: Tensor, usc_sigma: Tensor, settings: FitterConfig, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the same with the freedom that each sweep's deviance per degree of freedom asks for."""
    own = settings.likelihood
    is_free, sigma = nominal(len(deviance), settings, device)
    freedom = ((deviance - EXPECTED_DEVIANCE) / FULL_FREEDOM).clamp(0.0, 1.0)
    allowed = {
        BACKGROUND: own.background_sigma,
        BACKGROUND_SLOPE: own.background_slope_sigma,
        DRIFT: own.ratio_drift_sigma,
        TILT: own.field_direction_sigma_deg,
        TILT + 1: own.field_direction_sigma_deg,
    }
    for column, width in allowed.items():
        wide = width * freedom
        is_free[:, column] = wide > 0.0
        sigma[:, column] = torch.where(wide > 0.0, wide, float("inf"))
    is_free[:, USC] = usc_sigma > 0.0
    sigma[:, USC] = torch.where(usc_sigma > 0.0, usc_sigma, float("inf"))
    return is_free, sigma
