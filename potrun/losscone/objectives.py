"""The two distances between a measured loss cone and the model, and the one call that every solver is judged by.

All functions run unchanged on NumPy arrays and on torch tensors.
"""

from typing import TYPE_CHECKING

from array_api_compat import array_namespace

from potrun.losscone.model import Array, loss_cone_model

if TYPE_CHECKING:
    from potrun.config import FitterConfig

N_PARAMETERS = 3
"""Surface potential, field ratio and beam amplitude: what a reduced chi2 is reduced by."""


def halekas_chi2(flux: Array, mask: Array, model: Array, log_offset: float) -> Array:
    """Sum of squared differences of the logarithms of flux and model.

    Parameters
    ----------
    flux, model : (..., E, C) float64
        Normalised flux and its model.
    mask : (..., E, C) bool
        Cells that count.
    log_offset : float
        Added to both before the logarithm.

    Returns
    -------
    (...) float64

    References
    ----------
    Halekas et al. 2008, doi:10.1029/2008JA013194, section 2.
    """
    xp = array_namespace(flux, model)
    one = xp.ones_like(flux)
    # Masked cells may hold NaN; they take part as ln 1 - ln 1.
    measured = xp.log(xp.where(mask, flux + log_offset, one))
    difference = measured - xp.log(xp.where(mask, model + log_offset, one))
    return xp.sum(difference * difference, axis=(-2, -1))


def lillis_chi2(flux: Array, mask: Array, model: Array) -> Array:
    """Reduced sum of squared differences of flux and model over the cells at the cone's edge.

    Parameters
    ----------
    flux, model : (..., E, C) float64
    mask : (..., E, C) bool

    Returns
    -------
    (...) float64
        Divided by the number of cells less three, or by one where that is less.

    References
    ----------
    Lillis et al. 2008, doi:10.1016/j.icarus.2007.09.032.
    """
    xp = array_namespace(flux, model)
    difference = xp.where(mask, flux - model, xp.zeros_like(model))
    cells = xp.sum(xp.astype(mask, difference.dtype), axis=(-2, -1))
    return xp.sum(difference * difference, axis=(-2, -1)) / xp.clip(cells - N_PARAMETERS, 1.0, None)


def evaluate(
    energy_ev: Array,
    usc_v: Array,
    pitch_deg: Array,
    flux: Array,
    mask: Array,
    u_surface_v: Array,
    ratio: Array,
    beam_amplitude: Array,
    settings: "FitterConfig",
) -> Array:
    """Objective of `settings.method` at given parameters, the number that is reported as chi2.

    The first five arguments are the fields of a :class:`~potrun.records.SweepBatch`, or one sweep of it.

    Parameters
    ----------
    energy_ev, usc_v : (..., E) float64, eV and V
    pitch_deg, flux : (..., E, C) float64, deg and dimensionless
    mask : (..., E, C) bool
    u_surface_v, ratio, beam_amplitude : (...) float64
        U in V, r and A; the leading shape broadcasts against that of the data.
    settings : FitterConfig

    Returns
    -------
    (...) float64
    """
    model = loss_cone_model(
        energy_ev,
        usc_v,
        pitch_deg,
        u_surface_v,
        ratio,
        beam_amplitude,
        background=settings.background,
        beam_width_ev=settings.beam_width_ev,
        beam_angle_deg=settings.beam_angle_deg,
    )
    if settings.method == "halekas":
        return halekas_chi2(flux, mask, model, settings.log_offset)
    return lillis_chi2(flux, mask, model)
