"""The analyser's energy response and the flux that it reports for a kappa distribution."""

import math
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace
from scipy.constants import e, m_e

from potrun.plasma.kappa import log_normalisation, log_normalisation_by_kappa

QUADRATURE_NODES = 7
"""Gauss-Hermite nodes across a channel; against 41 nodes the flux changes by less than 1e-6."""

_LOG_FLUX_FACTOR = math.log(8 * math.pi) + 2 * math.log(e / m_e)


class Response(NamedTuple):
    """Nodes of the response in ln E relative to the channel's centre, and their weights, which add up to one."""

    log_offset: Any
    weight: Any


def response_sigma(relative_width: float) -> float:
    """Convert the full width at half maximum, dE/E, of a log-normal response to its sigma in ln E.

    The half-maximum energies lie at E exp(+-h) with exp(h) - exp(-h) = dE/E.

    Parameters
    ----------
    relative_width : float
        dE/E.

    Returns
    -------
    float
    """
    return math.asinh(relative_width / 2) / math.sqrt(2 * math.log(2))


def log_normal_response(relative_width: float, nodes: int = QUADRATURE_NODES) -> Response:
    """Lay quadrature nodes over a log-normal energy response.

    Parameters
    ----------
    relative_width : float
        Full width at half maximum, dE/E; 0 is a channel that sees one energy only.
    nodes : int
        Number of nodes.

    Returns
    -------
    Response
        numpy arrays of shape (Q,).
    """
    if relative_width == 0:
        return Response(np.zeros(1), np.ones(1))
    position, weight = np.polynomial.hermite.hermgauss(nodes)
    return Response(math.sqrt(2) * response_sigma(relative_width) * position, weight / math.sqrt(math.pi))


class FluxModel(NamedTuple):
    """ln F of unit density at each channel, and its derivatives."""

    log_flux: Any
    by_kappa: Any
    by_log_theta: Any
    by_potential: Any


def log_flux_model(energy_ev: Any, kappa: Any, log_theta: Any, potential_v: Any, response: Response) -> FluxModel:
    """Model the omnidirectional flux that each channel reports for a plasma of unit density.

    The spacecraft sees f at the energy E - Usc that the electrons had in the plasma, so j/E is conserved; the
    response then averages F over ln E at the spacecraft. Below a positive Usc no ambient electron arrives: there f is
    held at its value at rest, and such channels deserve no weight.

    Parameters
    ----------
    energy_ev : (..., E) array, eV
        Channel centres as measured.
    kappa, log_theta : (...) array
        Spectral index and ln of the thermal speed (m s-1) of the ambient plasma.
    potential_v : (...) array, V
        Potential of the spacecraft.
    response : Response
        Nodes (Q,) in the array type of the rest.

    Returns
    -------
    FluxModel
        Arrays (..., E): ln of m-2 s-1 eV-1 per m-3, and its derivatives by kappa, ln theta and the potential.
    """
    xp = array_namespace(energy_ev)
    scale_ev = (kappa * xp.exp(2 * log_theta) * (m_e / (2 * e)))[..., None, None]
    steepness = (kappa + 1)[..., None, None]
    at_node_ev = energy_ev[..., None] * xp.exp(response.log_offset)
    ambient_ev = at_node_ev - potential_v[..., None, None]
    arrives = ambient_ev > 0
    reduced = xp.where(arrives, ambient_ev, 0.0) / scale_ev
    falls = xp.log1p(reduced)
    centre = xp.log1p(xp.clip(energy_ev - potential_v[..., None], 0.0, None) / scale_ev[..., 0])
    share = response.weight * at_node_ev * xp.exp(-steepness * (falls - centre[..., None]))
    total = xp.sum(share, axis=-1)
    bend = xp.sum(share * (reduced / (1 + reduced)), axis=-1) / total
    lift = xp.sum(xp.where(arrives, share / (1 + reduced), 0.0), axis=-1) / total
    steepness = steepness[..., 0]
    at_rest = _LOG_FLUX_FACTOR + log_normalisation(kappa, log_theta)
    return FluxModel(
        log_flux=at_rest[..., None] + xp.log(total) - steepness * centre,
        by_kappa=log_normalisation_by_kappa(kappa)[..., None]
        - xp.sum(share * falls, axis=-1) / total
        + steepness / kappa[..., None] * bend,
        by_log_theta=2 * steepness * bend - 3.0,
        by_potential=steepness / scale_ev[..., 0] * lift,
    )
