"""What all days of a run share is compared among its processes."""

from dataclasses import replace

import pytest

from potrun.core.basis import Basis
from potrun.core.errors import PotrunError
from potrun.core.records import SourceFile

KERNEL = SourceFile("spice_kernels/a.bsp", 10, "1" * 64)
BASIS = Basis("simulated", {"fitter.method": "lillis"}, "abc", (SourceFile("theta.tab", 1, "0" * 64), KERNEL))


def test_equal_ones_pass():
    BASIS.require_equal(replace(BASIS))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": "def"}, "code is def there and abc here: install the same potrun"),
        ({"ancillary": (BASIS.ancillary[0], replace(KERNEL, sha256="2" * 64))}, "spice_kernels/a.bsp changed"),
        ({"settings": {"fitter.method": "halekas"}}, "settings"),
    ],
)
def test_a_difference_is_named(change, words):
    with pytest.raises(PotrunError, match=words) as caught:
        BASIS.require_equal(replace(BASIS, **change))
    assert "theta.tab" not in str(caught.value)


def test_a_shard_is_bound_to_its_table_and_to_all_that_days_share():
    table = SourceFile("1998/x.TAB", 3, "3" * 64)
    texts = {
        BASIS.shard_identity(table),
        BASIS.shard_identity(replace(table, sha256="4" * 64)),
        replace(BASIS, code="def").shard_identity(table),
        replace(BASIS, origin="measured").shard_identity(table),
    }
    assert len(texts) == 4
