"""How much of the Sun's disc the Earth covers."""

from typing import Any

from array_api_compat import array_namespace

from potrun.geometry.frames import norm

SHADE_LIMIT = 0.5
"""Covered part of the Sun's disc from which a place counts as in shadow."""


def covered_part(to_sun: Any, to_body: Any, sun_radius: float, body_radius: float) -> Any:
    """Find the part of the Sun's apparent disc that lies behind the disc of another body.

    Parameters
    ----------
    to_sun, to_body : (R, 3) arrays, km
        From the observer, in one frame.
    sun_radius, body_radius : float, km
        Of the spheres.

    Returns
    -------
    (R,) array
        0 outside the penumbra, 1 in the umbra, in between the area of the lens in which the discs overlap; NaN where
        a vector is unknown.
    """
    xp = array_namespace(to_sun, to_body)
    sun_distance, body_distance = norm(to_sun)[:, 0], norm(to_body)[:, 0]
    sun = xp.asin(sun_radius / sun_distance)
    body = xp.asin(xp.clip(body_radius / body_distance, 0.0, 1.0))
    apart = 2.0 * xp.asin(
        xp.clip(0.5 * norm(to_sun / sun_distance[:, None] - to_body / body_distance[:, None])[:, 0], 0.0, 1.0)
    )
    safe = xp.where(apart > 0, apart, xp.ones_like(apart))
    # Circles of radii s and b at distance d: each contributes its sector less the triangle up to the common chord.
    chord = (safe * safe + sun * sun - body * body) / (2.0 * safe)
    half = xp.sqrt(xp.clip(sun * sun - chord * chord, 0.0, None))
    lens = (
        sun * sun * xp.acos(xp.clip(chord / sun, -1.0, 1.0))
        + body * body * xp.acos(xp.clip((safe - chord) / body, -1.0, 1.0))
        - safe * half
    )
    smaller = xp.where(sun < body, sun, body)
    part = xp.where(apart <= xp.abs(sun - body), smaller * smaller / (sun * sun), lens / (xp.pi * sun * sun))
    part = xp.where(apart >= sun + body, xp.zeros_like(part), part)
    is_unknown = (apart != apart) | (body_distance != body_distance)
    return xp.where(is_unknown, xp.full_like(part, float("nan")), xp.clip(part, 0.0, 1.0))


ATMOSPHERE = 1.02
"""Factor by which catalogues of eclipses enlarge the Earth's shadow for its atmosphere [Chauvenet 1891]."""


def penumbral_magnitude(moon_to_sun: Any, moon_to_earth: Any, radii_km: tuple[float, float, float]) -> Any:
    """Tell how far the Moon reaches into the Earth's penumbra.

    Parameters
    ----------
    moon_to_sun, moon_to_earth : (R, 3) arrays, km
        From the Moon's centre, in one frame.
    radii_km : (float, float, float)
        Of Sun, Earth and Moon.

    Returns
    -------
    (R,) array
        Part of the Moon's diameter inside the penumbra along the line to its axis: 0 at the first and last contact,
        negative outside, -1 or less on the sunward side of the Earth.
    """
    xp = array_namespace(moon_to_sun, moon_to_earth)
    sun, earth, moon = radii_km
    earth_to_sun = moon_to_sun - moon_to_earth
    distance = norm(earth_to_sun)[:, 0]
    along = xp.sum(moon_to_earth * earth_to_sun, axis=-1) / distance
    aside = norm(moon_to_earth - earth_to_sun * (along / distance)[:, None])[:, 0]
    # The penumbra widens behind the Earth by the angle under which the Earth's edge sees the Sun's far edge.
    width = ATMOSPHERE * (earth + along * (sun + earth) / distance)
    magnitude = (width + moon - aside) / (2.0 * moon)
    return xp.where(along > 0, magnitude, xp.minimum(magnitude, -xp.ones_like(magnitude)))
