"""What a solver hands back, whichever it is, and the settings that both obey."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from potrun.core.records import FloatArray
from potrun.plasma.response import Response, log_normal_response
from potrun.plasma.spectrum import Spectra


@dataclass(frozen=True)
class FitSettings:
    """Bounds of kappa and of ln theta (m s-1), and the channels' response (numpy nodes)."""

    kappa: tuple[float, float]
    log_theta: tuple[float, float]
    response: Response

    @classmethod
    def of(
        cls,
        kappa: tuple[float, float],
        log10_theta: tuple[float, float],
        response_width: float,
    ) -> "FitSettings":
        """Build from the user's units (log10 of theta, relative width of the response)."""
        low, high = (float(value * np.log(10.0)) for value in log10_theta)
        return cls(kappa=kappa, log_theta=(low, high), response=log_normal_response(response_width))


@dataclass(frozen=True, eq=False)
class PlasmaFit:
    """Fitted distribution and potential of each sweep, (S,) each.

    In sun the distribution is that of the plasma at the potential that balances; in shadow it is the one at the
    spacecraft. `potential_v` is NaN where no balance was found.
    `log_at_rest` is ln of f at rest (s3 m-6), `channels` the effective number of channels used.
    """

    kappa: FloatArray
    log_theta: FloatArray
    log_at_rest: FloatArray
    potential_v: FloatArray
    chi2: FloatArray
    channels: FloatArray


class Solver(Protocol):
    """Finds plasma and potential of sweeps."""

    def solve(self, spectra: Spectra) -> PlasmaFit:
        """Fit every sweep and balance its currents."""
        ...
