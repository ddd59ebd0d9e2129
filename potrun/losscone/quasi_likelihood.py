"""How well expected counts explain counted ones, where the scatter is counting and a relative part beside it.

Counts rebuilt from the archive's fluxes went through 8-bit compression, a dead-time correction and anodes of
unpublished efficiency. They are not Poisson in the strict sense: their variance is taken as lambda + f^2 lambda^2, that
of a negative binomial. The result is a quasi-likelihood.
"""

from array_api_compat import array_namespace

from potrun.losscone.model import Array

NEARLY_NOTHING = -1.0 + 2.0**-23
"""Relative shortfall of expected counts beyond which single precision no longer tells a model from none."""


def misfit(counts: Array, expected: Array, scatter: float) -> Array:
    """Negative logarithm of a cell's quasi-likelihood, less its value where the model gives exactly the counts.

    Parameters
    ----------
    counts, expected : (...) float64
        Counted, zero included, and expected, above zero.
    scatter : float
        Relative scatter f beside counting, above zero.

    Returns
    -------
    (...) float64, from 0 on
        (n + 1/f^2) ln((1 + f^2 lambda) / (1 + f^2 n)) - n ln(lambda / n); ln(1 + f^2 lambda) / f^2 for n = 0.

    References
    ----------
    Wedderburn 1974, doi:10.1093/biomet/61.3.439; the negative binomial's deviance is twice this.
    """
    xp = array_namespace(counts, expected)
    size = 1.0 / (scatter * scatter)
    away = expected - counts
    # Written so that little cancels: single precision does.
    counted = xp.clip(counts, 1e-30, None)
    relative = size * away / (counted * (size + expected))
    relative = xp.clip(relative, NEARLY_NOTHING, None)
    return size * xp.log1p(away / (size + counts)) - counts * xp.log1p(relative)


def variance(expected: Array, scatter: float) -> Array:
    """Variance of counts: lambda + f^2 lambda^2; the misfit's derivative by lambda is (lambda - n) over it."""
    return expected + scatter * scatter * expected * expected
