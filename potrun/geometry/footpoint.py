"""Where straight lines through the spacecraft meet the Moon."""

from typing import Any

from array_api_compat import array_namespace

from potrun.geometry.frames import norm


def first_hit(position: Any, direction: Any, radius: float) -> tuple[Any, Any]:
    """Follow a ray to a sphere about the origin.

    Parameters
    ----------
    position : (R, 3) array
        Start of the ray, outside the sphere.
    direction : (R, 3) array
        Unit vector along the ray.
    radius : float
        Of the sphere, in the unit of `position`.

    Returns
    -------
    is_hit : (R,) bool array
        True where the ray meets the sphere; touching counts.
    point : (R, 3) array
        The first common point; NaN where there is none.
    """
    xp = array_namespace(position, direction)
    nan = xp.asarray(float("nan"), dtype=position.dtype)
    approach = -xp.sum(position * direction, axis=-1)
    power = xp.sum(position * position, axis=-1) - radius * radius
    discriminant = approach * approach - power
    is_hit = (approach > 0) & (discriminant >= 0) & (power >= 0)
    root = xp.sqrt(xp.where(is_hit, discriminant, nan))
    # power / (approach + root) is the nearer root without the cancellation of approach - root.
    point = position + direction * (power / (approach + root))[:, None]
    return is_hit, point


def footpoint(position: Any, field: Any, radius: float) -> tuple[Any, Any]:
    """Trace the magnetic field, taken as straight, from the spacecraft to the surface.

    Parameters
    ----------
    position : (R, 3) array, km
        Of the spacecraft from the Moon's centre.
    field : (R, 3) array
        Magnetic field in the same frame, any unit.
    radius : float, km
        Of the Moon.

    Returns
    -------
    polarity : (R,) int8 array
        +1 where the line along +B meets the surface, -1 where that along -B does, 0 where neither does or anything is
        unknown: then the electrons that return were not reflected by the Moon.
    point : (R, 3) array, km
        The footpoint; NaN where the polarity is 0.
    """
    xp = array_namespace(position, field)
    strength = norm(field)
    unit = field / xp.where(strength > 0, strength, xp.asarray(float("nan"), dtype=strength.dtype))
    hits_along, point_along = first_hit(position, unit, radius)
    hits_against, point_against = first_hit(position, -unit, radius)
    polarity = xp.astype(hits_along, xp.int8) - xp.astype(hits_against, xp.int8)
    return polarity, xp.where(hits_along[:, None], point_along, point_against)


def spacecraft_in_sun(position: Any, to_sun: Any, radius: float) -> Any:
    """Tell whether the ray from the spacecraft to the Sun misses the Moon.

    Parameters
    ----------
    position, to_sun : (R, 3) arrays, km
        Spacecraft from the Moon's centre, Sun from the spacecraft, in one frame.
    radius : float, km
        Of the Moon.

    Returns
    -------
    (R,) bool array
        False where it hits or where anything is unknown.
    """
    is_hit, _ = first_hit(position, to_sun / norm(to_sun), radius)
    return ~is_hit & _is_known(position) & _is_known(to_sun)


def surface_in_sun(point: Any, moon_to_sun: Any) -> Any:
    """Tell whether the outward normal at a point of the surface is within 90 deg of the Sun.

    Parameters
    ----------
    point, moon_to_sun : (R, 3) arrays, km
        From the Moon's centre, in one frame.

    Returns
    -------
    (R,) bool array
        False where anything is unknown.
    """
    xp = array_namespace(point, moon_to_sun)
    return xp.sum(point * moon_to_sun, axis=-1) > 0


def _is_known(vector: Any) -> Any:
    """Tell which (R, 3) vectors have no NaN."""
    xp = array_namespace(vector)
    return xp.all(vector == vector, axis=-1)
