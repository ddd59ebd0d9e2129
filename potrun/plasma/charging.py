"""Where the currents balance: of nodes in sun the bracket to trust, in shadow the potential itself."""

from typing import Any

from array_api_compat import array_namespace, device

from potrun.plasma.currents import electron_current_a_m2, ion_current_a_m2, mean_yield
from potrun.plasma.kappa import ambient_of_retarded, log_normalisation, temperature_ev, theta_energy_ev
from potrun.plasma.roots import find_roots

SUNLIT_NODES_V = (0.0, 2.0, 4.5, 7.5, 10.5, 14.0, 18.0, 23.0, 29.0, 37.0, 48.0, 65.0, 95.0, 150.0)
"""Potentials at which a sunlit sweep is first fitted; they reach over the whole photoemission curve."""

CHANNEL_PRICE = 9.0
"""Drop in chi2, over the best reduced chi2, that leaving out one more channel as contaminated must bring."""

SLACK_CHANNELS = 1.0
"""How many channels' price a balance may be worse than the best fit at a higher potential and still be believed."""

MIN_CHANNELS = 4.0
"""Fewest channels that can test a fit of three parameters."""

_NEAREST_TO_COLD = 1e-6


def choose_bracket(imbalance: Any, chi2: Any, channels: Any) -> tuple[Any, Any]:
    """Choose between which nodes a sunlit spacecraft settles.

    A balance is stable where charging further up would stop the charging: the imbalance falls through zero. Below the
    true one there can be another, where returning photoelectrons are taken for plasma. It shows in chi2, for a higher
    potential that leaves those channels out explains the rest far better. The lowest balance without such a rival is
    chosen, as the one that a spacecraft charging up from zero would meet.

    Parameters
    ----------
    imbalance : (S, N) array
        Of :func:`potrun.plasma.objective.sunlit_imbalance` at the rising nodes.
    chi2 : (S, N) array
        Of the fit at each node.
    channels : (S, N) array
        Effective number of channels there.

    Returns
    -------
    node : (S,) int array
        The lower node of the bracket.
    exists : (S,) bool array
        False where no stable balance lies between nodes with enough channels.
    """
    xp = array_namespace(imbalance)
    enough = channels >= MIN_CHANNELS
    falls = (imbalance[:, :-1] > 0) & (imbalance[:, 1:] <= 0) & enough[:, 1:]
    spread = xp.where(enough, chi2 / xp.clip(channels - 3, 1.0, None), xp.inf)
    price = CHANNEL_PRICE * xp.clip(xp.min(spread, axis=1), 1.0, None)[:, None]
    score = xp.where(enough, chi2 - price * channels, xp.inf)
    n_nodes = imbalance.shape[1]
    nodes = xp.arange(n_nodes, device=device(imbalance))
    above = xp.where(nodes[None, :] > nodes[:-1, None], score[:, None, :], xp.inf)
    own = xp.minimum(score[:, :-1], score[:, 1:])
    trusted = falls & (own <= xp.min(above, axis=2) + SLACK_CHANNELS * price)
    lowest = xp.min(xp.where(trusted, nodes[:-1], n_nodes), axis=1)
    return xp.where(lowest < n_nodes, lowest, 0), lowest < n_nodes


def kept_current_a_m2(kappa: Any, log_theta: Any) -> Any:
    """Electron current less the secondaries that it frees, for a density of 1 m-3 at the spacecraft.

    Parameters
    ----------
    kappa, log_theta : array
        Distribution at the spacecraft.

    Returns
    -------
    array, A m-2
        NaN where each electron frees more than one.
    """
    xp = array_namespace(kappa)
    kept = 1 - mean_yield(kappa, log_theta)
    return xp.where(kept > 0, kept, xp.nan) * electron_current_a_m2(
        log_normalisation(kappa, log_theta), kappa, log_theta
    )


def shadow_imbalance(potential_v: Any, kappa: Any, log_theta: Any, kept_a_m2: Any) -> Any:
    """Compare arriving ions with the electrons that arrive and are kept: ln of the ratio of their currents.

    Positive where the spacecraft would charge up. The plasma is the ambient one that the potential implies; what was
    fitted at the spacecraft has passed ``|U|`` already, whatever U is. The density drops out.

    Parameters
    ----------
    potential_v : array, V
        Potential of the spacecraft, negative or zero.
    kappa, log_theta : array
        Distribution fitted at the spacecraft.
    kept_a_m2 : array, A m-2
        Of :func:`kept_current_a_m2`.

    Returns
    -------
    array
    """
    xp = array_namespace(kappa)
    density, theta = ambient_of_retarded(xp.ones_like(kappa), kappa, xp.exp(log_theta), potential_v)
    return xp.log(ion_current_a_m2(density, temperature_ev(kappa, theta), potential_v) / kept_a_m2)


def coldest_potential_v(kappa: Any, log_theta: Any) -> Any:
    """Give the potential just short of that which would ask for an ambient temperature of zero.

    Parameters
    ----------
    kappa, log_theta : array
        Distribution fitted at the spacecraft.

    Returns
    -------
    array, V
        Negative.
    """
    xp = array_namespace(kappa)
    return -kappa * theta_energy_ev(xp.exp(log_theta)) * (1 - _NEAREST_TO_COLD)


def shadow_potential_v(kappa: Any, log_theta: Any, tolerance_v: float = 1e-6) -> Any:
    """Find the negative potential at which ions and secondaries balance the electrons that arrive.

    Parameters
    ----------
    kappa, log_theta : (S,) array
        Distributions fitted at the spacecraft.
    tolerance_v : float, V
        Width of the final bracket.

    Returns
    -------
    (S,) array, V
        NaN where no negative potential balances.
    """
    xp = array_namespace(kappa)
    kept = kept_current_a_m2(kappa, log_theta)
    return find_roots(
        lambda potential: shadow_imbalance(potential, kappa, log_theta, kept),
        coldest_potential_v(kappa, log_theta),
        xp.zeros_like(kappa),
        tolerance=tolerance_v,
    )
