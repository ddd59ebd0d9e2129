import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from potrun.simulate.table import azimuth_text, flux_text, table_bytes


@given(arrays(np.float64, (1, 88), elements=st.floats(1e-30, 1e30) | st.just(0.0)))
def test_fluxes_print_as_scientific_notation(flux):
    text = flux_text(flux).tobytes().decode()
    fields = [text[k : k + 10] for k in range(0, 880, 10)]
    for field, value in zip(fields, flux[0], strict=True):
        assert field[0] == " "
        assert len(field.split()) == 1
        assert (
            abs(float(field) - value) <= 0.5000001e-3 * 10.0 ** np.floor(np.log10(value))
            if value
            else field == " 0.000E+00"
        )


def test_fluxes_print_as_the_c_library_does():
    flux = np.concatenate([10.0 ** np.random.default_rng(1).uniform(-9, 9, 83), [0.0, 9.9996, 1.0, 9.999e-99, 1e5]])[
        None
    ]
    assert flux_text(flux).tobytes() == "".join(f" {value:.3E}" for value in flux[0]).encode()


def test_erroneous_flux_keeps_its_own_form():
    assert flux_text(np.full((1, 88), -9.99e-99)).tobytes() == b" -9.99E-99" * 88


def test_azimuths_print_in_seven_columns():
    phi = np.round(np.random.default_rng(2).uniform(0, 360, (4, 88)), 2)
    phi[0, :4] = [0.0, 999.99, 998.99, 9.995]
    assert azimuth_text(phi).tobytes() == "".join(f"{round(v * 100) / 100:7.2f}" for v in phi.ravel()).encode()


def test_a_real_row_of_the_sample_is_reproduced_byte_by_byte(sample_dir):
    raw = (sample_dir / "1998/213_243AUG/3D980820.TAB").read_bytes()
    lines = raw.split(b"\r\n")[:45]
    fields = [line.decode().split() for line in lines]
    numbers = np.array([row[1:] for row in fields], dtype=np.float64)
    made = table_bytes(
        np.array([row[0] for row in fields]), numbers[:, 0].astype(np.int64), numbers[:, 1],
        numbers[:, 2].astype(np.int64), numbers[:, 3:6], numbers[:, 6:94], numbers[:, 94:],
    )  # fmt: skip
    assert made == b"\r\n".join(lines) + b"\r\n"


def test_columns_that_do_not_fit_together_are_an_error():
    with pytest.raises(ValueError, match=r"zip|shape"):
        table_bytes(
            np.array(["1998-04-15T00:00:00"]), np.array([1, 2]), np.ones(1), np.ones(1, int), np.ones((1, 3)),
            np.ones((1, 88)), np.ones((1, 88)),
        )  # fmt: skip
