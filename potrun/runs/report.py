"""What a run says of itself: log lines, parameters, tags, metrics and artifacts."""

import hashlib
import json
import logging
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from potrun.archive.days import describe_dates
from potrun.core.caveats import caveat
from potrun.core.provenance import code_digest
from potrun.core.records import Archive, ArchiveDay
from potrun.core.settings import FitterConfig, RunConfig
from potrun.core.table import Table
from potrun.results.run_result import RunResult
from potrun.runs.plan import RunPlan
from potrun.runs.tasks import DayReport
from potrun.tracking import Tracker
from potrun.tracking.base import CONFIG_ARTIFACT, NOTE_TAG, picture_link
from potrun.tracking.naming import choice_tags, command_words

log = logging.getLogger(__name__)

MOST_STUDY_METRICS = 12
"""A study with more numbers has them in a table."""


def describe_archive(archive: Archive) -> None:
    """Log where the input lies, and whether it is simulated."""
    if archive.origin == "simulated":
        log.warning("SIMULATED archive %s: nothing here was measured", archive.root)
    else:
        log.info("archive %s", archive.root)


def describe_run(plan: RunPlan) -> None:
    """Log what is going to be done."""
    describe_archive(plan.archive)
    cfg = plan.cfg
    dates = describe_dates(task.day.date for task in plan.tasks)
    log.info("%d day%s: %s", len(plan.tasks), "s" if len(plan.tasks) > 1 else "", dates)
    log.info(
        "fitter %s (%s), spacecraft potential %s, device %s",
        cfg.fitter.method,
        "fast" if cfg.fast else "conventional",
        cfg.spacecraft_potential.kind,
        cfg.device.name,
    )
    describe_caveat(cfg.fitter)


def describe_caveat(fitter: FitterConfig) -> None:
    """Log what is known to be wrong with the fit."""
    if caveat(fitter):
        log.info("%s", caveat(fitter))


def run_tags(plan: RunPlan) -> dict[str, object]:
    """Return the labels a run can be found by."""
    own = {"origin": plan.archive.origin, "device": fit_device(plan.cfg), "code": code_digest()}
    return {**choice_tags(plan.cfg), **own}


def fit_device(cfg: RunConfig) -> str:
    """Return what the fits are computed on, as far as this process can tell: ``CPU, compiled search, 2 threads``.

    Raises
    ------
    UsageError
        If the device asked for is not there.
    """
    if cfg.fitter.method == "likelihood":
        from potrun.core.device import resolve_device

        return resolve_device(cfg.device).description
    if cfg.fitter.solver == "differential_evolution" or not (cfg.fast or cfg.fitter.solver == "branch_and_bound"):
        return "CPU, scipy"
    from potrun.search.exact.device import search_device

    return search_device(cfg.device).description


def stage_seconds(reports: Iterable[DayReport]) -> dict[str, float]:
    """Return the seconds that each stage took, summed over days; of compiling the longest, as all wait at once."""
    total: Counter[str] = Counter()
    longest = 0.0
    for report in reports:
        total.update({name: seconds for name, seconds in report.seconds.items() if name != "compile"})
        longest = max(longest, report.seconds.get("compile", 0.0))
    return {f"seconds/{name}": seconds for name, seconds in {**total, "compile": longest}.items()}


