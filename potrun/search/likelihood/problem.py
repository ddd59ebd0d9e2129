"""Some sweeps as torch tensors: counts, response tables and nodes, ready to be evaluated at any parameters."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.losscone.cell_response import N_ANGLES, ROWS_PER_DEGREE, share_table
from potrun.losscone.counted import LikelihoodBatch
from potrun.losscone.folded import node_weights
from potrun.losscone.model import DEGREE
from potrun.plasma.response import log_normal_response, response_sigma

NODES = 9
"""Gauss-Hermite nodes across a channel."""

BEAM_NODES = 65
"""Nodes that resolve the narrow beam within a channel, within 3 sigma."""


@dataclass(frozen=True, eq=False)
class Problem:
    """S sweeps on a device; axes as in LikelihoodBatch, K nodes of the cone, Q of the beam.

    `table` holds the shares of all rows, (S * E * N_ANGLES, C). `weight` counts a cell (1) or not (0). `drift` runs
    from -1 to 1 along the rows of a sweep.
    """

    table: Tensor
    counts: Tensor
    weight: Tensor
    sensitivity: Tensor
    dark: Tensor
    cosine2: Tensor
    is_incident: Tensor
    beam_share: Tensor
    tilt: Tensor
    energy: Tensor
    usc: Tensor
    node_energy: Tensor
    node_weight: Tensor
    beam_energy: Tensor
    beam_weight: Tensor
    log_energy: Tensor
    drift: Tensor
    usc_sigma: Tensor

    @property
    def n_sweeps(self) -> int:
        """Number of sweeps."""
        return len(self.counts)


def make_problem(batch: LikelihoodBatch, settings: FitterConfig, device: torch.device) -> Problem:
    """Bring sweeps to a device and lay out their response.

    Parameters
    ----------
    batch : LikelihoodBatch
    settings : FitterConfig
    device : torch.device

    Returns
    -------
    Problem
    """

    def tensor(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(device)

    sweeps, rows, cells = batch.mask.shape
    mask = tensor(batch.mask)
    table = _tables(tensor(batch.share_row), tensor(batch.share_part), device)
    angle = torch.arange(N_ANGLES, dtype=torch.float64, device=device)
    profile = torch.exp(-0.5 * ((angle[:-1] + 0.5) / settings.beam_angle_deg) ** 2).to(table.dtype)
    beam_share = (profile[None, :, None] * (table[:, 1:] - table[:, :-1])).sum(dim=1)
    beam_share += table[:, 0] * profile[0]
    pitch = torch.where(mask, tensor(batch.pitch_deg), 90.0)
    around = tensor(batch.around_rad)
    energy = torch.nan_to_num(tensor(batch.energy_ev), nan=1.0)
    own = settings.likelihood
    cone = log_normal_response(own.energy_width, NODES)
    place = np.linspace(-3.0, 3.0, BEAM_NODES)
    wide = np.exp(-0.5 * place**2)
    offsets = [tensor(cone.log_offset), tensor(response_sigma(own.energy_width) * place)]
    weights = [tensor(cone.weight), tensor(wide / wide.sum())]
    nodes = [energy[..., None] * torch.exp(offset) for offset in offsets]
    usc = torch.nan_to_num(tensor(batch.usc_v), nan=0.0)
    spread = [
        node_weights(offset, weight, log_flux(batch, node, usc, offset))
        for offset, weight, node in zip(offsets, weights, nodes, strict=True)
    ]
    return Problem(
        table=table.reshape(-1, cells),
        counts=torch.where(mask, tensor(batch.counts), 0.0),
        weight=mask.to(torch.float64),
        sensitivity=tensor(batch.sensitivity),
        dark=tensor(batch.dark)[:, None, :].expand(sweeps, rows, cells).clamp(min=1e-9),
        cosine2=torch.cos(pitch * DEGREE) ** 2,
        is_incident=(pitch < 90.0).to(torch.float64),
        beam_share=beam_share.reshape(sweeps, rows, cells).to(torch.float64),
        tilt=torch.stack([torch.cos(around), torch.sin(around)], dim=-1),
        energy=energy,
        usc=usc,
        node_energy=nodes[0],
        node_weight=spread[0],
        beam_energy=nodes[1],
        beam_weight=spread[1],
        log_energy=torch.log(energy / 200.0),
        drift=torch.linspace(-1.0, 1.0, rows, dtype=torch.float64, device=device),
        usc_sigma=tensor(batch.usc_sigma_v),
    )


def log_flux(batch: LikelihoodBatch, node: Tensor, usc: Tensor, offset: Tensor) -> Tensor:
    """Ln of the incident flux at nodes: of a kappa distribution where one was fitted, else a parabola; (S, E, K)."""
    temperature, kappa = (torch.from_numpy(np.asarray(x)).to(node) for x in (batch.temperature_ev, batch.kappa))
    known = torch.isfinite(temperature) & torch.isfinite(kappa)
    k = torch.where(known, kappa, 4.0)[:, None, None]
    heat = torch.where(known, temperature, 30.0)[:, None, None]
    free = (node - usc[..., None]).clamp(min=0.0)
    from_kappa = torch.log(node) - (k + 1.0) * torch.log1p(free / ((k - 1.5) * heat))
    slope, curvature = (torch.from_numpy(x).to(node)[..., None] for x in (batch.slope, batch.curvature))
    parabola = (0.5 * curvature * offset - slope) * offset
    return torch.where(known[:, None, None], from_kappa, parabola)


def _tables(row: Tensor, part: Tensor, device: torch.device) -> Tensor:
    """Shares of all cells within each angle, (S * E, N_ANGLES, C) float32."""
    shares = torch.from_numpy(share_table()).to(device)
    sweeps, rows, cells = row.shape
    flat, mix = row.reshape(-1), part.reshape(-1, 1).to(shares.dtype)
    both = torch.lerp(shares[flat], shares[flat + ROWS_PER_DEGREE], mix)
    return both.reshape(sweeps * rows, cells, N_ANGLES).transpose(1, 2).contiguous()
