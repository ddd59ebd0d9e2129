"""What a loss cone looks like: normalised flux against pitch angle and energy, for arrays of any library.

Every function runs unchanged on NumPy arrays and on torch tensors. Energies of a row stand on the last axis but one of
the result, cells on the last; parameters have any leading shape, which broadcasts against that of the data.
"""

from typing import Any

from array_api_compat import array_namespace

Array = Any
"""A NumPy array or a torch tensor."""

DEGREE = 0.017453292519943295
"""One degree in radians."""


def pitch_sine_squared(pitch_deg: Array) -> Array:
    """Square of the sine of a pitch angle, the quantity that the mirror force orders cells by.

    Parameters
    ----------
    pitch_deg : (...) float64, deg

    Returns
    -------
    (...) float64, 0..1
        NaN where the pitch angle is.
    """
    xp = array_namespace(pitch_deg)
    sine = xp.sin(pitch_deg * DEGREE)
    return sine * sine


def loss_cone_sine_squared(energy_ev: Array, usc_v: Array, u_surface_v: Array, ratio: Array) -> Array:
    """Square of the sine of the loss cone's half angle at the spacecraft.

    An electron conserves its magnetic moment and its energy on the way down: a negative surface potential turns
    electrons back and narrows the cone, a positive spacecraft potential has added to the measured energy. The result
    never decreases with `u_surface_v` or `ratio`, in floating point too, which is what bounds over boxes rely on.

    Parameters
    ----------
    energy_ev, usc_v : (..., E) float64, eV and V
        Measured energy and spacecraft potential of each row; rows below the potential have no meaning here.
    u_surface_v : (...) float64, V
        Surface potential U.
    ratio : (...) float64
        Magnetic field at the spacecraft over that at the surface, r.

    Returns
    -------
    (..., E) float64, 0..1
        clip(r (1 + U / (E - Usc)), 0, 1).

    References
    ----------
    Halekas et al. 2008, doi:10.1029/2008JA013194, equation 1.
    """
    xp = array_namespace(energy_ev, u_surface_v)
    return xp.clip(mirror_ratio(energy_ev, usc_v, u_surface_v[..., None], ratio[..., None]), 0.0, 1.0)


def mirror_ratio(energy_ev: Array, usc_v: Array, u_surface_v: Array, ratio: Array) -> Array:
    """sin^2 of the loss cone's half angle before it is limited to 0..1, for numbers or arrays that broadcast.

    Arithmetic alone, so that it can be compiled for single numbers too.

    Parameters
    ----------
    energy_ev, usc_v, u_surface_v, ratio : float or (...) float64
        As for :func:`loss_cone_sine_squared`.

    Returns
    -------
    float or (...) float64
        r (1 + U / (E - Usc)); infinite for an electron that arrives without energy, unless U is zero.
    """
    # A potential of exactly zero changes no energy, not even that of an electron which arrives with none: 0 / 0 is 0.
    return ratio * (1.0 + u_surface_v / (energy_ev - usc_v + (u_surface_v == 0.0)))


def beam_energy_profile(energy_ev: Array, usc_v: Array, u_surface_v: Array, width_ev: float) -> Array:
    """Relative strength at each energy of the beam of secondary electrons from the surface.

    Secondaries fall from the surface potential U to the spacecraft's and arrive with Usc - U; where that is not
    positive none arrive.

    Parameters
    ----------
    energy_ev, usc_v : (..., E) float64, eV and V
    u_surface_v : (...) float64, V
    width_ev : float, eV
        Standard deviation of the beam in energy, and the lowest energy its centre may have.

    Returns
    -------
    (..., E) float64, 0..1

    References
    ----------
    Halekas et al. 2008, doi:10.1029/2008JA013194, section 2.
    """
    xp = array_namespace(energy_ev, u_surface_v)
    drop = usc_v - u_surface_v[..., None]
    strength = xp.exp(beam_exponent(energy_ev, xp.clip(drop, width_ev, None), width_ev))
    return xp.where(drop > 0.0, strength, xp.zeros_like(strength))


def beam_exponent(energy_ev: Array, centre_ev: Array, width_ev: float) -> Array:
    """Logarithm of the beam's relative strength at an energy, for numbers or arrays that broadcast.

    Parameters
    ----------
    energy_ev, centre_ev : float or (...) float64, eV
        Measured energy, and energy that secondaries arrive with.
    width_ev : float, eV

    Returns
    -------
    float or (...) float64
    """
    distance = (energy_ev - centre_ev) / width_ev
    return -0.5 * distance * distance


def beam_pitch_profile(pitch_deg: Array, angle_deg: float) -> Array:
    """Relative strength of the secondary beam in each cell; it comes straight up the field line, at 180 deg.

    Parameters
    ----------
    pitch_deg : (...) float64, deg
    angle_deg : float, deg
        Standard deviation of the beam in pitch angle.

    Returns
    -------
    (...) float64, 0..1
    """
    xp = array_namespace(pitch_deg)
    distance = (pitch_deg - 180.0) / angle_deg
    return xp.exp(-0.5 * distance * distance)


def loss_cone_model(
    energy_ev: Array,
    usc_v: Array,
    pitch_deg: Array,
    u_surface_v: Array,
    ratio: Array,
    beam_amplitude: Array,
    *,
    background: float,
    beam_width_ev: float,
    beam_angle_deg: float,
) -> Array:
    """Flux relative to the incident flux: one outside the loss cone, the background inside, plus the secondary beam.

    Pitch angles are counted from the moonward field direction: below 90 deg electrons go to the Moon, and up to 180 deg
    minus the cone's half angle they come back mirrored. The edge is compared in sin^2, where a wider cone is a larger
    number: a cell beyond 90 deg is empty where sin^2(a) < sin^2(a_c).

    Parameters
    ----------
    energy_ev, usc_v : (..., E) float64, eV and V
    pitch_deg : (..., E, C) float64, deg
    u_surface_v, ratio, beam_amplitude : (...) float64
        U in V, r = B at the spacecraft over B at the surface, A relative to the incident flux.
    background : float
        Relative flux inside the loss cone.
    beam_width_ev, beam_angle_deg : float
        Standard deviations of the beam in energy (eV) and pitch angle (deg).

    Returns
    -------
    (..., E, C) float64

    References
    ----------
    Halekas et al. 2008, doi:10.1029/2008JA013194, section 2.
    """
    xp = array_namespace(energy_ev, u_surface_v)
    edge = loss_cone_sine_squared(energy_ev, usc_v, u_surface_v, ratio)[..., None]
    is_lost = (pitch_deg > 90.0) & (pitch_sine_squared(pitch_deg) < edge)
    strength = beam_amplitude[..., None] * beam_energy_profile(energy_ev, usc_v, u_surface_v, beam_width_ev)
    beam = strength[..., None] * beam_pitch_profile(pitch_deg, beam_angle_deg)
    return xp.where(is_lost, background + beam, 1.0 + beam)
