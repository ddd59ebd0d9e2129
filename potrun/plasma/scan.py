"""A first look over the whole (kappa, theta) plane at every node of the potential, as matrix products."""

from functools import lru_cache

import numpy as np
import torch

from potrun.plasma.charging import SUNLIT_NODES_V
from potrun.plasma.objective import clean_weight
from potrun.plasma.response import Response, arrivals, log_flux_model
from potrun.plasma.solution import FitSettings

KAPPA_NODES = 6
THETA_NODES = 25
BLOCK = 64
"""Spectra that a matrix product takes: always as many, so that none's numbers depend on how many others there are."""


class GridScan:
    """Scans a fixed grid, remembering the model at energies that were met before.

    Parameters
    ----------
    settings : FitSettings
        Bounds of the grid.
    response : Response
        Of the channels, on the device.
    device : torch.device
        Where to compute, in float64.
    """

    def __init__(self, settings: FitSettings, response: Response, device: torch.device) -> None:
        kappa = torch.linspace(*settings.kappa, KAPPA_NODES, dtype=torch.float64, device=device)
        log_theta = torch.linspace(*settings.log_theta, THETA_NODES, dtype=torch.float64, device=device)
        self.kappa, self.log_theta = (axis.reshape(-1) for axis in torch.meshgrid(kappa, log_theta, indexing="ij"))
        self.nodes_v = torch.tensor(SUNLIT_NODES_V, dtype=torch.float64, device=device)
        self._response = response
        self._model = lru_cache(maxsize=256)(self._model_at)

    def _model_at(self, energy_ev: float) -> torch.Tensor:
        """(N, G) ln of the flux of unit density at one channel."""
        energy = torch.full((len(self.nodes_v), 1, 1), energy_ev, dtype=torch.float64, device=self.kappa.device)
        seen = arrivals(energy, self.nodes_v[:, None], self._response)
        log_flux: torch.Tensor = log_flux_model(seen, self.kappa[None], self.log_theta[None]).log_flux[..., 0]
        return log_flux

    def __call__(
        self, energy_ev: torch.Tensor, log_flux: torch.Tensor, weight: torch.Tensor, n_nodes: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Find the best grid point of each spectrum at each of the first potentials.

        Parameters
        ----------
        energy_ev, log_flux, weight : (S, E) tensor
            Spectra (eV, ln of m-2 s-1 eV-1, inverse variance).
        n_nodes : int
            How many potentials; 1 looks at no potential but 0.

        Returns
        -------
        kappa, log_theta : (S, N) tensor
        """
        grids, group = np.unique(energy_ev.cpu().numpy(), axis=0, return_inverse=True)
        best = torch.empty((len(energy_ev), n_nodes), dtype=torch.int64, device=energy_ev.device)
        for number, energies in enumerate(grids):
            members = torch.as_tensor(np.flatnonzero(group.reshape(-1) == number), device=energy_ev.device)
            model = torch.stack([self._model(float(energy)) for energy in energies], dim=1)
            energy, level, used = (_in_blocks(values[members]) for values in (energy_ev, log_flux, weight))
            for node in range(n_nodes):
                clean = used * clean_weight(energy, self.nodes_v[node].expand(level.shape[:2]))
                best[members, node] = _best_of_grid(level, clean, model[node])[: len(members)]
        return self.kappa[best], self.log_theta[best]


def _best_of_grid(log_flux: torch.Tensor, weight: torch.Tensor, model: torch.Tensor) -> torch.Tensor:
    """Index of the smallest weighted square, (S,), for blocks of spectra (B, 64, E) that share the model (E, G).

    With the best density taken out, the square is w m^2 - 2 w y m - (w m)^2 / w and a constant: two products.
    """
    total = weight.sum(dim=2, keepdim=True).clamp_min(1e-30)
    centred = log_flux - (weight * log_flux).sum(dim=2, keepdim=True) / total
    square = _product(torch.cat([weight, weight * centred], dim=2), torch.cat([model * model, -2.0 * model]))
    mean = _product(weight, model)
    return square.addcdiv_(mean.square_(), total, value=-1.0).argmin(dim=2).reshape(-1)


def _in_blocks(rows: torch.Tensor) -> torch.Tensor:
    """Lay (S, E) out as (B, 64, E), filled up with zeros."""
    return torch.nn.functional.pad(rows, (0, 0, 0, -len(rows) % BLOCK)).reshape(-1, BLOCK, rows.shape[1])


def _product(blocks: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """Multiply each block (64, K) by (K, G)."""
    return torch.bmm(blocks, columns.expand(len(blocks), *columns.shape))
