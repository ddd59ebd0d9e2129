"""What is known to be wrong with a way to fit, wherever its results are handed on."""

from potrun.core.settings import FitterConfig

_BIAS = {
    ("halekas", False): ("-36 %", "49 %"),
    ("lillis", False): ("-12 %", "70 %"),
    ("halekas", True): ("-25 %", "94 %"),
    ("lillis", True): ("-2 %", "93 %"),
}
"""Median error of U as a share of |U|, negative where the surface is called more negative than it is, and how many of
its 95 % intervals hold the truth: closures of the simulated instrument that flew, docs/closure.md."""


def caveat(fitter: FitterConfig) -> str:
    """Say how far a fit is off on the instrument that flew.

    Parameters
    ----------
    fitter : FitterConfig

    Returns
    -------
    str
        One line; empty for a fit without a known bias.
    """
    known = _BIAS.get((fitter.method, fitter.effective_energy))
    if known is None:
        return ""
    bias, held = known
    how = " with effective_energy" if fitter.effective_energy else ""
    return (
        f"{fitter.method}{how} compares cell centres with a sharp cone: on the simulated instrument that flew its U is "
        f"off by {bias} of |U| (median), and {held} of its 95 % intervals hold the truth (docs/closure.md)"
    )
