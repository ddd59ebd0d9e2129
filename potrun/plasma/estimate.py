"""Choose how the spacecraft potential is found."""

from typing import Protocol

from potrun.config import DeviceConfig, SpacecraftPotentialConfig
from potrun.errors import UsageError
from potrun.plasma.constant import ConstantPotential
from potrun.records import DayTable, Geometry, SpacecraftPotential


class PotentialModel(Protocol):
    """Anything that gives each sweep of a day its spacecraft potential."""

    def estimate(self, table: DayTable, geometry: Geometry) -> SpacecraftPotential:
        """Estimate potential and plasma parameters of each sweep."""
        ...


def make_potential_model(cfg: SpacecraftPotentialConfig, device: DeviceConfig, fast: bool) -> PotentialModel:
    """Build the potential model that the settings name.

    Parameters
    ----------
    cfg : SpacecraftPotentialConfig
        Kind of the model and its settings.
    device : DeviceConfig
        Where the batched solver computes; unused by the others.
    fast : bool
        Whether all sweeps are solved at once instead of one by one.

    Returns
    -------
    PotentialModel

    Raises
    ------
    UsageError
        If the kind is unknown.
    """
    if cfg.kind == "constant":
        return ConstantPotential(volts=cfg.volts)
    raise UsageError(f"spacecraft_potential.kind={cfg.kind!r} is not available with {device.name=}, {fast=}")
