"""All sweeps at once in torch: grid scan, damped Gauss-Newton, bracketed balance."""

import numpy as np
import torch

from potrun.plasma.charging import SUNLIT_NODES_V, choose_bracket, shadow_potential_v
from potrun.plasma.descent import Minimum, SpectraTensors, descend
from potrun.plasma.objective import clean_weight, sunlit_imbalance
from potrun.plasma.response import Response
from potrun.plasma.roots import find_roots
from potrun.plasma.scan import GridScan, Scan
from potrun.plasma.solution import FitSettings, PlasmaFit
from potrun.plasma.spectrum import Spectra

POTENTIAL_TOLERANCE_V = 1e-4
MAX_WIDENINGS = 3
"""How often a bracket that the coarse scan put wrong moves on by a node."""

LANES = 16
"""Sweeps are padded to a multiple of this, so that vector units treat every sweep alike."""


class BatchedSolver:
    """Solves sweeps together; each one's numbers are the same in any company.

    Parameters
    ----------
    settings : FitSettings
        Bounds and response.
    device : torch.device
        Where to compute, in float64.
    """

    def __init__(self, settings: FitSettings, device: torch.device) -> None:
        self._settings = settings
        self._device = device
        self._scan = GridScan(settings, device)
        self._response = Response(*(torch.as_tensor(part, device=device) for part in settings.response))

    def solve(self, spectra: Spectra) -> PlasmaFit:
        """Fit every sweep and balance its currents.

        Parameters
        ----------
        spectra : Spectra
            Of S sweeps.

        Returns
        -------
        PlasmaFit
        """
        result = np.full((6, len(spectra.in_sun)), np.nan)
        for in_sun, solve in ((True, self._solve_sunlit), (False, self._solve_shadowed)):
            members = np.flatnonzero(spectra.in_sun == in_sun)
            if not len(members):
                continue
            part = spectra.take(np.concatenate([members, np.repeat(members[:1], -len(members) % LANES)]))
            energy_ev, log_flux, weight = (
                torch.as_tensor(x, device=self._device) for x in (part.energy_ev, part.log_flux, part.weight)
            )
            tensors = SpectraTensors(energy_ev, log_flux, weight, self._response)
            minimum, potential = solve(tensors)
            columns = (minimum.kappa, minimum.log_theta, minimum.log_density, potential, minimum.chi2)
            held = torch.where(torch.isnan(potential), 0.0, potential)
            channels = (clean_weight(tensors.energy_ev, held) * (tensors.weight > 0)).sum(dim=1)
            result[:, members] = torch.stack([*columns, channels]).cpu().numpy()[:, : len(members)]
        return PlasmaFit(*result)

    def _solve_shadowed(self, spectra: SpectraTensors) -> tuple[Minimum, torch.Tensor]:
        scan = self._scan(*spectra[:3], n_nodes=1)
        minimum = descend(
            spectra, self._settings, scan.kappa[:, 0], scan.log_theta[:, 0], torch.zeros_like(scan.chi2[:, 0])
        )
        volts: torch.Tensor = shadow_potential_v(minimum.kappa, minimum.log_theta)
        return minimum, volts

    def _solve_sunlit(self, spectra: SpectraTensors) -> tuple[Minimum, torch.Tensor]:
        scan = self._scan(*spectra[:3], n_nodes=len(SUNLIT_NODES_V))
        node, exists = choose_bracket(scan.imbalance, scan.chi2, scan.channels)
        low, value_low, high, value_high = self._bracket(spectra, scan, node)
        start = (_at(scan.kappa, node), _at(scan.log_theta, node))
        warm = list(start)

        def imbalance(potential: torch.Tensor) -> torch.Tensor:
            minimum = descend(spectra, self._settings, warm[0], warm[1], potential)
            warm[:] = minimum.kappa, minimum.log_theta
            value: torch.Tensor = sunlit_imbalance(potential, *minimum[:3])
            return value

        root = find_roots(
            imbalance, low, high, value_low=value_low, value_high=value_high, tolerance=POTENTIAL_TOLERANCE_V
        )
        root = torch.where(exists, root, torch.nan)
        minimum = descend(spectra, self._settings, *start, torch.where(torch.isnan(root), 0.0, root))
        return minimum, root

    def _bracket(
        self, spectra: SpectraTensors, scan: Scan, node: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Turn the coarse bracket into one that the exact imbalance confirms, moving on by nodes where it does not."""
        nodes_v = self._scan.nodes_v
        last = len(nodes_v) - 2

        def imbalance_at(index: torch.Tensor) -> torch.Tensor:
            start = (_at(scan.kappa, index), _at(scan.log_theta, index))
            minimum = descend(spectra, self._settings, *start, nodes_v[index])
            value: torch.Tensor = sunlit_imbalance(nodes_v[index], *minimum[:3])
            return value

        value_low, value_high = imbalance_at(node), imbalance_at(node + 1)
        for _ in range(MAX_WIDENINGS):
            down, up = (value_low <= 0) & (node > 0), (value_high > 0) & (value_low > 0) & (node < last)
            if not bool((down | up).any()):
                break
            node = node - down.long() + up.long()
            value = imbalance_at(torch.where(up, node + 1, node))
            value_low, value_high = (
                torch.where(down, value, torch.where(up, value_high, value_low)),
                torch.where(up, value, torch.where(down, value_low, value_high)),
            )
        return nodes_v[node], value_low, nodes_v[node + 1], value_high


def _at(values: torch.Tensor, node: torch.Tensor) -> torch.Tensor:
    return values.gather(1, node[:, None])[:, 0]
