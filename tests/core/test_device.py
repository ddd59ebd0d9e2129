"""Devices are what was asked for, or an error."""

import pytest
import torch

from potrun.core.device import resolve_device
from potrun.core.errors import UsageError
from potrun.core.settings import DeviceConfig


def test_cpu_has_single_precision_tables_unless_told():
    device = resolve_device(DeviceConfig(name="cpu", threads=2))
    assert (device.name, device.dtype, device.threads) == ("cpu", torch.float32, 2)
    assert "CPU" in device.description
    assert "2 threads" in device.description
    assert resolve_device(DeviceConfig(name="cpu", dtype="float16", engine="torch")).dtype_name == "float16"


def test_the_compiled_engine_takes_every_core_of_a_cpu_and_nothing_else(monkeypatch):
    monkeypatch.setattr("potrun.core.device.available_cores", lambda: 6)
    device = resolve_device(DeviceConfig(name="cpu"))
    assert (device.engine, device.threads) == ("compiled", 6)
    assert resolve_device(DeviceConfig(name="cpu", engine="torch")).threads == 1
    with pytest.raises(UsageError, match="float16.*float32.*engine=torch"):
        resolve_device(DeviceConfig(name="cpu", dtype="float16"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (9, 0))
    with pytest.raises(UsageError, match=r"engine=compiled.*device\.name=cuda"):
        resolve_device(DeviceConfig(name="cuda", engine="compiled"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none_is_an_error():
    with pytest.raises(UsageError, match="finds no CUDA device"):
        resolve_device(DeviceConfig(name="cuda"))


def test_auto_takes_what_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *_: "Some GPU")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (9, 0))
    device = resolve_device(DeviceConfig())
    assert (device.name, device.dtype, device.engine) == ("cuda", torch.float16, "torch")
    assert "Some GPU" in device.description
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (6, 1))
    assert resolve_device(DeviceConfig()).dtype == torch.float32
    with pytest.raises(UsageError, match="compute capability 6"):
        resolve_device(DeviceConfig(dtype="float16"))
