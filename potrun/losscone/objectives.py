"""The two distances between a measured loss cone and the model, and the one call that every solver is judged by.

All functions run unchanged on NumPy arrays and on torch tensors.
"""

from typing import TYPE_CHECKING

from array_api_compat import array_namespace

from potrun.losscone.model import Array, loss_cone_model

if TYPE_CHECKING:
    from potrun.core.settings import FitterConfig

N_PARAMETERS = 3
"""Surface potential, field ratio and beam amplitude: what a reduced chi2 is reduced by."""

CLASSIC_METHODS = ("halekas", "lillis")
"""The methods whose objective is a sum of squared differences, as published."""


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

    For `halekas` it is the sum of the squared differences of the logarithms of flux and model, for `lillis` the reduced
    sum of the squared differences of the fluxes themselves. The first five arguments are the fields of a
    :class:`~potrun.core.records.SweepBatch`, or one sweep of it.

    Parameters
    ----------
    energy_ev, usc_v : (..., E) float64, eV and V
    pitch_deg, flux : (..., E, C) float64, deg and dimensionless
    mask : (..., E, C) bool
        Cells that are included; the others may hold NaN.
    u_surface_v, ratio, beam_amplitude : (...) float64
        U in V, r and A; the leading shape broadcasts against that of the data.
    settings : FitterConfig

    Returns
    -------
    (...) float64

    References
    ----------
    Halekas et al. 2008, doi:10.1029/2008JA013194, section 2; Lillis et al. 2008, doi:10.1016/j.icarus.2007.09.032.
    """
    squares = squared_differences(energy_ev, usc_v, pitch_deg, flux, mask, u_surface_v, ratio, beam_amplitude, settings)
    xp = array_namespace(squares)
    return xp.sum(squares, axis=(-2, -1)) / divisor(mask, settings)


def squared_differences(
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
    """Squared difference of measurement and model in each cell: what :func:`evaluate` sums up.

    Parameters
    ----------
    energy_ev, usc_v, pitch_deg, flux, mask, u_surface_v, ratio, beam_amplitude, settings
        As for :func:`evaluate`.

    Returns
    -------
    (..., E, C) float64
        Zero in cells that are not included.

    Raises
    ------
    ValueError
        If `settings.method` is not one of the two that square differences of fluxes.
    """
    if settings.method not in CLASSIC_METHODS:
        raise ValueError(f"fitter={settings.method} found, expected one of {', '.join(CLASSIC_METHODS)}")
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
    xp = array_namespace(flux, model)
    if settings.method == "halekas":
        one = xp.ones_like(flux)
        # Cells that are not included take part as ln 1 - ln 1.
        measured = xp.log(xp.where(mask, flux + settings.log_offset, one))
        difference = measured - xp.log(xp.where(mask, model + settings.log_offset, one))
    else:
        difference = xp.where(mask, flux - model, xp.zeros_like(model))
    return difference * difference


def divisor(mask: Array, settings: "FitterConfig") -> Array:
    """Find what the sum of squared differences is divided by.

    Parameters
    ----------
    mask : (..., E, C) bool
        Cells that are included.
    settings : FitterConfig

    Returns
    -------
    (...) float64
        For `lillis` the number of cells less three, or one where that is less; for `halekas` one.
    """
    xp = array_namespace(mask)
    cells = xp.sum(xp.astype(mask, xp.float64), axis=(-2, -1))
    return xp.clip(cells - N_PARAMETERS, 1.0, None) if settings.method == "lillis" else xp.ones_like(cells)
