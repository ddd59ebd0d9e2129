"""The analyser's energy response and the flux that it reports for a kappa distribution."""

import math
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace
from scipy.constants import e, m_e

QUADRATURE_NODES = 5
"""Gauss-Hermite nodes across a channel; with 41 nodes ln F changes by less than 3e-4."""

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


class Arrivals(NamedTuple):
    """What reaches each channel at a potential, (Q, ..., E): ambient energy (eV) and share of the response.

    The nodes come first so that sums over them run along whole arrays, several times as fast as along five neighbours.
    """

    ambient_ev: Any
    share: Any


class ShapeModel(NamedTuple):
    """ln F of a plasma with f = 1 at rest, and its derivatives, (..., E) each."""

    log_flux: Any
    by_kappa: Any
    by_log_theta: Any


def arrivals(energy_ev: Any, potential_v: Any, response: Response) -> Arrivals:
    """Find which ambient electrons a channel sees: at E - Usc, spread over the response around E.

    Below a positive Usc no ambient electron arrives: there f is held at its value at rest, and such channels deserve
    no weight.

    Parameters
    ----------
    energy_ev : (..., E) array, eV
        Channel centres as measured.
    potential_v : (...) array, V
        Potential of the spacecraft.
    response : Response
        Nodes (Q,) in the array type of the rest.

    Returns
    -------
    Arrivals
        The share is the response's weight times the energy at the spacecraft, since F there goes with E f.
    """
    xp = array_namespace(energy_ev)
    nodes = (-1, *(1 for _ in energy_ev.shape))
    at_node_ev = energy_ev * xp.reshape(xp.exp(response.log_offset), nodes)
    ambient_ev = xp.clip(at_node_ev - potential_v[..., None], 0.0, None)
    return Arrivals(ambient_ev, xp.reshape(response.weight, nodes) * at_node_ev)


def log_flux_model(seen: Arrivals, kappa: Any, log_theta: Any) -> ShapeModel:
    """Model the omnidirectional flux that each channel reports, for f = 1 s3 m-6 at rest in the plasma.

    F = 8 pi (e / m_e)^2 <E f(E - Usc)>, the average running over the channel's response in ln E: f is conserved along
    a path, so j/E is.

    Parameters
    ----------
    seen : Arrivals
        Of :func:`arrivals`.
    kappa, log_theta : (...) array
        Spectral index and ln of the thermal speed (m s-1) of the ambient plasma.

    Returns
    -------
    ShapeModel
        ln of m-2 s-1 eV-1, and its derivatives by kappa and ln theta at constant f at rest.
    """
    xp = array_namespace(kappa)
    scale_ev = kappa * xp.exp(2 * log_theta) * (m_e / (2 * e))
    steepness = (kappa + 1)[..., None]
    reduced = seen.ambient_ev / scale_ev[..., None]
    raised = 1 + reduced
    # Only differences of this logarithm and its products with numbers near one count, so log1p would gain nothing.
    falls = xp.log(raised)
    least = falls[0, ...]
    part = seen.share * xp.exp((falls - least) * -steepness)
    total = xp.sum(part, axis=0)
    bend = steepness * xp.sum(part * reduced / raised, axis=0) / total
    return ShapeModel(
        log_flux=_LOG_FLUX_FACTOR + xp.log(total) - steepness * least,
        by_kappa=bend / kappa[..., None] - xp.sum(part * falls, axis=0) / total,
        by_log_theta=2 * bend,
    )


def log_flux_by_potential(seen: Arrivals, kappa: Any, log_theta: Any) -> Any:
    """Differentiate the modelled ln F by the spacecraft's potential, all else held.

    Parameters
    ----------
    seen : Arrivals
        Of :func:`arrivals`.
    kappa, log_theta : (...) array
        Spectral index and ln of the thermal speed (m s-1) of the ambient plasma.

    Returns
    -------
    (..., E) array, V-1
        Positive: a higher potential shows slower, more abundant electrons.
    """
    xp = array_namespace(kappa)
    scale_ev = (kappa * xp.exp(2 * log_theta) * (m_e / (2 * e)))[..., None]
    steepness = (kappa + 1)[..., None]
    raised = 1 + seen.ambient_ev / scale_ev
    falls = xp.log(raised)
    part = seen.share * xp.exp((falls - falls[0, ...]) * -steepness)
    slope = xp.where(seen.ambient_ev > 0, 1 / raised, 0.0)
    lift = xp.sum(part * slope, axis=0) / xp.sum(part, axis=0)
    return steepness / scale_ev * lift
