"""One parent run for a multirun, whatever launcher starts its jobs.

Hydra calls :class:`MultirunTracking` in the process that starts the multirun and, as a copy, in every process that
works on a job. The copies leave a record of each job in the multirun's folder; :func:`close_multirun` makes the
parent's table and pictures of them. Hydra swallows ordinary exceptions of callbacks and does not announce the end of a
multirun in which a job failed, so whatever must stop a multirun raises SystemExit here, and it is the entry point that
calls :func:`close_multirun`.
"""

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from potrun.core.errors import NoDataError, PotrunError, UsageError
from potrun.tracking.base import PARENT_VARIABLE
from potrun.tracking.children import NO_DATA, Job
from potrun.tracking.naming import CHOICE_VARIABLE, choice_of, several_values

if TYPE_CHECKING:
    from potrun.core.settings import RunConfig
    from potrun.tracking.parent import Parent

log = logging.getLogger(__name__)

_open: "Parent | None" = None
_without_data: list[str] = []
_done: list[int] = []


class MultirunTracking(Callback):
    """Hydra callback that ties the jobs of a multirun together; in a single run it does nothing."""

    def __init__(self) -> None:
        self.parent: str | None = None
        self.records = Path()
        self.pid = os.getpid()
        self.swept: list[str] = []
        self._known_journals: set[Path] = set()
        self._job: Job | None = None
        self._n_jobs = 0
        self._common: set[str] = set()

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check every job's settings, then open the parent run."""
        global _open
        try:
            settings, jobs = _check_jobs(config, kwargs["config_name"])
            _check_launcher(config)
            self._n_jobs = len(jobs) or int(config.hydra.sweeper.get("n_trials") or 0)
            self._common = set.intersection(*map(set, jobs)) if len(jobs) > 1 else set()
            _announce(config, self._n_jobs)
            if settings.tracking.kind == "off":
                return
            from potrun.tracking.parent import Parent

            self.swept = several_values(_arguments(config))
            _open = Parent.open(settings, Path(str(config.hydra.sweep.dir)).absolute(), _arguments(config))
        except PotrunError as error:
            _stop(error)
        self.parent = _open.tracker.reference
        self.records = _open.folder / "jobs"

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """Announce the job, tell it its parent, and the parent that it has begun."""
        if self._n_jobs:
            words = [str(word) for word in config.hydra.overrides.task if str(word) not in self._common]
            log.info("job %d of %d: %s", int(config.hydra.job.num) + 1, self._n_jobs, " ".join(words) or "defaults")
        if self.parent is None:
            return
        os.environ[PARENT_VARIABLE] = self.parent
        run_dir = Path(str(config.hydra.runtime.output_dir))
        self._known_journals = _journals(run_dir)
        choices = dict(str(item).partition("=")[::2] for item in config.hydra.overrides.task)
        os.environ[CHOICE_VARIABLE] = choice_of(choices, self.swept)
        self._job = Job(int(config.hydra.job.num), choices, str(run_dir))
        self._job.write(self.records)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:  # noqa: ARG002
        """Record how the job ended, in the store too if the job itself did not.

        A job of days that the archive does not hold has not failed: there is nothing to do for it.
        """
        job, self._job = self._job, None
        os.environ.pop(PARENT_VARIABLE, None)
        nothing = job_return._return_value if job_return.status is JobStatus.FAILED else None
        if self._n_jobs and isinstance(nothing, NoDataError):
            job_return.status, job_return.return_value = JobStatus.COMPLETED, None
            _without_data.append(str(nothing))
            # The job's folder, and its log with it, is gone: it held nothing.
            sys.stderr.write(f"potrun: {nothing}\n")
            if job is not None:
                job.status, job.error = NO_DATA, str(nothing)
                job.write(self.records)
            os.environ.pop(CHOICE_VARIABLE, None)
            return
        if self._n_jobs:
            _done.append(int(config.hydra.job.num))
        if self.parent is None or job is None:
            return
        from potrun.core.composition import to_settings
        from potrun.core.interrupts import RunInterruptedError
        from potrun.tracking.untracked import describe_job

        error = job_return._return_value if job_return.status is JobStatus.FAILED else None
        new = sorted(_journals(Path(job.run_dir)) - self._known_journals)
        assert job_return.cfg is not None
        settings = to_settings(job_return.cfg)
        describe_job(job, settings, error, new[-1] if new else None, self.records, self.parent)
        os.environ.pop(CHOICE_VARIABLE, None)
        job.write(self.records)
        if isinstance(error, RunInterruptedError) and os.getpid() == self.pid:
            # The signal was meant for the whole multirun, not for the job that happened to be in work.
            if _open is not None:
                _open.killed_by = error.signum
            _stop(error, 128 + error.signum)


