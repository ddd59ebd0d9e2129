"""Choose how the spacecraft potential is found."""

from dataclasses import replace

from potrun.core.errors import UsageError
from potrun.core.settings import DeviceConfig, SpacecraftPotentialConfig
from potrun.plasma.constant import ConstantPotential, OffsetPotential, PotentialModel

DEFAULT_BATCH_SIZE = 1080
"""Sweeps solved together: about a day; under 100 kB each."""


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
    if cfg.offset_volts:
        return OffsetPotential(make_potential_model(replace(cfg, offset_volts=0.0), device, fast), cfg.offset_volts)
    if cfg.kind == "constant":
        return ConstantPotential(volts=cfg.volts)
    if cfg.kind == "kappa":
        return _make_kappa_potential(cfg, device, fast)
    raise UsageError(f"spacecraft_potential.kind={cfg.kind!r} is not allowed: choose one of constant, kappa")


def _make_kappa_potential(cfg: SpacecraftPotentialConfig, device: DeviceConfig, fast: bool) -> PotentialModel:
    # A constant potential must not wait for torch and scipy to load.
    from potrun.plasma.kappa_potential import KappaPotential
    from potrun.plasma.solution import FitSettings, Solver

    settings = FitSettings.of(
        (cfg.kappa_min, cfg.kappa_max), (cfg.log10_theta_min, cfg.log10_theta_max), cfg.energy_response_width
    )
    solver: Solver
    if fast:
        from potrun.core.device import resolve_device
        from potrun.plasma.batched import BatchedSolver

        solver = BatchedSolver(settings, resolve_device(device).torch_device, device.threads or 1)
    else:
        from potrun.plasma.sequential import SequentialSolver

        solver = SequentialSolver(settings)
    return KappaPotential(
        solver,
        settings,
        background_counts_per_s=cfg.background_counts_per_s,
        fallback_volts=cfg.fallback_volts,
        batch_size=device.batch_size or DEFAULT_BATCH_SIZE,
    )
