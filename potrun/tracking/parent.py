"""The parent run of a multirun: opened before the first job, closed with a table and a comparison of all."""

import hashlib
import logging
import re
import shlex
import shutil
import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from potrun.core.atomic import write_text
from potrun.core.errors import NoDataError, PotrunError
from potrun.core.locks import hold, is_held
from potrun.core.settings import RunConfig
from potrun.tracking.base import NOTE_TAG, Status, picture_link
from potrun.tracking.children import NO_DATA, Job, children_table, combined, overview, to_table_json
from potrun.tracking.compared import write_comparisons
from potrun.tracking.journal import Journal
from potrun.tracking.mlflow_tracker import MlflowTracker
from potrun.tracking.naming import choice_tags, several_values
from potrun.tracking.resend import resend
from potrun.tracking.store import Store

log = logging.getLogger(__name__)

MOST_PICTURES = 3
"""Further ones are not shown in the description."""

JOBS = "jobs"
"""Subfolder in which the jobs leave their records."""


@dataclass
class Parent:
    """The parent run of this process; `killed_by` is the signal that ended it early.

    It holds its folder until it is closed, so that the same multirun started twice at once does not mix the records of
    its jobs: the second waits.
    """

    tracker: MlflowTracker
    folder: Path
    held: ExitStack
    killed_by: int | None = None

    @classmethod
    def open(cls, cfg: RunConfig, sweep_dir: Path, swept: Sequence[str]) -> "Parent":
        """Open the parent run.

        Parameters
        ----------
        cfg : RunConfig
            The settings that all jobs have in common.
        sweep_dir : Path
            Folder in which the multirun gets its own, named after what was asked.
        swept : sequence of str
            The multirun's overrides.

        Raises
        ------
        TrackingUnreachableError
            If the store cannot be opened and tracking is required.
        """
        folder = sweep_dir / _folder_name(swept)
        held = ExitStack()
        if is_held(folder / ".lock"):
            # Hydra sets the log up later.
            sys.stderr.write(f"potrun: the same multirun goes on in {folder}: waiting for it to end\n")
        held.enter_context(hold(folder / ".lock"))
        shutil.rmtree(folder / JOBS, ignore_errors=True)
        tracker = MlflowTracker(Store.from_config(cfg.tracking), folder, cfg.tracking.required)
        params = dict(item.lstrip("+~").partition("=")[::2] for item in swept)
        keys = several_values(swept)
        title = " ".join(item for item in swept if item.lstrip("+~").partition("=")[0] in keys) or "of one job"
        try:
            common = {name: value for name, value in choice_tags(cfg).items() if name not in keys}
            tracker.start(f"sweep {title[:200]}", params, {**common, "multirun": "parent"})
        except PotrunError:
            held.close()
            raise
        return cls(tracker, folder, held)

    def close(self) -> None:
        """Gather what the jobs came to: table, comparison, status; name the jobs that failed."""
        status: Status = "FAILED"
        try:
            jobs = Job.read_all(self.folder / JOBS)
            for job in jobs:
                if job.status == "RUNNING":
                    _close_lost_job(job, self.tracker.store.uri)
                    job.write(self.folder / JOBS)
            self._log_table(jobs)
            pictures = self._log_comparison(jobs)
            status = self._judge(jobs)
            self._describe(jobs, pictures)
        finally:
            if sys.exc_info()[0] is not None:
                self.tracker.log_text(traceback.format_exc(), "traceback.txt")
            self.tracker.finish(status)
            self.held.close()

    def _judge(self, jobs: Sequence[Job]) -> Status:
        failed = [job for job in jobs if job.status not in ("FINISHED", NO_DATA)]
        is_empty = not any(job.status == "FINISHED" for job in jobs)
        self.tracker.log_metrics({"jobs": len(jobs), "jobs_failed": len(failed)})
        for job in failed:
            log.error("job %d of %d (%s): %s", job.number + 1, len(jobs), job.label, job.error)
        if failed:
            self.tracker.set_tags(
                {"error": "; ".join(f"job {job.number + 1} ({job.label}): {job.error}" for job in failed)}
            )
        if self.killed_by is not None:
            return "KILLED"
        return "FAILED" if failed or is_empty else "FINISHED"

    def _log_table(self, jobs: Sequence[Job]) -> None:
        table = children_table(jobs)
        write_text(self.folder / "children.csv", table.to_csv())
        self.tracker.log_artifact(self.folder / "children.csv")
        self.tracker.log_text(to_table_json(table), "children.json")
        self.tracker.set_tags({"mlflow.loggedArtifacts": '[{"path": "children.json", "type": "table"}]'})

    def _log_comparison(self, jobs: Sequence[Job]) -> list[str]:
        """Compare results of the same tables; returns the pictures' names as artifacts."""
        folder = self.folder / "comparison"
        shutil.rmtree(folder, ignore_errors=True)
        paths = write_comparisons(jobs, folder)
        for path in paths:
            self.tracker.log_artifact(path, path.parent.relative_to(self.folder).as_posix())
        return [path.relative_to(self.folder).as_posix() for path in paths if path.suffix == ".png"]

    def _describe(self, jobs: Sequence[Job], pictures: Sequence[str]) -> None:
        """Record what the jobs came to together, and what stands at the top of the parent's page."""
        self.tracker.log_metrics(combined(jobs))
        lines = [
            overview(jobs).to_markdown(),
            f"Again: `{shlex.join(['python', '-m', 'potrun', *sys.argv[1:]])}`",
            "All numbers of the jobs: `children.json`; sweep by sweep: `comparison/`.",
            *(picture_link(self.tracker.run_id, path, path) for path in pictures[:MOST_PICTURES]),
        ]
        self.tracker.set_tags({NOTE_TAG: "\n\n".join(lines)})


def _folder_name(swept: Sequence[str]) -> str:
    """Name the multirun's folder after what was asked, safely and at a bearable length."""
    words = re.sub(r"[^\w=,.+-]+", "-", "_".join(swept), flags=re.ASCII)[:80] or "defaults"
    return f"sweep_{words}_{hashlib.sha256(repr(list(swept)).encode()).hexdigest()[:8]}"


def _close_lost_job(job: Job, uri: str) -> None:
    """Close the run of a job whose process was killed outright."""
    job.status, job.error = "KILLED", "its process ended without a word"
    try:
        resend(Path(job.run_dir), uri)
    except NoDataError:
        return  # it died before it was tracked
    except PotrunError as error:
        log.warning("%s", error)
    job.run_id = Journal.find_all(Path(job.run_dir))[-1].run_id
