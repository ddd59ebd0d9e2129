"""Bracketed roots of many functions at once."""

from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace


def find_roots(
    function: Callable[[Any], Any],
    low: Any,
    high: Any,
    *,
    value_low: Any | None = None,
    value_high: Any | None = None,
    tolerance: float = 1e-9,
    max_steps: int = 80,
) -> Any:
    """Find a root of each of many functions inside its own bracket, by Chandrupatla's method.

    Inverse quadratic interpolation where the last three points allow it, bisection elsewhere. Each root's path depends
    on its own function alone; a finished one keeps its place while others go on.

    Parameters
    ----------
    function : callable
        Maps (S,) arguments to (S,) values, each from its own argument.
    low, high : (S,) array
        Brackets.
    value_low, value_high : (S,) array, optional
        Values there, if known.
    tolerance : float
        Width of the bracket that counts as found, in the argument's unit.
    max_steps : int
        Most evaluations.

    Returns
    -------
    (S,) array
        NaN where the values at the two ends do not differ in sign.

    References
    ----------
    Chandrupatla 1997, doi:10.1016/S0965-9978(96)00051-8.
    """
    xp = array_namespace(low)
    older, newer = low, high
    value_older = function(low) if value_low is None else value_low
    value_newer = function(high) if value_high is None else value_high
    bracketed = (value_older * value_newer <= 0) & xp.isfinite(value_older * value_newer)
    fraction = xp.full_like(low, 0.5)
    found = ~bracketed
    for _ in range(max_steps):
        trial = older + fraction * (newer - older)
        value = function(trial)
        same = value * value_older > 0
        third = xp.where(same, older, newer)
        value_third = xp.where(same, value_older, value_newer)
        newer_next = xp.where(same, newer, older)
        value_newer_next = xp.where(same, value_newer, value_older)
        older, value_older = xp.where(found, older, trial), xp.where(found, value_older, value)
        newer, value_newer = xp.where(found, newer, newer_next), xp.where(found, value_newer, value_newer_next)
        width = xp.abs(newer - older)
        found = found | (width <= tolerance) | (value_older == 0)
        if bool(xp.all(found)):
            break
        fraction = _next_fraction(older, newer, third, value_older, value_newer, value_third, tolerance / 2)
    best = xp.where(xp.abs(value_older) <= xp.abs(value_newer), older, newer)
    return xp.where(bracketed, best, xp.nan)


def _next_fraction(a: Any, b: Any, c: Any, fa: Any, fb: Any, fc: Any, margin: float) -> Any:
    """Place the next trial between a and b, as a fraction of the way from a."""
    xp = array_namespace(a)
    one = xp.ones_like(a)
    xi = (a - b) / xp.where(c == b, one, c - b)
    phi = (fa - fb) / xp.where(fc == fb, one, fc - fb)
    smooth = (phi * phi < xi) & ((1 - phi) * (1 - phi) < 1 - xi)
    ba, bc = xp.where(fb == fa, one, fb - fa), xp.where(fb == fc, one, fb - fc)
    ca, ab = xp.where(fc == fa, one, fc - fa), xp.where(b == a, one, b - a)
    inverse = fa / ba * fc / bc + (c - a) / ab * fa / ca * fb / xp.where(fc == fb, one, fc - fb)
    least = xp.clip(margin / xp.clip(xp.abs(b - a), margin, None), 0.0, 0.5)
    inverse = xp.minimum(xp.maximum(inverse, least), 1 - least)
    return xp.where(smooth, inverse, 0.5 * one)
