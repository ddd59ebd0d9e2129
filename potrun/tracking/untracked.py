"""What a job of a multirun came to, and a run in the store for jobs that did not open one themselves."""

import traceback
from pathlib import Path

from potrun.core.errors import TrackingUnreachableError
from potrun.core.provenance import result_file_name
from potrun.core.settings import RunConfig
from potrun.tracking.base import CONFIG_ARTIFACT
from potrun.tracking.children import Job
from potrun.tracking.journal import Journal
from potrun.tracking.mlflow_tracker import MlflowTracker
from potrun.tracking.naming import choice_tags, run_title, used_settings
from potrun.tracking.schema import SUMMARY, read_checked
from potrun.tracking.store import Store


def describe_job(
    job: Job, cfg: RunConfig, error: BaseException | None, journal: Path | None, folder: Path, parent: str
) -> None:
    """Complete the record of a job that has ended.

    Parameters
    ----------
    job : Job
        Gets status, error, result, run id and metrics.
    cfg : RunConfig
        The job's settings.
    error : BaseException or None
        What ended it early.
    journal : Path or None
        Folder of the journal of the run that it opened; None if it failed before that, or found its result made.
    folder : Path
        Where the multirun keeps records of its jobs.
    parent : str
        The parent run.
    """
    npz = Path(job.run_dir if cfg.output_dir is None else cfg.output_dir) / result_file_name(
        cfg.year, cfg.month, cfg.day
    )
    job.status = "FINISHED" if error is None else "FAILED"
    job.error = None if error is None else (str(error) or type(error).__name__)
    job.npz = str(npz.absolute()) if npz.exists() and error is None else None
    if journal is not None:
        job.run_id = Journal(journal).run_id
        summary = journal / "summary.json"
        if summary.exists():
            known = read_checked(summary, SUMMARY)
            job.metrics, job.status = known["metrics"], known["status"]
    elif not isinstance(error, TrackingUnreachableError):
        _record(job, cfg, error, folder / str(job.number), parent)


def _record(job: Job, cfg: RunConfig, error: BaseException | None, folder: Path, parent: str) -> None:
    """Open and close a run for a job that had nothing to compute, or failed before it could."""
    from omegaconf import OmegaConf

    tracker = MlflowTracker(Store.from_config(cfg.tracking), folder, is_required=False)
    tracker.start(run_title(cfg), used_settings(cfg), choice_tags(cfg), parent)
    tracker.log_text(OmegaConf.to_yaml(OmegaConf.structured(cfg)), CONFIG_ARTIFACT)
    if job.npz is not None:
        from potrun.results.load import load_results
        from potrun.results.statistics import statistics

        result = load_results(Path(job.npz))
        job.metrics = statistics(result)
        tracker.log_metrics(job.metrics)
        tracker.set_tags({"reused": "true", "origin": result.provenance.get("origin", "unknown")})
        tracker.log_artifact(Path(job.npz))
    if error is not None:
        tracker.set_tags({"error": str(job.error)})
        tracker.log_text("".join(traceback.format_exception(error)), "traceback.txt")
    tracker.finish("FINISHED" if error is None else "FAILED")
    job.run_id = tracker.run_id
