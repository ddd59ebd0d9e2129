"""MLflow and its absence: one tracker interface, chosen by ``conf/tracking``."""

from pathlib import Path

from potrun.core.settings import TrackingConfig
from potrun.tracking.base import Status, Tracker
from potrun.tracking.off import NoTracker

__all__ = ["NoTracker", "Status", "Tracker", "close_left_open", "make_tracker"]


def make_tracker(cfg: TrackingConfig, run_dir: Path) -> Tracker:
    """Return the tracker that the settings ask for; with ``tracking=off`` MLflow is never imported.

    Parameters
    ----------
    cfg : TrackingConfig
        Which store, and whether the run may go on without it.
    run_dir : Path
        The run's own folder; what cannot be sent to the store is kept there.

    Returns
    -------
    Tracker
        Not started yet: nothing is written and no server is asked before :meth:`Tracker.start`.

    Raises
    ------
    UsageError
        If ``tracking.uri`` does not fit ``tracking.kind``.
    """
    if cfg.kind == "off":
        return NoTracker()
    from potrun.tracking.mlflow_tracker import MlflowTracker
    from potrun.tracking.store import Store

    return MlflowTracker(Store.from_config(cfg), run_dir, is_required=cfg.required)


def close_left_open(cfg: TrackingConfig, run_dir: Path) -> None:
    """Send what earlier runs of this folder left unsent to the store of this run; a failure is a warning.

    Parameters
    ----------
    cfg : TrackingConfig
        The store of this run; records of another one are named and left to `potrun.sync`.
    run_dir : Path
        The run's own folder.
    """
    if cfg.kind != "off" and (run_dir / "tracking").is_dir():
        from potrun.tracking.resend import send_left_over

        send_left_over(cfg, run_dir)
