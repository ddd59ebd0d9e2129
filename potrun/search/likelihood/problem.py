"""Some sweeps as torch tensors: counts, response tables and nodes, ready to be evaluated at any parameters."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from potrun.core.settings import FitterConfig
from potrun.losscone.cell_response import N_ANGLES, ROWS_PER_DEGREE, share_table
from potrun.losscone.counted import LikelihoodBatch
from potrun.losscone.folded import node_weights
from potrun.losscone.model import DEGREE
from potrun.plasma.response import Response, log_normal_response, response_sigma
from potrun.search.likelihood.lookup import weighted_sum

CONE_NODES = (-3.6, 2.4, 13)
"""First and last node across a channel in its standard deviations, and their number; there is more flux below.

Evenly spaced: the loss cone begins within a channel, which a Gauss-Hermite rule of as many nodes resolves less well.
"""

COARSE_NODES = 5
"""Of the cone, where a first look is enough."""

MASKED = 1e-30
"""Counts expected where none are compared: too few to matter, and not zero."""

BEAM_NODES = (-3.0, 3.0, 65)
"""The same for the beam, which is much narrower than a channel."""


@dataclass(frozen=True, eq=False)
class Problem:
    """S sweeps on a device; axes as in LikelihoodBatch, K nodes of the cone (fewer coarse ones), Q of the beam.

    `table` holds the shares of all rows, (S * E * N_ANGLES, C). `weight` counts a cell (1) or not (0). `drift` runs
    from -1 to 1 along the rows of a sweep. Cells that take no part have no counts, no sensitivity and nothing dark.
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
    coarse_energy: Tensor
    coarse_weight: Tensor
    log_energy: Tensor
    drift: Tensor
    usc_sigma: Tensor
    pitch: Tensor

    @property
    def n_sweeps(self) -> int:
        """Number of sweeps."""
        return len(self.counts)

    def take(self, index: Tensor) -> "Problem":
        """Return some sweeps."""
        whole = {item.name: getattr(self, item.name) for item in fields(self)}
        table = self.table.reshape(self.n_sweeps, -1, self.table.shape[1])[index]
        some = {name: values[index] for name, values in whole.items() if name not in ("table", "drift")}
        return Problem(table=table.reshape(-1, table.shape[2]), drift=self.drift, **some)


def make_problem(
    batch: LikelihoodBatch, settings: FitterConfig, device: torch.device, kind: torch.dtype = torch.float32
) -> Problem:
    """Bring sweeps to a device and lay out their response.

    Parameters
    ----------
    batch : LikelihoodBatch
    settings : FitterConfig
    device : torch.device
    kind : torch.dtype
        Format of what belongs to a cell, and of the beam.

    Returns
    -------
    Problem
    """

    def tensor(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.require(values, requirements=("C", "W"))).to(device)

    def cells(values: np.ndarray) -> Tensor:
        return tensor(values).to(kind)

    mask = tensor(batch.mask)
    shares = torch.from_numpy(share_table()).to(device=device, dtype=kind)
    row, part = tensor(batch.share_row), cells(batch.share_part)
    pitch = torch.where(mask, tensor(batch.pitch_deg), 90.0)
    around = tensor(batch.around_rad)
    energy = torch.nan_to_num(tensor(batch.energy_ev), nan=1.0)
    own = settings.likelihood
    cone, fine = (even_response(own.energy_width, *nodes) for nodes in (CONE_NODES, BEAM_NODES))
    responses = (cone, fine, log_normal_response(own.energy_width, COARSE_NODES))
    offsets = [tensor(response.log_offset) for response in responses]
    weights = [tensor(response.weight) for response in responses]
    nodes = [energy[..., None] * torch.exp(offset) for offset in offsets]
    usc = torch.nan_to_num(tensor(batch.usc_v), nan=0.0)
    spread = [
        node_weights(offset, weight, log_flux(batch, node, usc, offset))
        for offset, weight, node in zip(offsets, weights, nodes, strict=True)
    ]
    sensitivity = torch.where(mask, cells(batch.sensitivity), 0.0)
    counts = torch.where(mask, cells(batch.counts), 0.0)
    dark = torch.where(mask, cells(batch.dark)[:, None, :].clamp(min=1e-9), MASKED)
    return Problem(
        table=_tables(shares, row, part),
        counts=counts,
        weight=mask.to(kind),
        sensitivity=sensitivity,
        dark=dark,
        cosine2=(torch.cos(pitch * DEGREE) ** 2).to(kind),
        is_incident=(pitch < 90.0).to(kind),
        beam_share=_beam_share(shares, row, part, settings.beam_angle_deg),
        tilt=torch.stack([torch.cos(around), torch.sin(around)], dim=-1).to(kind),
        energy=energy,
        usc=usc,
        node_energy=nodes[0],
        node_weight=spread[0],
        beam_energy=nodes[1].to(kind),
        beam_weight=spread[1].to(kind),
        coarse_energy=nodes[2].to(kind),
        coarse_weight=spread[2].to(kind),
        log_energy=torch.log(energy / 200.0),
        drift=torch.linspace(-1.0, 1.0, energy.shape[1], dtype=torch.float64, device=device),
        usc_sigma=tensor(batch.usc_sigma_v),
        pitch=pitch,
    )


def even_response(relative_width: float, first: float, last: float, number: int) -> Response:
    """Nodes of a channel's response that are even in ln E, from the first to the last in standard deviations."""
    place = np.linspace(first, last, number)
    weight = np.exp(-0.5 * place**2)
    return Response(response_sigma(relative_width) * place, weight / weight.sum())


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


def _tables(shares: Tensor, row: Tensor, part: Tensor) -> Tensor:
    """Shares of all cells within each angle, (S * E * N_ANGLES, C)."""
    sweeps, rows, cells = row.shape
    place = torch.stack([row, row + ROWS_PER_DEGREE], dim=-1).reshape(-1, 2)
    mixing = torch.stack([1.0 - part, part], dim=-1).reshape(-1, 2)
    found = weighted_sum(shares, place, mixing).reshape(sweeps * rows, cells, N_ANGLES)
    return found.transpose(1, 2).reshape(-1, cells)


def _beam_share(shares: Tensor, row: Tensor, part: Tensor, width_deg: float) -> Tensor:
    """Average the beam's pitch profile over each cell, (S, E, C)."""
    angle = torch.arange(N_ANGLES - 1, dtype=torch.float64, device=shares.device)
    profile = torch.exp(-0.5 * ((angle + 0.5) / width_deg) ** 2)
    # Summed by parts: the profile times the rise of the share from angle to angle.
    weight = -torch.diff(torch.cat([profile, profile.new_zeros(1)]))
    each = (shares[:, 1:].to(torch.float64) @ weight).to(shares.dtype)
    return torch.lerp(each[row], each[row + ROWS_PER_DEGREE], part)
