"""What the fit minimises: weighted squares of ln F, with the density solved for at every trial."""

from typing import Any, NamedTuple

from array_api_compat import array_namespace

from potrun.plasma.currents import electron_current_a_m2, photoemission_current_a_m2
from potrun.plasma.response import Arrivals, log_flux_model

CLEAN_FROM, CLEAN_ABOVE = 1.6, 2.2
"""Energies over Usc between which a channel's weight rises from 0 to 1: its response must not reach below Usc."""


class Profile(NamedTuple):
    """The objective at (kappa, ln theta), its best ln f at rest, and its curvature in the Gauss-Newton sense.

    `downhill` is minus half the gradient of `chi2` by (kappa, ln theta), `curvature` half its second derivatives: the
    entries (kappa, kappa), (kappa, ln theta) and (ln theta, ln theta).
    """

    chi2: Any
    log_at_rest: Any
    downhill: tuple[Any, Any]
    curvature: tuple[Any, Any, Any]


def clean_weight(energy_ev: Any, potential_v: Any) -> Any:
    """Weigh channels by how free they are of the spacecraft's own photoelectrons.

    A positive spacecraft draws its photoelectrons back, which therefore fill the energies below Usc. The weight rises
    smoothly so that results depend smoothly on the potential.

    Parameters
    ----------
    energy_ev : (..., E) array, eV
        Channel centres.
    potential_v : (...) array, V
        Potential of the spacecraft.

    Returns
    -------
    (..., E) array
        Between 0 and 1; 1 everywhere for a potential that is not positive.
    """
    xp = array_namespace(energy_ev)
    ramp = (energy_ev / xp.clip(potential_v, 1e-9, None)[..., None] - CLEAN_FROM) / (CLEAN_ABOVE - CLEAN_FROM)
    ramp = xp.clip(ramp, 0.0, 1.0)
    return ramp * ramp * (3 - 2 * ramp)


def profile(seen: Arrivals, log_flux: Any, weight: Any, kappa: Any, log_theta: Any) -> Profile:
    """Evaluate the objective at the best density, which is a weighted mean because ln F is linear in it.

    The density stands in as f at rest: that leaves the gamma functions out of the search.

    Parameters
    ----------
    seen : Arrivals
        What the channels see at the potential in question.
    log_flux, weight : (..., E) array
        Spectrum: ln of m-2 s-1 eV-1, inverse variance of that.
    kappa, log_theta : (...) array
        Trial: spectral index, ln of the thermal speed (m s-1).

    Returns
    -------
    Profile
        Arrays (...).
    """
    xp = array_namespace(log_flux)
    model = log_flux_model(seen, kappa, log_theta)
    share = weight / xp.clip(xp.sum(weight, axis=-1), 1e-30, None)[..., None]

    def centred(values: Any) -> tuple[Any, Any]:
        mean = xp.sum(share * values, axis=-1)
        return values - mean[..., None], mean

    residual, log_at_rest = centred(log_flux - model.log_flux)
    by_kappa, _ = centred(model.by_kappa)
    by_theta, _ = centred(model.by_log_theta)

    weighted_kappa, weighted_theta = weight * by_kappa, weight * by_theta

    def product(weighted: Any, other: Any) -> Any:
        return xp.sum(weighted * other, axis=-1)

    return Profile(
        chi2=product(weight * residual, residual),
        log_at_rest=log_at_rest,
        downhill=(product(weighted_kappa, residual), product(weighted_theta, residual)),
        curvature=(
            product(weighted_kappa, by_kappa),
            product(weighted_kappa, by_theta),
            product(weighted_theta, by_theta),
        ),
    )


def sunlit_imbalance(potential_v: Any, kappa: Any, log_theta: Any, log_at_rest: Any) -> Any:
    """Compare escaping photoelectrons with arriving electrons: ln of the ratio of their currents.

    Positive where the spacecraft would charge further up.

    Parameters
    ----------
    potential_v : array, V
        Potential of the spacecraft, 0 to 150.
    kappa, log_theta, log_at_rest : array
        Ambient plasma as fitted at that potential.

    Returns
    -------
    array
    """
    xp = array_namespace(potential_v)
    arriving = electron_current_a_m2(log_at_rest, kappa, log_theta)
    return xp.log(photoemission_current_a_m2(potential_v) / arriving)