def dropped_metrics(defects: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return how many rows and sweeps each kind of defect cost."""
    numbers: Counter[str] = Counter()
    for defect in defects:
        name = "".join(c if c.isalnum() else "_" for c in str(defect["reason"]).split("(")[0].strip().lower())[:80]
        numbers[f"dropped_rows/{name}"] += defect["rows"]
        numbers[f"dropped_sweeps/{name}"] += defect["sweeps"]
    return {name: float(number) for name, number in numbers.items()}


def describe_defects(defects: Sequence[Mapping[str, Any]]) -> None:
    """Log what was dropped."""
    for defect in defects:
        place = f"{defect['file']}:{defect['first_line']}" if defect["first_line"] else defect["file"]
        rows, sweeps = (f"{defect[name]} {name[:-1]}{'s' * (defect[name] != 1)}" for name in ("rows", "sweeps"))
        among = f"of {sweeps} left out" if defect["sweeps"] else "left out, no sweep with them"
        cost = f"{rows} {among}" if defect["rows"] else "noted, nothing is left out for it"
        log.warning("%s: %s (%s)", place, defect["reason"], cost)


def describe_end(
    plan: RunPlan,
    days: Sequence[ArchiveDay],
    result: RunResult,
    numbers: Mapping[str, float],
    files: Mapping[str, Sequence[Path]],
    where: str,
) -> None:
    """Log the last lines of a run (see :mod:`potrun.runs.closing`).

    Parameters
    ----------
    plan : RunPlan
        What was asked.
    days : sequence of ArchiveDay
        The days of the result.
    result, numbers
        What came out.
    files : mapping of str to sequence of Path
        Further files by what they are: ``pictures``, ``exports``, ``studies/closure``, ...
    where : str
        How to look at the run's record.
    """
    from potrun.runs import closing

    quality = plan.cfg.quality
    lines = closing.fit_lines(result, quality, numbers)
    lines += closing.truth_line(result, quality, plan.archive, days)
    lines.append(closing.seconds_line(numbers))
    lines.append(("result", closing.place(plan.npz)))
    for name, paths in files.items():
        if paths:
            is_one = len(paths) == 1
            note = "" if is_one else closing.count_note(paths, "file")
            lines.append((name, closing.place(paths[0] if is_one else paths[0].parent, note)))
    lines.append(("MLflow", where))
    stages = sorted((n.removeprefix("seconds/"), s) for n, s in numbers.items() if n.startswith("seconds/"))
    log.debug("seconds: %s; %.4g sweeps/s", ", ".join(f"{n} {s:.3g}" for n, s in stages), numbers["sweeps_per_second"])
    for line in closing.lay_out(lines):
        log.info("%s", line)


def track_settings(plan: RunPlan, tracker: Tracker) -> None:
    """Record the resolved configuration."""
    from omegaconf import OmegaConf

    tracker.log_text(OmegaConf.to_yaml(OmegaConf.structured(plan.cfg)), CONFIG_ARTIFACT)


def track_inputs(plan: RunPlan, tracker: Tracker, inputs: Sequence[Mapping[str, Any]]) -> None:
    """Record the digest of the files that a result was made from; it is known once they have been read."""
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:36]
    tracker.log_dataset(f"{plan.cfg.archive.kind}-{plan.npz.stem}", digest, str(plan.archive.root))


def track_result(
    plan: RunPlan,
    tracker: Tracker,
    numbers: Mapping[str, float],
    findings: Mapping[str, float],
    files: Mapping[str, Iterable[Path]],
) -> None:
    """Record what came out of a run: its numbers, those of its studies, the NPZ, and files by their folder.

    The store shows a number as a column of every run's table: a study that has many gets a table of its own.
    """
    tracker.log_metrics(numbers)
    by_study: dict[str, dict[str, float]] = {}
    for name, value in findings.items():
        by_study.setdefault(name.partition("/")[0], {})[name] = value
    for study, values in by_study.items():
        if len(values) <= MOST_STUDY_METRICS:
            tracker.log_metrics(values)
        else:
            table = Table(study, ("number", "value"), [(name, value) for name, value in values.items()])
            tracker.log_text(table.to_csv(), f"studies/{study}/numbers.csv")
    tracker.log_artifact(plan.npz)
    for folder, paths in files.items():
        for path in paths:
            tracker.log_artifact(path, None if folder == "report" else folder)


def track_description(
    plan: RunPlan,
    tracker: Tracker,
    days: Sequence[ArchiveDay],
    result: RunResult,
    numbers: Mapping[str, float],
) -> None:
    """Record what stands at the top of the run's page: what was asked, what came out, how to repeat it, and the map."""
    from potrun.runs import closing

    cfg = plan.cfg
    lines = closing.fit_lines(result, cfg.quality, numbers) + closing.truth_line(
        result, cfg.quality, plan.archive, days
    )
    words = ["python", "-m", "potrun", *command_words()]
    again = f"`{shlex.join(words)}`" if len(words) > 3 else f"the settings in `{CONFIG_ARTIFACT}`"
    if tracker.run_id is not None:
        again += f", or `python -m potrun.rerun {tracker.run_id}`, which compares the bytes"
    known = [("caveat", caveat(cfg.fitter))] if caveat(cfg.fitter) else []
    lines = [("asked", _question(plan, days)), *lines, *known, ("again", again)]
    rows = "\n".join("| {} | {} |".format(*(part.replace("|", "\\|") for part in line)) for line in lines)
    mark = "**SIMULATED: nothing here was measured.**\n\n" if plan.archive.origin == "simulated" else ""
    has_map = "map" in cfg.pictures
    picture = picture_link(tracker.run_id, "pictures/map.png", "potentials at the footpoints") if has_map else ""
    tracker.set_tags({NOTE_TAG: f"{mark}| | |\n| --- | --- |\n{rows}\n\n{picture}\n"})


def _question(plan: RunPlan, days: Sequence[ArchiveDay]) -> str:
    """Say what was asked in one line."""
    cfg = plan.cfg
    search = "fast search" if cfg.fast else "conventional search"
    studies = f"; studies {', '.join(cfg.studies)}" if cfg.studies else ""
    return (
        f"U by {cfg.fitter.method} ({search}), spacecraft potential {cfg.spacecraft_potential.kind}, archive"
        f" {cfg.archive.kind}, {_days(days)}{studies}"
    )


def _days(days: Sequence[ArchiveDay]) -> str:
    """Name days in few words."""
    dates = describe_dates(day.date for day in days)
    return f"{len(days)} day{'s' * (len(days) != 1)}: {dates if len(dates) <= 120 else dates[:117] + '...'}"
