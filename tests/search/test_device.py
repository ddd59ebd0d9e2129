"""Where the exact search computes is what was asked for, or an error."""

import pytest

from potrun.core.errors import UsageError
from potrun.core.settings import DeviceConfig
from potrun.search.exact.device import search_device


def test_the_search_takes_every_core_unless_told(monkeypatch):
    monkeypatch.setattr("potrun.search.exact.device.available_cores", lambda: 6)
    for name in ("auto", "cpu"):
        device = search_device(DeviceConfig(name=name))
        assert (device.name, device.dtype, device.threads) == ("cpu", "float32", 6)
        assert "6 threads" in device.description
    assert search_device(DeviceConfig(name="cpu", threads=1, dtype="float64")).description.endswith("1 thread")


def test_a_device_that_cannot_search_is_an_error():
    with pytest.raises(UsageError, match=r"device\.name=mps.*device=cpu"):
        search_device(DeviceConfig(name="mps"))


def test_cuda_without_its_package_names_the_extra(monkeypatch):
    monkeypatch.setattr("potrun.search.exact.device.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"numba-cuda.*potrun\[cuda\].*device=cpu"):
        search_device(DeviceConfig(name="cuda"))


def test_cuda_without_a_device_is_an_error():
    cuda = pytest.importorskip("numba.cuda")
    pytest.importorskip("numba_cuda", reason="numba-cuda is not installed")
    if cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(UsageError, match="finds no CUDA device.*device=cpu"):
        search_device(DeviceConfig(name="cuda"))
