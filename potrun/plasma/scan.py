"""A first look over the whole (kappa, theta) plane at every node of the potential, as matrix products."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch

from potrun.plasma.charging import SUNLIT_NODES_V
from potrun.plasma.objective import clean_weight, sunlit_imbalance
from potrun.plasma.response import Response, log_flux_model
from potrun.plasma.solution import FitSettings

KAPPA_NODES = 9
THETA_NODES = 41
BLOCK = 64
"""Sweeps a matrix product takes: always the same, so that no sweep's numbers depend on how many others there are."""


class Scan(NamedTuple):
    """Best grid point of each sweep at each node of the potential, (S, N) each."""

    kappa: torch.Tensor
    log_theta: torch.Tensor
    chi2: torch.Tensor
    channels: torch.Tensor
    imbalance: torch.Tensor


class GridScan:
    """Scans a fixed grid, remembering the model at energies that were met before.

    Parameters
    ----------
    settings : FitSettings
        Bounds of the grid and the channels' response.
    device : torch.device
        Where to compute, in float64.
    """

    def __init__(self, settings: FitSettings, device: torch.device) -> None:
        kappa = torch.linspace(*settings.kappa, KAPPA_NODES, dtype=torch.float64, device=device)
        log_theta = torch.linspace(*settings.log_theta, THETA_NODES, dtype=torch.float64, device=device)
        self.kappa, self.log_theta = (axis.reshape(-1) for axis in torch.meshgrid(kappa, log_theta, indexing="ij"))
        self.nodes_v = torch.tensor(SUNLIT_NODES_V, dtype=torch.float64, device=device)
        self._response = Response(*(torch.as_tensor(part, device=device) for part in settings.response))
        self._model = lru_cache(maxsize=256)(self._model_at)

    def _model_at(self, energy_ev: float) -> torch.Tensor:
        """(N, G) ln of the flux of unit density at one channel."""
        energy = torch.full((1, 1, 1), energy_ev, dtype=torch.float64, device=self.kappa.device)
        model = log_flux_model(
            energy, self.kappa[None, :], self.log_theta[None, :], self.nodes_v[:, None], self._response
        )
        log_flux: torch.Tensor = model.log_flux[..., 0]
        return log_flux

    def __call__(self, energy_ev: torch.Tensor, log_flux: torch.Tensor, weight: torch.Tensor, n_nodes: int) -> Scan:
        """Scan sweeps at the first `n_nodes` potentials.

        Parameters
        ----------
        energy_ev, log_flux, weight : (S, E) tensor
            Spectra (eV, ln of m-2 s-1 eV-1, inverse variance).
        n_nodes : int
            1 looks at no potential but 0.

        Returns
        -------
        Scan
        """
        grids, group = np.unique(energy_ev.cpu().numpy(), axis=0, return_inverse=True)
        shape = (len(energy_ev), n_nodes)
        out = Scan(*(torch.empty(shape, dtype=torch.float64, device=energy_ev.device) for _ in Scan._fields))
        for number, energies in enumerate(grids):
            members = torch.as_tensor(np.flatnonzero(group.reshape(-1) == number), device=energy_ev.device)
            table = torch.stack([self._model(float(energy)) for energy in energies], dim=1)
            for node in range(n_nodes):
                found = self._scan_node(energy_ev[members], log_flux[members], weight[members], table[node], node)
                for field, values in zip(out, found, strict=True):
                    field[members, node] = values
        return out

    def _scan_node(
        self, energy_ev: torch.Tensor, log_flux: torch.Tensor, weight: torch.Tensor, model: torch.Tensor, node: int
    ) -> Scan:
        """Minimise over the grid at one potential, for sweeps with the same energies."""
        potential = self.nodes_v[node].expand(len(energy_ev))
        clean = clean_weight(energy_ev, potential)
        used = weight * clean
        total = used.sum(dim=1).clamp_min(1e-30)[:, None]
        height = (used * log_flux).sum(dim=1, keepdim=True) / total
        level = log_flux - height
        cross = _in_blocks(used * level, model)
        mean = _in_blocks(used, model) / total
        square = _in_blocks(used, model * model)
        offset = (used * level * level).sum(dim=1, keepdim=True)
        chi2, best = (offset - 2 * cross + square - total * mean * mean).min(dim=1)
        log_density = (height - mean.gather(1, best[:, None]))[:, 0]
        kappa, log_theta = self.kappa[best], self.log_theta[best]
        return Scan(
            kappa=kappa,
            log_theta=log_theta,
            chi2=chi2,
            channels=(clean * (weight > 0)).sum(dim=1),
            imbalance=sunlit_imbalance(potential, kappa, log_theta, log_density),
        )


def _in_blocks(rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """Multiply (S, E) by (E, G) in blocks of one size."""
    n_rows = len(rows)
    missing = -n_rows % BLOCK
    blocks = torch.nn.functional.pad(rows, (0, 0, 0, missing)).reshape(-1, BLOCK, rows.shape[1])
    product = torch.bmm(blocks, columns.expand(len(blocks), *columns.shape))
    return product.reshape(-1, columns.shape[1])[:n_rows]
