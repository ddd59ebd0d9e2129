"""One parent run for a multirun, whatever launcher starts its jobs.

Hydra calls :class:`MultirunTracking` in the process that starts the multirun and, as a copy, in every process that
works on a job. The copies leave a record of each job in the multirun's folder; :func:`close_multirun` makes the
parent's table and pictures of them. Hydra swallows ordinary exceptions of callbacks and does not announce the end of a
multirun in which a job failed, so whatever must stop a multirun raises SystemExit here, and it is the entry point that
calls :func:`close_multirun`.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from potrun.core.errors import PotrunError, UsageError
from potrun.tracking.base import PARENT_VARIABLE
from potrun.tracking.children import Job

if TYPE_CHECKING:
    from potrun.core.settings import RunConfig
    from potrun.tracking.parent import Parent


_open: "Parent | None" = None


class MultirunTracking(Callback):
    """Hydra callback that ties the jobs of a multirun together; in a single run it does nothing."""

    def __init__(self) -> None:
        self.parent: str | None = None
        self.records = Path()
        self.pid = os.getpid()
        self._known_journals: set[Path] = set()
        self._job: Job | None = None

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check every job's settings, then open the parent run."""
        global _open
        try:
            settings = _check_jobs(config, kwargs["config_name"])
            if settings.tracking.kind == "off":
                return
            from potrun.tracking.parent import Parent

            _open = Parent.open(settings, Path(str(config.hydra.sweep.dir)).absolute(), _arguments(config))
        except PotrunError as error:
            _stop(error)
        self.parent = _open.tracker.reference
        self.records = _open.folder / "jobs"

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        """Tell the job its parent, and the parent that the job has begun."""
        if self.parent is None:
            return
        os.environ[PARENT_VARIABLE] = self.parent
        run_dir = Path(str(config.hydra.runtime.output_dir))
        self._known_journals = _journals(run_dir)
        choices = dict(str(item).partition("=")[::2] for item in config.hydra.overrides.task)
        self._job = Job(int(config.hydra.job.num), choices, str(run_dir))
        self._job.write(self.records)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:  # noqa: ARG002
        """Record how the job ended, in the store too if the job itself did not."""
        job, self._job = self._job, None
        if self.parent is None or job is None:
            return
        os.environ.pop(PARENT_VARIABLE, None)
        from potrun.core.composition import to_settings
        from potrun.core.interrupts import RunInterruptedError
        from potrun.tracking.untracked import describe_job

        error = job_return._return_value if job_return.status is JobStatus.FAILED else None
        new = sorted(_journals(Path(job.run_dir)) - self._known_journals)
        assert job_return.cfg is not None
        settings = to_settings(job_return.cfg)
        describe_job(job, settings, error, new[-1] if new else None, self.records, self.parent)
        job.write(self.records)
        if isinstance(error, RunInterruptedError) and os.getpid() == self.pid:
            # The signal was meant for the whole multirun, not for the job that happened to be in work.
            if _open is not None:
                _open.killed_by = error.signum
            _stop(error, 128 + error.signum)


def close_multirun() -> None:
    """Close this process's parent run, if one is open; the entry point calls it however Hydra came back."""
    global _open
    parent, _open = _open, None
    if parent is not None:
        parent.close()


def _arguments(config: DictConfig) -> list[str]:
    """Return all overrides of a multirun: those of its experiment, then those that were typed."""
    params = [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]
    return params + [str(item) for item in config.hydra.overrides.task]


def _check_jobs(config: DictConfig, config_name: str) -> "RunConfig":
    """Compose every job before the first one starts; returns the settings that all have in common.

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
    try:
        if str(config.hydra.sweeper._target_).endswith(".BasicSweeper"):
            parsed = OverridesParser.create().parse_overrides(arguments)
            for overrides in BasicSweeper.split_arguments(parsed, None)[0]:
                to_settings(compose(config_name, overrides=overrides))
        return to_settings(config)
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
