"""Devices are what was asked for, or an error."""

import pytest
import torch

from potrun.core.device import resolve_device
from potrun.core.errors import UsageError
from potrun.core.settings import DeviceConfig


def test_a_cpu_has_one_torch_thread_and_single_precision_tables_unless_asked():
    device = resolve_device(DeviceConfig(name="cpu"))
    assert (device.name, device.dtype, device.threads) == ("cpu", torch.float32, 1)
    assert "CPU, float32 tables" in device.description
    device = resolve_device(DeviceConfig(name="cpu", dtype="float64", threads=2))
    assert (device.dtype_name, device.threads) == ("float64", 2)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none_is_an_error():
    with pytest.raises(UsageError, match="finds no CUDA device"):
        resolve_device(DeviceConfig(name="cuda"))


def test_auto_takes_what_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *_: "Some GPU")
    device = resolve_device(DeviceConfig())
    assert (device.name, device.torch_device.type) == ("cuda", "cuda")
    assert "Some GPU" in device.description
