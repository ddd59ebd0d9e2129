"""What a GPU would do, as far as it can be found out without one."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from potrun.core import device
from potrun.core.settings import DeviceConfig, SpacecraftPotentialConfig
from potrun.plasma.estimate import make_potential_model
from potrun.simulate.handover import to_records
from potrun.simulate.settings import SimulationSettings
from potrun.simulate.sweeps import simulate_sweeps
from tests.support.pretend_device import PRETENDED, UNORDERED, PretendedDevice


def test_the_fit_of_the_plasma_stays_on_its_device_and_in_float64(monkeypatch):
    table, geometry = to_records(simulate_sweeps(16, 1998, SimulationSettings(scenario="moon", grid="40ev")))
    settings, cpu = SpacecraftPotentialConfig(kind="kappa"), DeviceConfig(name="cpu", threads=1)
    here = make_potential_model(settings, cpu, fast=True).estimate(table, geometry)
    monkeypatch.setattr(device, "resolve_device", lambda _: SimpleNamespace(torch_device=PRETENDED))
    mode = PretendedDevice()
    with mode:
        there = make_potential_model(settings, cpu, fast=True).estimate(table, geometry)
    assert ("exp", torch.float64) in mode.operations
    for name in ("volts", "kappa", "electron_temperature_ev", "electron_density_m3", "status"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
    floats = {(name, dtype) for name, dtype in mode.operations if dtype.is_floating_point}
    assert {dtype for _, dtype in floats} == {torch.float64}
    assert not {(name, dtype) for name, dtype in floats if name.startswith(UNORDERED)}


def test_the_pretended_device_notices_what_it_is_for():
    with PretendedDevice() as mode:
        far = torch.ones(3, device=PRETENDED)
        assert float((2.0 * far).sum()) == 6.0
        with pytest.raises(RuntimeError, match="mul of tensors on two devices"):
            far * torch.ones(3)
        torch.cumsum(far, dim=0)
    assert ("cumsum", torch.float32) in mode.operations
