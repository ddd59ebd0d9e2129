"""Directions: the despun spacecraft frame and latitudes and longitudes."""

from typing import Any

from array_api_compat import array_namespace


def scd_to_parent(spin_axis: Any, to_sun: Any) -> Any:
    """Build the rotation out of the despun spacecraft frame (SCD).

    z is the spin axis, x the direction from the spacecraft to the Sun with its part along z removed, y = z cross x.

    Parameters
    ----------
    spin_axis : (R, 3) array
        Unit vectors of the spin axis in some frame.
    to_sun : (R, 3) array
        Vectors from the spacecraft to the Sun in the same frame, any length.

    Returns
    -------
    (R, 3, 3) array
        Matrices that take SCD components to that frame; NaN where the Sun lies along the spin axis.
    """
    xp = array_namespace(spin_axis, to_sun)
    across = to_sun - spin_axis * xp.sum(spin_axis * to_sun, axis=-1, keepdims=True)
    length = norm(across)
    # Rounding leaves about 1e-16 of the Sun's distance where nothing should be left.
    x = across / xp.where(length > 1e-12 * norm(to_sun), length, xp.asarray(float("nan"), dtype=length.dtype))
    y = xp.linalg.cross(spin_axis, x)
    return xp.stack([x, y, spin_axis + 0 * x], axis=-1)


def rotate(matrix: Any, vector: Any) -> Any:
    """Apply (R, 3, 3) matrices to (R, 3) vectors."""
    xp = array_namespace(matrix, vector)
    return xp.sum(matrix * vector[:, None, :], axis=-1)


def rotate_all(outer: Any, inner: Any) -> Any:
    """Multiply (R, 3, 3) matrices: first `inner` is applied, then `outer`."""
    xp = array_namespace(outer, inner)
    return xp.matmul(outer, inner)


def norm(vector: Any) -> Any:
    """Lengths of (R, 3) vectors as (R, 1)."""
    xp = array_namespace(vector)
    return xp.sqrt(xp.sum(vector * vector, axis=-1, keepdims=True))


def latitude_longitude_deg(position: Any) -> tuple[Any, Any]:
    """Planetocentric latitude and longitude of positions.

    Parameters
    ----------
    position : (R, 3) array
        Body-fixed components, any length unit.

    Returns
    -------
    latitude, longitude : (R,) arrays, deg
        Longitude is positive towards the east, in -180..180.
    """
    xp = array_namespace(position)
    x, y, z = position[:, 0], position[:, 1], position[:, 2]
    degree = 180.0 / xp.pi
    return xp.atan2(z, xp.sqrt(x * x + y * y)) * degree, xp.atan2(y, x) * degree
