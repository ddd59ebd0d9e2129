"""One experiment from settings to a tracked result: the order of the stages, nothing else."""

import logging
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from potrun.core.errors import DataError, DisagreementError, PartialResultError, PotrunError
from potrun.core.interrupts import RunInterruptedError, deferred_signals, raise_if_interrupted
from potrun.core.locks import hold
from potrun.core.progress import ONLY_IN_FILE, waiting
from potrun.core.settings import RunConfig
from potrun.results.exports import export, require_libraries
from potrun.results.load import load_results
from potrun.results.merge import merge_shards
from potrun.results.statistics import statistics
from potrun.results.sweeps import SweepLoader
from potrun.runs import report
from potrun.runs.day_files import are_written, write_day_files
from potrun.runs.executors import make_executor, require_executor
from potrun.runs.hopeless import hopeless_days
from potrun.runs.live import LiveView
from potrun.runs.painter import Painter, PaintJob
from potrun.runs.plan import RunPlan, is_finished, make_plan
from potrun.runs.tasks import DayReport
from potrun.studies.base import StudyCase
from potrun.studies.run import run_studies, study_folder
from potrun.tracking import Status, Tracker, close_left_open, make_tracker
from potrun.tracking.naming import run_title, used_settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunOutcome:
    """What a run left behind; `is_new` is False where the result was there already.

    `disagreements` says what its studies found to differ from what is known.
    """

    npz: Path
    is_new: bool
    statistics: Mapping[str, float] = field(default_factory=dict)
    disagreements: Sequence[str] = ()

    @property
    def chi2_median(self) -> float | None:
        """Median chi2 of the fitted sweeps; None if it was not computed or nothing was fitted."""
        return self.statistics.get("chi2/median")


def run_experiment(cfg: RunConfig, run_dir: Path) -> RunOutcome:
    """Run one experiment, or find its result.

    Parameters
    ----------
    cfg : RunConfig
        Everything that was asked.
    run_dir : Path
        The run's own folder: shards, log, pictures and, without `output_dir`, the NPZ.

    Returns
    -------
    RunOutcome

    Raises
    ------
    NoDataError
        If no day matches; nothing is left behind then.
    ResultMismatchError
        If the result's place is taken by another one.
    DisagreementError
        If a study found that the result differs from what is known; all is delivered and tracked.
    PartialResultError
        If some days could not be processed; the others are delivered and tracked.
    RunInterruptedError
        If a signal ended the run; what is finished is kept.
    """
    from threadpoolctl import threadpool_limits

    run_dir = run_dir.absolute()
    usual = np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")
    with deferred_signals(), threadpool_limits(1, user_api="blas"), _no_empty_folder(run_dir), usual:
        logging.getLogger("potrun").setLevel(logging.DEBUG if cfg.verbose else logging.INFO)
        if cfg.display:
            from potrun.plots.window import require_windows

            require_windows()
        if cfg.parallel:
            log.warning("parallel=true is deprecated and changes nothing: use executor.workers=N")
        plan = make_plan(cfg, run_dir)
        report.describe_run(plan)
        with hold(run_dir / ".lock"), hold(plan.npz.with_name(f".{plan.npz.name}.lock")):
            require_libraries(cfg.export)
            require_executor(cfg)
            if is_finished(plan) & are_written(plan):
                close_left_open(cfg.tracking, run_dir)
                export(load_results(plan.npz), cfg.export, plan.npz.with_suffix(""))
                log.info("the result is there already: %s (overwrite=true computes it again)", plan.npz)
                return RunOutcome(plan.npz, is_new=False)
            lost = hopeless_days(plan)
            if len(lost) == len(plan.tasks):
                raise DataError(f"no day could be processed; first: {lost[0].failure}")
            with Painter(cfg) as painter:
                return _tracked(plan, run_dir, lost, painter)


def _tracked(plan: RunPlan, run_dir: Path, lost: Sequence[DayReport], painter: Painter) -> RunOutcome:
    """Run with a record that is closed however the run ends."""
    tracker = make_tracker(plan.cfg.tracking, run_dir)
    tracker.start(run_title(plan.cfg), used_settings(plan.cfg), report.run_tags(plan))
    status: Status = "FAILED"
    try:
        report.track_settings(plan, tracker)
        outcome, failures = _compute(plan, tracker, lost, painter)
        if outcome.disagreements:
            raise DisagreementError("; ".join(outcome.disagreements))
        if failures:
            raise PartialResultError(
                f"{len(failures)} of {len(plan.tasks)} days failed, the others are in {plan.npz}; "
                f"first: {failures[0].failure}"
            )
        status = "FINISHED"
    except (RunInterruptedError, KeyboardInterrupt):
        status = "KILLED"
        raise
    finally:
        if sys.exc_info()[0] is not None:
            log.error("%s", sys.exc_info()[1], extra=ONLY_IN_FILE)
            tracker.set_tags({"error": str(sys.exc_info()[1])})
            tracker.log_text(traceback.format_exc(), "traceback.txt")
        tracker.log_artifact(run_dir / "potrun.log")
        tracker.finish(status)
    # Only now: a run killed before takes its days from their shards, and is recorded once more.
    shutil.rmtree(plan.shards, ignore_errors=True)
    return outcome


