"""Angles between the motion of electrons and the field line to the Moon."""

from typing import Any

from array_api_compat import array_namespace

from potrun.geometry.frames import norm


def pitch_angle_deg(theta_deg: Any, phi_deg: Any, b_scd: Any, polarity: Any) -> Any:
    """Compute the pitch angle of every cell.

    Electrons of a cell move along (cos theta cos phi, cos theta sin phi, sin theta) in the despun spacecraft frame.
    Angles below 90 deg are incident on the Moon, above 90 deg reflected.

    Parameters
    ----------
    theta_deg : (C,) array, deg
        Inclinations of the cells.
    phi_deg : (R, C) array, deg
        Azimuths of the cells.
    b_scd : (R, 3) array
        Magnetic field in the despun spacecraft frame, any unit.
    polarity : (R,) array
        Sign that turns B towards the Moon.

    Returns
    -------
    (R, C) array, deg
        NaN where the polarity is 0, the field is zero or the azimuth is missing.
    """
    xp = array_namespace(theta_deg, phi_deg, b_scd)
    nan = xp.asarray(float("nan"), dtype=phi_deg.dtype)
    strength = norm(b_scd)
    moonward = b_scd * xp.astype(polarity, phi_deg.dtype)[:, None] / xp.where(strength > 0, strength, nan)
    moonward = xp.where(polarity[:, None] != 0, moonward, nan)
    x, y, z = moonward[:, 0:1], moonward[:, 1:2], moonward[:, 2:3]
    degree = xp.pi / 180.0
    # Turning the azimuths to that of B needs one cosine a cell, where components would need a sine as well.
    across = xp.sqrt(x * x + y * y) * xp.cos(phi_deg * degree - xp.atan2(y, x))
    cosine = xp.cos(theta_deg * degree) * across + xp.sin(theta_deg * degree) * z
    return xp.acos(xp.clip(cosine, -1.0, 1.0)) * (180.0 / xp.pi)
