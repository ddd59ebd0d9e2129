"""What a run says of itself: log lines, parameters, tags, metrics and artifacts."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from potrun import __version__
from potrun.archive.days import describe_dates
from potrun.core.provenance import code_digest, flatten
from potrun.core.settings import RunConfig
from potrun.runs.plan import RunPlan
from potrun.runs.tasks import DayReport
from potrun.tracking import Tracker
from potrun.tracking.base import CONFIG_ARTIFACT

log = logging.getLogger(__name__)


def describe_run(plan: RunPlan) -> None:
    """Log what is going to be done, and whether its input is simulated."""
    if plan.archive.origin == "simulated":
        log.warning("SIMULATED archive %s: nothing here was measured", plan.archive.root)
    else:
        log.info("archive %s", plan.archive.root)
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


def run_params(cfg: RunConfig) -> dict[str, object]:
    """Return every setting under its dotted name."""
    return flatten(asdict(cfg))


def run_tags(plan: RunPlan) -> dict[str, object]:
    """Return the labels a run can be found by."""
    return {
        "origin": plan.archive.origin,
        "fitter": plan.cfg.fitter.method,
        "search": "fast" if plan.cfg.fast else "conventional",
        "archive": plan.cfg.archive.kind,
        "device": plan.cfg.device.name,
        "code": code_digest(),
        "potrun.version": __version__,
    }


def stage_seconds(reports: Iterable[DayReport]) -> dict[str, float]:
    """Return the seconds that each stage took, summed over days."""
    total: Counter[str] = Counter()
    for report in reports:
        total.update(report.seconds)
    return {f"seconds/{name}": seconds for name, seconds in total.items()}


def dropped_metrics(defects: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return how many rows and sweeps each kind of defect cost."""
    numbers: Counter[str] = Counter()
    for defect in defects:
        name = "".join(c if c.isalnum() else "_" for c in str(defect["reason"]).split("(")[0].strip().lower())[:80]
        numbers[f"dropped_rows/{name}"] += defect["rows"]
        numbers[f"dropped_sweeps/{name}"] += defect["sweeps"]
    return {name: float(number) for name, number in numbers.items()}


def describe_result(plan: RunPlan, numbers: Mapping[str, float], defects: Sequence[Mapping[str, Any]]) -> None:
    """Log what was found, what was dropped, and where the time went."""
    for defect in defects:
        place = f"{defect['file']}:{defect['first_line']}" if defect["first_line"] else defect["file"]
        cost = f"{defect['rows']} rows of {defect['sweeps']} sweeps left out" if defect["rows"] else "nothing left out"
        log.warning("%s: %s (%s)", place, defect["reason"], cost)
    log.info(
        "fitted %.0f of %.0f sweeps, median chi2 %.4g", numbers["fitted"], numbers["sweeps"], numbers["chi2/median"]
    )
    log.info(
        "quality: good %.0f, usable %.0f, poor %.0f; quality=%s leaves out %.0f fits",
        *(numbers[f"quality/{word}"] for word in ("good", "usable", "poor")),
        plan.cfg.quality,
        numbers["quality/left_out"],
    )
    for place in ("sun", "shadow"):
        values = [numbers[f"potential_{place}_v/{name}"] for name in ("p25", "median", "p75")]
        log.info(
            "U at footpoints in %s: median %.4g V, quartiles %.4g and %.4g V", place, values[1], values[0], values[2]
        )
    stages = sorted((n.removeprefix("seconds/"), s) for n, s in numbers.items() if n.startswith("seconds/"))
    log.info("seconds: %s; %.4g sweeps/s", ", ".join(f"{n} {s:.3g}" for n, s in stages), numbers["sweeps_per_second"])
    log.info("result: %s", plan.npz)


def track_settings(plan: RunPlan, tracker: Tracker) -> None:
    """Record the resolved configuration."""
    from omegaconf import OmegaConf

    tracker.log_text(OmegaConf.to_yaml(OmegaConf.structured(plan.cfg)), CONFIG_ARTIFACT)


def track_inputs(plan: RunPlan, tracker: Tracker, inputs: Sequence[Mapping[str, Any]]) -> None:
    """Record the digest of the files that a result was made from; it is known once they have been read."""
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:36]
    tracker.log_dataset(f"{plan.cfg.archive.kind}-{plan.npz.stem}", digest, str(plan.archive.root))


def track_result(
    plan: RunPlan, tracker: Tracker, numbers: Mapping[str, float], files: Mapping[str, Iterable[Path]]
) -> None:
    """Record what came out of a run: numbers, the NPZ, and files by the folder they are kept in."""
    tracker.log_metrics(numbers)
    tracker.log_artifact(plan.npz)
    for folder, paths in files.items():
        for path in paths:
            tracker.log_artifact(path, folder)
