"""The model's equations as compiled code calls them: the public functions themselves, compiled for single numbers.

The logarithm is written out here, because a processor cannot carry out calls of the library's for several cells at
once. It is right to two units in the last place of a logarithm of order one, far less than bounds are widened by.
"""

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from potrun.losscone import model
from potrun.search.exact.jit import inlined
from potrun.search.exact.records import Problem
from potrun.search.exact.tuning import REACH

_mirror_ratio = inlined(model.mirror_ratio)
beam_exponent = inlined(model.beam_exponent)

FAINTEST = -0.5 * REACH * REACH
"""Logarithm of the relative strength below which the beam is taken as zero."""

LN_2_HIGH, LN_2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
"""ln 2 in two parts, the first with trailing zeros, so that its multiples are exact."""

BIAS = 1023
"""Of the exponent of a float64."""

SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
"""Bits of sqrt(1/2) as a float64."""

MANTISSA_BITS = 52


@inlined
def cone_edge(energy: float, usc: float, u: float, ratio: float) -> float:
    """Edge of the loss cone in one row, sin^2."""
    edge: float = min(max(_mirror_ratio(energy, usc, u, ratio), 0.0), 1.0)
    return edge


@inlined
def beam_profile(energy: float, usc: float, u: float, width: float) -> float:
    """Strength of the beam in one row, relative to its amplitude."""
    drop = usc - u
    exponent = beam_exponent(energy, max(drop, width), width)
    return math.exp(exponent) if drop > 0.0 and exponent > FAINTEST else 0.0


@inlined
def level(problem: Problem, flux: float) -> float:
    """Model as the objective compares it: its logarithm, or itself."""
    return logarithm(flux + problem.log_offset) if problem.is_logarithmic else flux


@intrinsic  # type: ignore[untyped-decorator]
def _bits_of(_context: Any, _number: Any) -> Any:
    """Bits of a float64 as an integer."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _float_of(_context: Any, _bits: Any) -> Any:
    """Float64 of the given bits."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@inlined
def logarithm(x: float) -> float:
    """Natural logarithm of a positive, normal number.

    With x = 2^e m and m between sqrt(1/2) and sqrt(2), ln m = 2 artanh((m - 1) / (m + 1)), a series in the square of
    an argument below 0.172; eleven terms leave 1e-17.
    """
    shifted = _bits_of(x) - SQRT_HALF_BITS + (BIAS << MANTISSA_BITS)
    exponent = (shifted >> MANTISSA_BITS) - BIAS
    m = _float_of(_bits_of(x) - (exponent << MANTISSA_BITS))
    f = (m - 1.0) / (m + 1.0)
    s = f * f
    high = 1.0 / 13.0 + s * (1.0 / 15.0 + s * (1.0 / 17.0 + s * (1.0 / 19.0 + s * (1.0 / 21.0))))
    series = s * (1.0 / 3.0 + s * (1.0 / 5.0 + s * (1.0 / 7.0 + s * (1.0 / 9.0 + s * (1.0 / 11.0 + s * high)))))
    # The series ends below 1e-17 after the term in s^10.
    e = float(exponent)
    result: float = e * LN_2_HIGH + (2.0 * f + (2.0 * f * series + e * LN_2_LOW))
    return result
