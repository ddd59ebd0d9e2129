"""The gamma function's logarithm and its derivative, which the array API does not offer."""

import math
from typing import Any

from array_api_compat import array_namespace

_SHIFT = 8
_LOG_GAMMA_TERMS = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_DIGAMMA_TERMS = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760)


def _series(inverse_square: Any, terms: tuple[float, ...]) -> Any:
    total = terms[-1] + 0.0 * inverse_square
    for term in reversed(terms[:-1]):
        total = total * inverse_square + term
    return total


def log_gamma(x: Any) -> Any:
    """Compute ln Gamma(x) for x > 0 from Stirling's series, after moving x upwards by eight.

    Parameters
    ----------
    x : array
        Positive numbers.

    Returns
    -------
    array
        Of x's shape; relative error near 1e-15.

    References
    ----------
    NIST Digital Library of Mathematical Functions, eq. 5.11.1 and 5.5.1.
    """
    xp = array_namespace(x)
    product = x
    for step in range(1, _SHIFT):
        product = product * (x + step)
    y = x + _SHIFT
    stirling = (y - 0.5) * xp.log(y) - y + 0.5 * math.log(2 * math.pi) + _series(1 / (y * y), _LOG_GAMMA_TERMS) / y
    return stirling - xp.log(product)


def digamma(x: Any) -> Any:
    """Compute the derivative of ln Gamma(x) for x > 0 from its asymptotic series, after moving x upwards by eight.

    Parameters
    ----------
    x : array
        Positive numbers.

    Returns
    -------
    array
        Of x's shape.

    References
    ----------
    NIST Digital Library of Mathematical Functions, eq. 5.11.2 and 5.5.2.
    """
    xp = array_namespace(x)
    below = 1 / x
    for step in range(1, _SHIFT):
        below = below + 1 / (x + step)
    y = x + _SHIFT
    inverse_square = 1 / (y * y)
    return xp.log(y) - 0.5 / y - inverse_square * _series(inverse_square, _DIGAMMA_TERMS) - below
