"""How the minimum of an objective is found: one face, two solvers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from potrun.core.settings import DeviceConfig, FitterConfig
    from potrun.search.base import Fitter


def make_fitter(settings: "FitterConfig", device: "DeviceConfig", fast: bool) -> "Fitter":
    """Build the solver that the settings ask for.

    Parameters
    ----------
    settings : FitterConfig
        `solver` "auto" stands for the exact search if `fast`, else for the conventional one.
    device : DeviceConfig
        Where the exact search computes; the conventional one runs on the CPU.
    fast : bool

    Returns
    -------
    Fitter

    Raises
    ------
    UsageError
        If the device is not there, or cannot do what is asked.
    """
    if settings.method == "likelihood":
        from dataclasses import replace

        from potrun.core.device import resolve_device
        from potrun.core.errors import UsageError
        from potrun.core.machine import available_cores
        from potrun.search.likelihood.fitter import LikelihoodFitter

        if settings.solver != "auto":
            raise UsageError(
                f"fitter.solver={settings.solver} searches for halekas and lillis: use fitter.solver=auto with "
                "fitter=likelihood, and fast=false for scipy"
            )
        if not fast:
            from potrun.search.likelihood import conventional

            slow = replace(device, name="cpu", threads=1)
            return LikelihoodFitter(settings, resolve_device(slow), 1, conventional)
        shared = replace(device, threads=device.threads or available_cores())
        return LikelihoodFitter(settings, resolve_device(shared), device.batch_size)
    solver = settings.solver
    if solver == "auto":
        solver = "branch_and_bound" if fast else "differential_evolution"
    if solver == "differential_evolution":
        from potrun.search.differential_evolution import DifferentialEvolutionFitter

        return DifferentialEvolutionFitter(settings)
    from potrun.search.exact.device import search_device
    from potrun.search.exact.fitter import BranchAndBoundFitter

    return BranchAndBoundFitter(settings, search_device(device), device.batch_size)
