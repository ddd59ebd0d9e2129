"""A stand-in for the experiment in tests of multiruns: tracked like one, computing nothing."""

import os
import signal
from pathlib import Path

from omegaconf import DictConfig

from potrun.core.composition import register

register()


def job(cfg: DictConfig) -> float:
    """Track a run; some months end badly, each in its own way."""
    from hydra.core.hydra_config import HydraConfig

    from potrun.core.composition import to_settings
    from potrun.core.errors import DataError, NoDataError
    from potrun.core.interrupts import RunInterruptedError
    from potrun.tracking import make_tracker

    settings = to_settings(cfg)
    if settings.month == 1:
        raise DataError("month 1 cannot begin")
    if settings.month in (6, 7):
        raise NoDataError(f"no day of month {settings.month}")
    tracker = make_tracker(settings.tracking, Path(HydraConfig.get().runtime.output_dir))
    tracker.start(f"month {settings.month}", {"month": settings.month}, {})
    tracker.log_metrics({"chi2/median": float(settings.month or 0), "live/x": 1.0})
    if settings.month == 2:
        tracker.set_tags({"error": "month 2 is bad"})
        tracker.finish("FAILED")
        raise DataError("month 2 is bad")
    if settings.month == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if settings.month == 5:
        tracker.finish("KILLED")
        raise RunInterruptedError(signal.SIGTERM)
    tracker.finish("FINISHED")
    return 1.0
