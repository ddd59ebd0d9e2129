"""What Hydra calls for one job: a single run, or one point of a sweep, in whatever process its launcher chose."""

import os
import sys

from omegaconf import DictConfig

from potrun.core.composition import register

# Sweep launchers import this module in fresh processes, where the schema and the resolvers must exist before composing.
register()


def experiment(cfg: DictConfig) -> float | None:
    """Run one experiment.

    Parameters
    ----------
    cfg : DictConfig
        The composed configuration.

    Returns
    -------
    float or None
        The median chi2 of the fitted sweeps, for sweepers that optimise; None if nothing was fitted.
    """
    from pathlib import Path

    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    from potrun.core import endings
    from potrun.core.composition import to_settings
    from potrun.runs.pipeline import run_experiment

    hydra = HydraConfig.get()
    # Relative folders are those of the place where the command was started, also with hydra.job.chdir=true.
    os.chdir(hydra.runtime.cwd)
    try:
        return run_experiment(to_settings(cfg), Path(hydra.runtime.output_dir)).chi2_median
    except endings.FORESEEN as error:
        # Hydra adds a line of its own to a job's error. In a sweep it needs the error, to go on with the other jobs.
        if hydra.mode is RunMode.MULTIRUN or endings.wants_traceback():
            raise
        sys.exit(endings.say(error))
