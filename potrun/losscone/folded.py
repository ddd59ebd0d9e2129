"""The loss cone as the instrument sees it: averaged over cells and channels.

Pure functions on arrays of any library.
"""

from typing import NamedTuple

from array_api_compat import array_namespace

from potrun.losscone.model import DEGREE, Array, beam_exponent, mirror_ratio


class ConeEdge(NamedTuple):
    """Half angle of the loss cone at each node of a channel (deg), and its derivatives.

    All of shape (..., E, K): by U (deg/V), by ln r (deg), by Usc and by the barrier's height (deg/V),
    by ln of its field (deg).
    """

    angle: Array
    by_u: Array
    by_log_ratio: Array
    by_usc: Array
    by_barrier: Array
    by_barrier_field: Array


def node_weights(offset: Array, weight: Array, log_flux: Array) -> Array:
    """Weigh the nodes of a channel by the response and by the flux that arrives there.

    Parameters
    ----------
    offset : (K,) float64
        ln of a node's energy over the channel's centre.
    weight : (K,) float64
        Of the response, adding up to one.
    log_flux : (..., K) float64
        ln of the incident flux at the nodes, any unit.

    Returns
    -------
    (..., K) float64
        Adding up to one.
    """
    xp = array_namespace(offset, log_flux)
    strength = weight * xp.exp(log_flux - xp.max(log_flux, axis=-1)[..., None])
    return strength / xp.sum(strength, axis=-1)[..., None]


def cone_angle(energy_ev: Array, usc_v: Array, u_surface_v: Array, ratio: Array) -> Array:
    """Half angle of the loss cone.

    Parameters
    ----------
    energy_ev : (..., E, K) float, eV
        Energies of the nodes; those below the spacecraft potential meet no loss cone.
    usc_v, u_surface_v, ratio : (..., 1 or E, 1) float
        Spacecraft potential (V), surface potential (V), B at the spacecraft over B at the surface.

    Returns
    -------
    (..., E, K) float, deg
    """
    xp = array_namespace(energy_ev)
    square = _sine_squared(energy_ev, usc_v, u_surface_v, ratio)[0]
    return xp.asin(xp.sqrt(xp.clip(square, 0.0, 1.0))) / DEGREE


def _sine_squared(energy_ev: Array, usc_v: Array, u_surface_v: Array, ratio: Array) -> tuple[Array, Array]:
    """Return sin^2 of the half angle, 0 below the spacecraft potential, and the energy away from the spacecraft."""
    xp = array_namespace(energy_ev)
    free = energy_ev - usc_v
    is_free = free > 1e-3
    free = xp.where(is_free, free, xp.ones_like(free))
    square = mirror_ratio(free, 0.0, u_surface_v, ratio)
    return xp.where(is_free, square, xp.zeros_like(square)), free


def cone_edge(
    energy_ev: Array, usc_v: Array, u_surface_v: Array, ratio: Array, barrier: tuple[Array, Array] | None = None
) -> ConeEdge:
    """Half angle of the loss cone and how it changes; arguments as of :func:`cone_angle`.

    A barrier above the surface turns back electrons that would have reached it: by its height below the surface's
    potential (V, from 0 on, broadcasting like U), and by its field, B at the surface over B at the barrier.

    Returns
    -------
    ConeEdge

    References
    ----------
    Poppe et al. 2011, doi:10.1029/2010GL046119, of barriers above the sunlit surface.
    """
    xp = array_namespace(energy_ev)
    square, free = _sine_squared(energy_ev, usc_v, u_surface_v, ratio)
    by_barrier = by_barrier_field = xp.zeros_like(square)
    potential, field = u_surface_v, ratio
    if barrier is not None:
        height, over_field = barrier
        above, _ = _sine_squared(energy_ev, usc_v, u_surface_v - height, over_field * ratio)
        stops = above < square
        square = xp.where(stops, above, square)
        field = xp.where(stops, over_field * ratio, ratio)
        potential = xp.where(stops, u_surface_v - height, u_surface_v)
        by_barrier = xp.where(stops, -field / free, by_barrier)
        by_barrier_field = xp.where(stops, square, by_barrier_field)
    inside = xp.clip(square, 0.0, 1.0)
    moves = (square > 0.0) & (square < 1.0)
    # d asin(sqrt x) / dx, held finite at both ends.
    steep = xp.where(moves, 0.5 / DEGREE / xp.sqrt(xp.clip(inside * (1.0 - inside), 1e-4, None)), xp.zeros_like(square))
    steep_over_free = steep * field / free
    return ConeEdge(
        angle=xp.asin(xp.sqrt(inside)) / DEGREE,
        by_u=steep_over_free,
        by_log_ratio=steep * square,
        by_usc=steep_over_free * potential / free,
        by_barrier=steep * by_barrier,
        by_barrier_field=steep * by_barrier_field,
    )


def beam_strength(
    energy_ev: Array, weight: Array, usc_v: Array, u_surface_v: Array, width_ev: float
) -> tuple[Array, Array]:
    """Strength of the secondary beam averaged over a channel, and its derivative by U.

    Parameters
    ----------
    energy_ev, weight : (..., E, Q) float64
        Nodes close enough to resolve the beam.
    usc_v, u_surface_v : (..., 1, 1) float64, V
    width_ev : float, eV

    Returns
    -------
    strength, by_u : (..., E) float64
        That by Usc is the negative of that by U.
    """
    xp = array_namespace(energy_ev)
    drop = usc_v - u_surface_v
    centre = xp.clip(drop, width_ev, None)
    each = weight * xp.exp(beam_exponent(energy_ev, centre, width_ev))
    strength = xp.sum(each, axis=-1)
    by_centre = (centre[..., 0] * strength - xp.sum(each * energy_ev, axis=-1)) / (width_ev * width_ev)
    drop = drop[..., 0]
    nothing = xp.zeros_like(strength)
    return xp.where(drop > 0.0, strength, nothing), xp.where(drop > width_ev, by_centre, nothing)


def folded_model(lost: Array, background: Array, amplitude: Array, beam: Array, beam_share: Array) -> Array:
    """Flux of a cell over the incident flux: full, less what the loss cone takes, plus the beam.

    Parameters
    ----------
    lost : (..., E, C) float64
        Share of the view inside the loss cone.
    background, amplitude, beam, beam_share : broadcast to (..., E, C)
        Relative flux inside the cone, the beam's amplitude, its strength in the channel and its share of the cell.

    Returns
    -------
    (..., E, C) float64
        1 - (1 - b) L + A B P.
    """
    return 1.0 - (1.0 - background) * lost + amplitude * beam * beam_share


def incident_counts(level: Array, sensitivity: Array, anisotropy: Array, cosine2: Array) -> Array:
    """Predict what a cell would count if nothing were lost: N s (1 + q cos^2 a).

    Parameters
    ----------
    level, anisotropy : broadcast
        Incident flux N of a row (cm-2 s-1 sr-1 eV-1) and excess q of the flux along the field line.
    sensitivity, cosine2 : (..., E, C) float
        Counts per unit of flux, square of the pitch angle's cosine.

    Returns
    -------
    (..., E, C) float
    """
    return level * sensitivity * (1.0 + anisotropy * cosine2)


def expected_counts(incident: Array, model: Array, dark: Array) -> Array:
    """Predict the counts of a cell: those of :func:`incident_counts` times the folded model, and dark ones."""
    return incident * model + dark