def _compute(
    plan: RunPlan, tracker: Tracker, lost: Sequence[DayReport], painter: Painter
) -> tuple[RunOutcome, list[DayReport]]:
    """Work on the days, merge them, and describe the result."""
    started = time.monotonic()
    plan.clear_leftovers()
    if plan.cfg.overwrite:
        shutil.rmtree(plan.shards, ignore_errors=True)
    reports = _work_on_days(plan, tracker, lost)
    failures = [day for day in reports if day.failure is not None]
    if len(failures) == len(reports):
        raise DataError(f"no day could be processed; first: {failures[0].failure}")
    shards = [day.task.shard for day in reports if day.failure is None]
    merge_shards(shards, plan.npz, plan.describe(reports), raise_if_interrupted)
    day_files = write_day_files(plan, reports)
    raise_if_interrupted()
    folder = plan.npz.with_name(f"{plan.npz.stem}_pictures")
    page = plan.run_dir / "report.html"
    painter.start(PaintJob(plan.npz, folder, page, plan.cfg, plan.archive))

    result = load_results(plan.npz)
    report.track_inputs(plan, tracker, result.provenance["inputs"])
    defects = result.provenance["defects"]
    numbers = statistics(result, plan.cfg.quality) | report.stage_seconds(reports) | report.dropped_metrics(defects)
    numbers["days_failed"] = float(len(failures))
    numbers["seconds/total"] = time.monotonic() - started
    numbers["sweeps_per_second"] = sum(day.sweeps for day in reports if not day.is_resumed) / numbers["seconds/total"]
    report.describe_defects(defects)
    loader = SweepLoader(plan.archive, plan.cfg.archive, plan.cfg.fitter, result)
    exported = export(result, plan.cfg.export, plan.npz.with_suffix(""))
    days = tuple(day.task.day for day in reports if day.failure is None)
    findings = run_studies(StudyCase(plan.cfg, plan.archive, days, result, loader), study_folder(plan.npz))
    with waiting("drawing pictures", len(plan.cfg.pictures) + plan.cfg.report) as one_more:
        drawn = painter.finish(one_more)
    pictures = [path for path in drawn if path != page]
    files = {
        "pictures": pictures,
        "report": [path for path in drawn if path == page],
        "exports": exported,
        **findings.files,
    }
    report.track_result(plan, tracker, numbers, findings.metrics, files)
    report.track_description(plan, tracker, days, result, numbers)
    files = {"day files": day_files, **files}
    report.describe_end(plan, days, result, numbers | {"seconds/all": time.monotonic() - started}, files, tracker.where)
    if plan.cfg.display:
        from potrun.plots.window import show

        show(pictures)
    return RunOutcome(plan.npz, True, numbers, findings.failures), failures


def _work_on_days(plan: RunPlan, tracker: Tracker, lost: Sequence[DayReport]) -> list[DayReport]:
    """Have every day worked on that is not lost beforehand, telling the tracker and the terminal as they end."""
    reports: list[DayReport] = list(lost)
    named = {report.task for report in lost}
    tasks = [task for task in plan.tasks if task not in named]
    with LiveView(len(tasks), tracker) as view:

        def on_report(day: DayReport) -> None:
            reports.append(day)
            view.day_done(day)
            if day.failure is not None:
                # The end of a run of one day says the same.
                log.error("%s", day.failure, extra=ONLY_IN_FILE if len(plan.tasks) == 1 else None)

        make_executor(plan.cfg, plan.archive, plan.provenance).run(tasks, on_report, view.stage_progress)
    return sorted(reports, key=lambda day: day.task.day.date)


@contextmanager
def _no_empty_folder(run_dir: Path) -> Iterator[None]:
    """Remove the run's folder after a refusal that left nothing in it but Hydra's own notes."""
    try:
        yield
    except PotrunError:
        left = {path.name for path in run_dir.iterdir()} if run_dir.is_dir() else set()
        if left and left <= {".hydra", "potrun.log", ".lock"}:
            logging.shutdown()
            shutil.rmtree(run_dir)
        raise
