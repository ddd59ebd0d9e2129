"""How well expected counts explain counted ones, where the scatter is counting and a relative part beside it.

Counts rebuilt from the archive's fluxes went through 8-bit compression, a dead-time correction and anodes of
unpublished efficiency. They are not Poisson in the strict sense: their variance is taken as lambda + f^2 lambda^2, that
of a negative binomial. The result is a quasi-likelihood.
"""

from array_api_compat import array_namespace

from potrun.losscone.model import Array


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
        (n + 1/f^2) ln((1 + f^2 lambda) / (1 + f^2 n)) - n ln(lambda / n).

    References
    ----------
    Wedderburn 1974, doi:10.1093/biomet/61.3.439; the negative binomial's deviance is twice this.
    """
    xp = array_namespace(counts, expected)
    square = scatter * scatter
    size = 1.0 / square
    spread = (counts + size) * (xp.log1p(square * expected) - xp.log1p(square * counts))
    return spread - counts * (xp.log(expected) - xp.log(xp.clip(counts, 1e-300, None)))


def variance(expected: Array, scatter: float) -> Array:
    """Variance of counts: lambda + f^2 lambda^2; the misfit's derivative by lambda is (lambda - n) over it."""
    return expected + scatter * scatter * expected * expected
