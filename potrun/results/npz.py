"""NPZ files as a stream: columns written block by block, with bytes that depend on their content alone."""

import io
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

FAST_DEFLATE = 1
_ZIP64_ABOVE = 2**31 - 1


def npy_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Return the header that an array's bytes follow in an NPY file."""
    stream = io.BytesIO()
    description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, description)
    return stream.getvalue()


class NpzWriter:
    """Writes named arrays into an NPZ, in the order given, with fixed time stamps.

    Parameters
    ----------
    stream : binary file
        Open for writing and seekable.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=FAST_DEFLATE)

    def __enter__(self) -> "NpzWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._zip.close()
            return
        with suppress(OSError, ValueError):  # the error under way says more than one of closing a broken file
            self._zip.close()

    def add(
        self,
        name: str,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        blocks: Iterable[bytes | memoryview],
        compress: bool,
    ) -> None:
        """Write one array from its consecutive bytes.

        Raises
        ------
        ValueError
            If the blocks do not add up to the shape.
        """
        header = npy_header(dtype, shape)
        expected = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        member: str | zipfile.ZipInfo = f"{name}.npy" if compress else zipfile.ZipInfo(f"{name}.npy")
        written = 0
        with self._zip.open(member, "w", force_zip64=expected > _ZIP64_ABOVE) as out:
            out.write(header)
            for block in blocks:
                out.write(block)
                written += len(block)
        if written != expected:
            raise ValueError(f"array {name} got {written} bytes, expected {expected} for shape {shape} of {dtype}")

    def add_array(self, name: str, array: NDArray[Any], compress: bool) -> None:
        """Write one array that is in memory."""
        self.add(name, array.dtype, array.shape, [array.tobytes()], compress)

    def add_text(self, name: str, text: str) -> None:
        """Write a text as an array without axes."""
        self.add_array(name, np.array(text), compress=True)
