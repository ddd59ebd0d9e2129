"""All sweeps at once in torch: grid scan, damped Gauss-Newton, bracketed balance."""

from typing import NamedTuple

import numpy as np
import torch

from potrun.plasma.charging import SUNLIT_NODES_V, choose_bracket, shadow_potential_v
from potrun.plasma.descent import LANES, Minimum, Task, descend
from potrun.plasma.objective import clean_weight, sunlit_imbalance
from potrun.plasma.response import Response
from potrun.plasma.roots import find_roots
from potrun.plasma.scan import GridScan
from potrun.plasma.solution import FitSettings, PlasmaFit
from potrun.plasma.spectrum import Spectra

POTENTIAL_TOLERANCE_V = 1e-4
NODE_TOLERANCE = 1e-3
"""Step that counts as arrived in the fits at nodes, which only bracket the balance."""


class _Tensors(NamedTuple):
    """Spectra (S, E) on the device."""

    energy_ev: torch.Tensor
    log_flux: torch.Tensor
    weight: torch.Tensor


class BatchedSolver:
    """Solves sweeps together; each one's numbers are the same in any company.

    Parameters
    ----------
    settings : FitSettings
        Bounds and response.
    device : torch.device
        Where to compute, in float64.
    threads : int
        Threads of torch on the CPU while it computes here.
    """

    def __init__(self, settings: FitSettings, device: torch.device, threads: int = 1) -> None:
        self._settings = settings
        self._threads = threads
        self._device = device
        self._response = Response(*(torch.as_tensor(part, device=device) for part in settings.response))
        self._scan = GridScan(settings, self._response, device)

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
        before = torch.get_num_threads()
        torch.set_num_threads(self._threads)
        try:
            return self._solve(spectra)
        finally:
            torch.set_num_threads(before)

    def _solve(self, spectra: Spectra) -> PlasmaFit:
        result = np.full((6, len(spectra.in_sun)), np.nan)
        for in_sun, solve in ((True, self._solve_sunlit), (False, self._solve_shadowed)):
            members = np.flatnonzero(spectra.in_sun == in_sun)
            if not len(members):
                continue
            part = spectra.take(np.concatenate([members, np.repeat(members[:1], -len(members) % LANES)]))
            arrays = (part.energy_ev, part.log_flux, part.weight)
            tensors = _Tensors(*(torch.as_tensor(values, device=self._device) for values in arrays))
            minimum, volts = solve(tensors)
            held = torch.where(torch.isnan(volts) | (not in_sun), 0.0, volts)
            channels = _channels(tensors, held)
            found = torch.stack([*minimum[:3], volts, minimum.chi2, channels])
            result[:, members] = found.cpu().numpy()[:, : len(members)]
        return PlasmaFit(*result)

    def _solve_shadowed(self, spectra: _Tensors) -> tuple[Minimum, torch.Tensor]:
        kappa, log_theta = self._scan(*spectra, n_nodes=1)
        no_volts = torch.zeros_like(kappa[:, 0])
        minimum = self._fit(spectra, no_volts, kappa[:, 0], log_theta[:, 0])
        volts: torch.Tensor = shadow_potential_v(minimum.kappa, minimum.log_theta)
        return minimum, volts

    def _solve_sunlit(self, spectra: _Tensors) -> tuple[Minimum, torch.Tensor]:
        nodes = self._fit_nodes(spectra)
        nodes_v = self._scan.nodes_v
        shape = nodes.kappa.shape
        imbalances = sunlit_imbalance(nodes_v.expand(shape), *nodes[:3])
        channels = torch.stack([_channels(spectra, volts.expand(shape[0])) for volts in nodes_v], dim=1)
        node, exists = choose_bracket(imbalances, nodes.chi2, channels)
        start = _at(nodes.kappa, node), _at(nodes.log_theta, node)
        near = list(start)

        def imbalance(volts: torch.Tensor) -> torch.Tensor:
            minimum = self._fit(spectra, volts, *near)
            near[:] = minimum[:2]
            value: torch.Tensor = sunlit_imbalance(volts, *minimum[:3])
            return value

        volts = find_roots(
            imbalance,
            nodes_v[node],
            nodes_v[node + 1],
            value_low=_at(imbalances, node),
            value_high=_at(imbalances, node + 1),
            tolerance=POTENTIAL_TOLERANCE_V,
        )
        volts = torch.where(exists, volts, torch.nan)
        return self._fit(spectra, torch.where(exists, volts, 0.0), *start), volts

    def _fit(self, spectra: _Tensors, volts: torch.Tensor, kappa: torch.Tensor, log_theta: torch.Tensor) -> Minimum:
        return descend(Task.at(*spectra, volts, self._response), self._settings, kappa, log_theta)

    def _fit_nodes(self, spectra: _Tensors) -> Minimum:
        """Fit every spectrum at every node of the potential, (S, N)."""
        n_nodes = len(SUNLIT_NODES_V)
        kappa, log_theta = self._scan(*spectra, n_nodes=n_nodes)
        volts = self._scan.nodes_v.expand(kappa.shape)
        repeated = _Tensors(*(values.repeat_interleave(n_nodes, dim=0) for values in spectra))
        task = Task.at(*repeated, volts.reshape(-1), self._response)
        found = descend(task, self._settings, kappa.reshape(-1), log_theta.reshape(-1), tolerance=NODE_TOLERANCE)
        return Minimum(*(values.reshape(kappa.shape) for values in found))


def _channels(spectra: _Tensors, volts: torch.Tensor) -> torch.Tensor:
    """(S,) effective number of channels at potentials."""
    counted: torch.Tensor = clean_weight(spectra.energy_ev, volts) * (spectra.weight > 0)
    return counted.sum(dim=1)


def _at(values: torch.Tensor, node: torch.Tensor) -> torch.Tensor:
    return values.gather(1, node[:, None])[:, 0]