def close_multirun() -> str | None:
    """Close this process's parent run, if one is open; the entry point calls it however Hydra came back.

    Returns
    -------
    str or None
        Where no job had any data: what the first one missed.
    """
    global _open
    parent, _open = _open, None
    missed = _without_data[0] if _without_data and not _done else None
    _without_data.clear()
    _done.clear()
    if parent is not None:
        parent.close()
        jobs = Job.read_all(parent.folder / "jobs")
        if jobs and all(job.status == NO_DATA for job in jobs):
            missed = jobs[0].error
        done = sum(job.status == "FINISHED" for job in jobs)
        comparison = parent.folder / "comparison"
        found = f"compared in {comparison}, " if comparison.is_dir() else ""
        lacking = sum(job.status == NO_DATA for job in jobs)
        without = f", {lacking} without data" if lacking else ""
        table = parent.folder / "children.csv"
        sys.stderr.write(f"potrun: {done} of {len(jobs)} jobs finished{without}; {found}table {table}\n")
        sys.stderr.write(f"potrun: MLflow {parent.tracker.where}\n")
    return missed


def _check_launcher(config: DictConfig) -> None:
    """Refuse a queue that is not there before anything is tracked.

    Raises
    ------
    UsageError
        Naming the launcher that needs none.
    """
    if str(config.hydra.launcher._target_).endswith(".SlurmLauncher") and shutil.which("srun") is None:
        raise UsageError(
            "hydra/launcher=slurm needs Slurm, but there is no srun on this machine: start it where jobs are queued, "
            "or take hydra/launcher=slurm_rehearsal, which needs none"
        )


def _announce(config: DictConfig, n_jobs: int) -> None:
    """Say how many jobs there are and, of launchers whose jobs say nothing here, where they write."""
    launcher, folder = config.hydra.launcher, config.hydra.sweep.dir
    logs = f"{folder}/<job>/potrun.log"
    if "submitit" in str(launcher._target_):
        # Hydra's own value holds interpolations that only a job can resolve.
        logs = f"{folder}/.submitit/<job id>/; they say nothing here"
    sys.stderr.write(f"potrun: {n_jobs or 'any number of'} job{'s' * (n_jobs != 1)}; their logs: {logs}\n")


def _arguments(config: DictConfig) -> list[str]:
    """Return all overrides of a multirun: those of its experiment, then those that were typed."""
    params = [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]
    return params + [str(item) for item in config.hydra.overrides.task]


def _check_jobs(config: DictConfig, config_name: str) -> tuple["RunConfig", list[list[str]]]:
    """Compose every job before the first one starts.

    Returns
    -------
    settings : RunConfig
        What all jobs have in common.
    jobs : list of list of str
        Each job's overrides; none where the sweeper chooses them as it goes.

    Raises
    ------
    UsageError
        Naming the first setting that no job may have.
    """
    from hydra import compose
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from potrun.core.composition import one_line, to_settings

    arguments = _arguments(config)
    jobs: list[list[str]] = []
    try:
        if str(config.hydra.sweeper._target_).endswith(".BasicSweeper"):
            parsed = OverridesParser.create().parse_overrides(arguments)
            jobs = [list(overrides) for overrides in BasicSweeper.split_arguments(parsed, None)[0]]
            for overrides in jobs:
                to_settings(compose(config_name, overrides=overrides))
        return to_settings(config), jobs
    except (HydraException, OmegaConfBaseException) as error:
        raise UsageError(one_line(error, arguments)) from error


def _journals(run_dir: Path) -> set[Path]:
    return {path.parent for path in run_dir.glob("tracking/*-*/sent.jsonl")} | {
        path.parent for path in run_dir.glob("tracking/*-*/journal.jsonl")
    }


def _stop(error: PotrunError, code: int | None = None) -> NoReturn:
    """End the program with one line: the only exception of a callback that Hydra lets through."""
    sys.stderr.write(f"potrun: {error}\n")
    sys.exit(int(error.exit_code if code is None else code))
