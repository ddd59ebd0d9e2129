"""Day tables as bytes: fixed-width records of 183 fields, formatted in bulk."""

import numpy as np
from numpy.typing import NDArray

from potrun.simulate.cells import N_CELLS
from potrun.simulate.flags import FLUX_ERRONEOUS, FLUX_MISSING

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_ZERO, _BLANK = ord("0"), ord(" ")


def table_bytes(
    utc: NDArray[np.str_],
    posix_s: IntArray,
    energy_ev: FloatArray,
    spectrum_number: IntArray,
    b_scd_nt: FloatArray,
    flux: FloatArray,
    phi_deg: FloatArray,
) -> bytes:
    """Format the rows of one day.

    Parameters
    ----------
    utc : (R,) str
        Times.
    posix_s, spectrum_number : (R,) int64
        Seconds since 1970 and sweep numbers.
    energy_ev : (R,) float64, eV
        Centre energies.
    b_scd_nt : (R, 3) float64, nT
        Field.
    flux : (R, 88) float64, cm-2 s-1 sr-1 eV-1
        Fluxes, flags as numbers.
    phi_deg : (R, 88) float64, deg
        Azimuths, flags as numbers.

    Returns
    -------
    bytes
        R records of equal length, each closed by CR LF.
    """
    heads = [
        f"{t}{s:14.1f}{e:11.3f}{n:6d}{b[0]:12.6f}{b[1]:12.6f}{b[2]:12.6f}"
        for t, s, e, n, b in zip(
            utc, posix_s.tolist(), energy_ev.tolist(), spectrum_number.tolist(), b_scd_nt.tolist(), strict=True
        )
    ]
    rows = len(heads)
    head = np.frombuffer("".join(heads).encode("ascii"), dtype=np.uint8).reshape(rows, -1)
    parts = (head, flux_text(flux), azimuth_text(phi_deg), np.tile(np.frombuffer(b"\r\n", np.uint8), (rows, 1)))
    return np.concatenate(parts, axis=1).tobytes()


def flux_text(flux: FloatArray) -> Bytes:
    """Write numbers as `` d.dddE-dd`` (a blank, then scientific notation with three decimals).

    Parameters
    ----------
    flux : (R, 88) float64
        Not negative, apart from the flag for erroneous values.

    Returns
    -------
    (R, 880) uint8
        ASCII codes.
    """
    is_number = (flux > 0) & (flux != FLUX_MISSING)
    safe = np.where(is_number, flux, 1.0)
    exponent = np.floor(np.log10(safe)).astype(np.int64)
    mantissa = np.rint(safe * _power_of_ten(3 - exponent)).astype(np.int64)
    carried, short = mantissa >= 10000, mantissa < 1000
    exponent += carried.astype(np.int64) - short
    mantissa = np.rint(safe * _power_of_ten(3 - exponent)).astype(np.int64)
    mantissa = np.where(flux == FLUX_MISSING, 9999, np.where(is_number, mantissa, 0))
    exponent = np.where(flux == FLUX_MISSING, -99, np.where(is_number, exponent, 0))
    out = np.empty((*flux.shape, 10), dtype=np.uint8)
    out[..., 0], out[..., 2], out[..., 6] = _BLANK, ord("."), ord("E")
    digits = _digits(mantissa, 4)
    out[..., 1], out[..., 3:6] = digits[..., 0], digits[..., 1:]
    out[..., 7] = np.where(exponent < 0, ord("-"), ord("+"))
    out[..., 8:] = _digits(np.abs(exponent), 2)
    out[flux == FLUX_ERRONEOUS] = np.frombuffer(b" -9.99E-99", dtype=np.uint8)
    return out.reshape(len(flux), 10 * N_CELLS)


def azimuth_text(phi_deg: FloatArray) -> Bytes:
    """Write angles in seven columns with two decimals.

    Parameters
    ----------
    phi_deg : (R, 88) float64, deg
        In 0..999.99.

    Returns
    -------
    (R, 616) uint8
        ASCII codes.
    """
    hundredths = np.rint(phi_deg * 100.0).astype(np.int64)
    out = np.full((*phi_deg.shape, 7), _BLANK, dtype=np.uint8)
    digits = _digits(hundredths, 5)
    out[..., 1:4], out[..., 4], out[..., 5:] = digits[..., :3], ord("."), digits[..., 3:]
    out[..., 1][hundredths < 10000] = _BLANK
    out[..., 2][hundredths < 1000] = _BLANK
    return out.reshape(len(phi_deg), 7 * N_CELLS)


def _power_of_ten(exponent: IntArray) -> FloatArray:
    return np.power(10.0, exponent)


def _digits(values: IntArray, count: int) -> Bytes:
    """Split whole numbers in decimal digits, as ASCII codes along a last axis."""
    table = np.arange(10**count)
    digits = np.stack([table // 10**place % 10 for place in range(count - 1, -1, -1)], axis=1) + _ZERO
    return digits.astype(np.uint8)[values]
