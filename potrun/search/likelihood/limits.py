"""Within what the parameters of the likelihood fit are searched."""

import numpy as np
import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.search.likelihood.evaluate import U_OFFSET_V

HIGHEST_BARRIER_V = 500.0


def bounds_of(settings: FitterConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    """Lowest and highest value of every parameter, two of (P,)."""
    fixed = settings.beam_amplitude_fixed
    low_a, high_a = (fixed, fixed) if fixed is not None else (0.0, settings.beam_amplitude_max)
    low = [np.log(U_OFFSET_V - settings.u_max_v), np.log(settings.ratio_min), low_a, -0.9, -3.0, -2.0, -50.0, -1.0]
    high = [np.log(U_OFFSET_V - settings.u_min_v), np.log(settings.ratio_max), high_a, 9.0, 3.0, 2.0, 50.0, 1.0]
    return (
        torch.tensor(
            [*low, -20.0, -20.0, 0.0, -np.log(settings.likelihood.barrier_field)], dtype=torch.float64, device=device
        ),
        torch.tensor([*high, 20.0, 20.0, HIGHEST_BARRIER_V, 1.0], dtype=torch.float64, device=device),
    )
