"""What a run will do: its days, where their shards and the result go, whether the result is there already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from potrun.archive.days import select_days
from potrun.archive.digest import ancillary_files, day_file
from potrun.archive.sidecar import forget_sidecars
from potrun.core.errors import DataError, OutputError, ResultMismatchError, UsageError
from potrun.core.machine import has_cuda_driver
from potrun.core.provenance import Provenance, describe_differences, result_file_name
from potrun.core.records import Archive
from potrun.core.settings import RunConfig
from potrun.results.load import load_results
from potrun.runs.inputs import open_archive
from potrun.runs.tasks import DayReport, DayTask
from potrun.studies.run import are_answered, check_studies, study_folder


@dataclass(frozen=True)
class RunPlan:
    """The days of one run and the files it makes of them."""

    cfg: RunConfig
    archive: Archive
    provenance: Provenance
    tasks: tuple[DayTask, ...]
    run_dir: Path
    shards: Path
    npz: Path

    def describe(self, reports: Sequence[DayReport]) -> dict[str, Any]:
        """Return the provenance of the result that these days give."""
        return self.provenance.of_result(
            [report.source for report in reports if report.source is not None],
            [defect for report in reports for defect in report.defects],
            {report.task.day.date.isoformat(): report.failure for report in reports if report.failure is not None},
        )

    def clear_leftovers(self) -> None:
        """Remove what a process killed while it wrote the result left beside it; only for the holder of its lock.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        try:
            for part in self.npz.parent.glob(f".{self.npz.name}.*.part"):
                part.unlink()
        except OSError as error:
            raise OutputError(f"cannot clear {self.npz.parent}: {error.strerror or error}") from error


def make_plan(cfg: RunConfig, run_dir: Path) -> RunPlan:
    """Find the days that were asked for.

    Raises
    ------
    NoDataError
        If the archive is not there, holds no such day, or has nothing to answer a study with.
    UsageError
        If the settings cannot answer a study, or ask for a device that cannot be there.
    DataError
        If a file that all days need cannot be read.
    """
    if cfg.device.name == "cuda" and not has_cuda_driver():
        raise UsageError("device.name=cuda, but this machine has no driver of a CUDA device: use device=cpu")
    archive = open_archive(cfg.archive, year=cfg.year, month=cfg.month, day=cfg.day)
    days = select_days(archive.days, cfg.year, cfg.month, cfg.day)
    if cfg.overwrite:
        for path in (*(day.path for day in days), archive.theta_path, archive.attitude_path, *archive.kernel_paths):
            forget_sidecars(path, archive.cache_dir)
    check_studies(cfg, archive, days)
    shards = run_dir / "shards"
    folder = run_dir if cfg.output_dir is None else Path(cfg.output_dir)
    return RunPlan(
        cfg=cfg,
        archive=archive,
        provenance=Provenance.of(cfg, archive.origin, ancillary_files(archive)),
        tasks=tuple(DayTask(day, shards / f"{day.date:%Y%m%d}.npz") for day in days),
        run_dir=run_dir,
        shards=shards,
        npz=folder.absolute() / result_file_name(cfg.year, cfg.month, cfg.day),
    )


def is_finished(plan: RunPlan) -> bool:
    """Tell whether the result is there, complete, recorded, and an answer to the same question.

    Raises
    ------
    ResultMismatchError
        If the file there was made with other settings, inputs or code; the message says what differs.
    """
    if plan.cfg.overwrite or not plan.npz.exists():
        return False
    found = _provenance_in(plan.npz)
    # A day that failed is no part of the result; whatever mends it makes no other question of this one.
    days = [task.day for task in plan.tasks if task.day.date.isoformat() not in found.get("failed_days", {})]
    require_same_question(plan.npz, plan.provenance.of_tables([day_file(plan.archive, day) for day in days]))
    # A run keeps its shards until its result is described and tracked, or while days are missing from it.
    return not plan.shards.exists() and are_answered(plan.cfg, study_folder(plan.npz))


def require_same_question(path: Path, wanted: Mapping[str, Any]) -> None:
    """Refuse a result that is there but was made with other settings, inputs or code.

    Parameters
    ----------
    path : Path
        The result.
    wanted : mapping
        The provenance that it is to have.

    Raises
    ------
    ResultMismatchError
        Saying what differs.
    """
    differences = describe_differences(_provenance_in(path), wanted)
    if differences:
        raise ResultMismatchError(
            f"{path} holds another result ({'; '.join(differences)}): "
            "add overwrite=true to replace it, or choose another output_dir"
        )


def _provenance_in(path: Path) -> Mapping[str, Any]:
    try:
        return load_results(path).provenance
    except DataError as error:
        raise ResultMismatchError(f"{error}; move it away, or add overwrite=true to replace it") from error
