"""Devices are what was asked for, or an error."""

import pytest
import torch

from potrun.config import DeviceConfig
from potrun.device import resolve_device
from potrun.errors import UsageError


def test_cpu_has_single_precision_tables_unless_told():
    device = resolve_device(DeviceConfig(name="cpu", threads=2))
    assert (device.name, device.dtype, device.threads) == ("cpu", torch.float32, 2)
    assert "CPU" in device.description
    assert "2 threads" in device.description
    assert resolve_device(DeviceConfig(name="cpu", dtype="float16")).dtype_name == "float16"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none_is_an_error():
    with pytest.raises(UsageError, match="finds no CUDA device"):
        resolve_device(DeviceConfig(name="cuda"))


def test_auto_takes_what_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *_: "Some GPU")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (9, 0))
    device = resolve_device(DeviceConfig())
    assert (device.name, device.dtype) == ("cuda", torch.float16)
    assert "Some GPU" in device.description
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (6, 1))
    assert resolve_device(DeviceConfig()).dtype == torch.float32
    with pytest.raises(UsageError, match="compute capability 6"):
        resolve_device(DeviceConfig(dtype="float16"))
