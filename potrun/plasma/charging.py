"""Where the currents balance: of nodes in sun the bracket to trust, in shadow the potential itself."""

from typing import Any

from array_api_compat import array_namespace

from potrun.plasma.currents import electron_current_a_m2, ion_current_a_m2, mean_yield
from potrun.plasma.kappa import ambient_of_retarded, temperature_ev, theta_energy_ev
from potrun.plasma.roots import find_roots

SUNLIT_NODES_V = (0.0, 1.5, 3.0, 5.0, 7.5, 10.0, 13.0, 16.0, 20.0, 25.0, 31.0, 38.0, 47.0, 58.0, 75.0, 100.0, 150.0)
"""Potentials at which a sunlit sweep is first fitted; they reach over the whole photoemission curve."""

CHANNEL_PRICE = 9.0
"""Drop in chi2 that leaving out one more channel as contaminated must bring."""

MIN_CHANNELS = 4.0
"""Fewest channels that can test a fit of three parameters."""

_NEAREST_TO_COLD = 1e-6


def choose_bracket(imbalance: Any, chi2: Any, channels: Any) -> tuple[Any, Any]:
    """Choose between which nodes a sunlit spacecraft settles.

    A balance is stable where charging further up would stop the charging: the imbalance falls through zero. Below the
    true one there can be another, where returning photoelectrons are taken for plasma; it shows in chi2, and the
    potential that explains more channels better is chosen.

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
    falls = (imbalance[:, :-1] > 0) & (imbalance[:, 1:] <= 0) & (channels[:, 1:] >= MIN_CHANNELS)
    score = chi2[:, 1:] - CHANNEL_PRICE * channels[:, 1:]
    score = xp.where(falls, score, xp.inf)
    return xp.argmin(score, axis=1), xp.any(falls, axis=1)


def shadow_imbalance(potential_v: Any, kappa: Any, log_theta: Any, kept: Any) -> Any:
    """Compare arriving ions with the electrons that arrive and are kept: ln of the ratio of their currents.

    Positive where the spacecraft would charge up. The plasma is the ambient one that the potential implies.

    Parameters
    ----------
    potential_v : array, V
        Potential of the spacecraft, negative or zero.
    kappa, log_theta : array
        Distribution fitted at the spacecraft: its flux is the one that has passed |U|, whatever U is.
    kept : array
        One less the mean yield of secondary electrons.

    Returns
    -------
    array
        The density drops out.
    """
    xp = array_namespace(kappa)
    unit = xp.ones_like(kappa)
    density, theta = ambient_of_retarded(unit, kappa, xp.exp(log_theta), potential_v)
    ions = ion_current_a_m2(density, temperature_ev(kappa, theta), potential_v)
    return xp.log(ions / (kept * electron_current_a_m2(unit, kappa, log_theta)))


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
    kept = 1 - mean_yield(kappa, log_theta)
    kept = xp.where(kept > 0, kept, xp.nan)
    return find_roots(
        lambda potential: shadow_imbalance(potential, kappa, log_theta, kept),
        coldest_potential_v(kappa, log_theta),
        xp.zeros_like(kappa),
        tolerance=tolerance_v,
    )
