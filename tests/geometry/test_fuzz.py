"""Whatever a text kernel holds, it is refused in one line or says what is known of leap seconds and the Moon."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potrun.core.errors import DataError
from potrun.geometry.plausible import leap_second_trouble, orientation_trouble
from potrun.geometry.text_kernel import read_text_kernel

KERNELS = {"sim_lsk.tls": leap_second_trouble, "sim_pck.tpc": orientation_trouble}
PIECES = st.sampled_from(
    [
        "",
        "0",
        "9",
        "-",
        "E5",
        "(",
        ")",
        "'",
        "=",
        "+=",
        ",",
        "@1998-JAN-1",
        "\n",
        "\\begindata\n",
        "\\begintext\n",
        "\0",
    ]
)


@pytest.fixture(scope="module")
def texts(simulated):
    return {name: (simulated / "spice_kernels" / name).read_text() for name in KERNELS}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("any") / "kernel"


@given(
    name=st.sampled_from(sorted(KERNELS)),
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES | st.binary(max_size=4)), min_size=1, max_size=3
    ),
)
def test_an_edited_text_kernel_is_refused_or_near_the_known(texts, path, name, edits):
    content = texts[name].encode()
    for place, length, piece in edits:
        start = int(place * len(content))
        new = piece.encode() if isinstance(piece, str) else piece
        content = content[:start] + new + content[start + length :]
    path.write_bytes(content)
    try:
        variables = read_text_kernel(path)
    except DataError:
        return
    trouble = KERNELS[name](variables)
    assert len(trouble.splitlines()) <= 1
    if not trouble and name == "sim_pck.tpc":
        assert abs(float(variables["BODY301_POLE_RA"][0]) - 269.9949) <= 0.1
