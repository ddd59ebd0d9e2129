"""The studies of a run: found by name, checked before the work, run after it."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path

from potrun.core.atomic import write_text
from potrun.core.records import Archive, ArchiveDay
from potrun.core.settings import STUDIES, RunConfig
from potrun.studies.base import Study, StudyCase, StudyReport

log = logging.getLogger(__name__)

ASKED = "asked.json"
"""Written last into a study's folder: the settings that it answers."""

MOST_LINES = 60
"""Longer tables stay out of the log."""

CLASSES = {
    "acceptance": "AgreementWithWhatIsPublished",
    "beam": "EnergyOfTheBeam",
    "closure": "RecoveryOfTruth",
    "field_offset": "OffsetOfTheMagnetometer",
    "halekas2008_figure5": "SweepOfFigure5",
    "halekas2008_regions": "PublishedRegions",
    "harmonics": "GlobalFieldOfPotential",
    "identifiability": "IdentifiabilityOfOneSweep",
    "response": "ResponseOfTheInstrument",
    "sites": "PotentialsNearPlaces",
    "summary": "SummaryOfPotentials",
    "terminator": "PotentialAcrossTheTerminator",
    "throughput": "ThroughputOfTheFit",
}
"""The class of each study, named after its question; imported when it is asked."""


@dataclass(frozen=True)
class Findings:
    """What the studies of a run came to: numbers by metric name, files by the folder they are tracked in.

    `failures` holds one line for each study that found the run wanting.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    files: dict[str, list[Path]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def make_study(name: str) -> Study:
    """Return a study by its name; each has a module of that name.

    Parameters
    ----------
    name : str
        One of :data:`potrun.core.settings.STUDIES`.

    Returns
    -------
    Study
    """
    if name not in STUDIES:
        raise ValueError(f"study {name!r} found, expected one of {', '.join(STUDIES)}")
    study: Study = getattr(import_module(f"potrun.studies.{name}"), CLASSES[name])()
    return study


def check_studies(cfg: RunConfig, archive: Archive, days: Sequence[ArchiveDay]) -> None:
    """Refuse a run whose studies cannot be answered, before any work is done.

    Raises
    ------
    PotrunError
        Saying what is missing and what to do.
    """
    for name in cfg.studies:
        make_study(name).check(cfg, archive, days)


def run_studies(case: StudyCase, folder: Path) -> Findings:
    """Run the studies that a run asks for; log their tables and write everything into one folder for each.

    Parameters
    ----------
    case : StudyCase
        The finished run.
    folder : Path
        Gets ``<study>/<table>.csv``, the same as ``.md``, and ``<study>/<figure>.png``.

    Returns
    -------
    Findings

    Raises
    ------
    PotrunError
        If a study cannot be answered or its files cannot be written.
    """
    findings = Findings()
    for name in case.cfg.studies:
        report = make_study(name).report(case)
        _log(name, report, case.result.origin)
        findings.metrics.update(report.metrics)
        findings.files[f"studies/{name}"] = _write(report, folder / name)
        if report.failure:
            findings.failures.append(f"{name}: {report.failure}; see {folder / name}")
            continue
        # Without this note the same command asks again.
        write_text(folder / name / ASKED, _asked(case.cfg))
    return findings


def are_answered(cfg: RunConfig, folder: Path) -> bool:
    """Tell whether all studies that a run asks for lie in their folder, made with the same settings."""
    kept = (folder / name / ASKED for name in cfg.studies)
    return all(path.is_file() and path.read_text(encoding="utf-8") == _asked(cfg) for path in kept)


def _asked(cfg: RunConfig) -> str:
    return json.dumps(asdict(cfg.study), sort_keys=True)


def study_folder(npz: Path) -> Path:
    """Return the folder of a result's studies."""
    return npz.with_name(f"{npz.stem}_studies")


def _log(name: str, report: StudyReport, origin: str) -> None:
    mark = "SIMULATED, nothing was measured" if origin == "simulated" else "measured"
    for table in report.tables.values():
        is_long = len(table.rows) > MOST_LINES
        log.info("%s (%s): %s", name, mark, f"{table.title}: {len(table.rows)} lines" if is_long else table.to_text())
    for remark in report.remarks:
        log.warning("%s: %s", name, remark)


def _write(report: StudyReport, folder: Path) -> list[Path]:
    from potrun.plots.style import save

    tables = [write_text(folder / f"{name}.csv", table.to_csv()) for name, table in report.tables.items()]
    tables += [write_text(folder / f"{name}.md", table.to_markdown()) for name, table in report.tables.items()]
    return tables + [save(figure, folder / f"{name}.png") for name, figure in report.figures.items()]
