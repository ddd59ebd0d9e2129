"""The last lines of a run: what came out, how far it can be trusted, where it lies."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from potrun.core.errors import DataError, NoDataError
from potrun.core.records import Archive, ArchiveDay, BoolArray, FitStatus
from potrun.results.quality import POOR, QualityClass, count_flags, is_wanted
from potrun.results.recovery import Recovery
from potrun.results.run_result import RunResult
from potrun.studies.truth import load_truth

WHY_NOT = {
    FitStatus.NO_GEOMETRY: "without geometry",
    FitStatus.NO_CONNECTION: "not connected to the Moon",
    FitStatus.NO_SPACECRAFT_POTENTIAL: "without a spacecraft potential",
    FitStatus.TOO_FEW_CELLS: "with too few cells",
    FitStatus.CHI2_ABOVE_LIMIT: "with chi2 above the limit",
}

Line = tuple[str, str]
"""A line's name and its text."""


def fit_lines(result: RunResult, quality: str, numbers: Mapping[str, float]) -> list[Line]:
    """Say how many sweeps were fitted, what the fits are worth, and the potentials of those that count.

    Parameters
    ----------
    result : RunResult
        Of one or more sweeps.
    quality : {"good", "usable", "all"}
        Whose potentials count.
    numbers : mapping of str to float
        Its :func:`~potrun.results.statistics.statistics` of that quality.

    Returns
    -------
    list of (name, text)
    """
    has_fit = result["spec_has_fit"]
    status = result["spec_fit_status"]
    reasons = [f"{(status == code).sum()} {text}" for code, text in WHY_NOT.items() if (status == code).any()]
    lines = [
        (
            "fitted",
            f"{has_fit.sum()} of {result.n_sweeps} sweeps" + (f"; not fitted: {', '.join(reasons)}" * bool(reasons)),
        )
    ]
    if has_fit.any():
        lines.append(("trust", _trust(result, has_fit, numbers)))
        lines.append(
            (f"U ({quality})", _potentials(numbers, quality, int((has_fit & is_wanted(result, quality)).sum())))
        )
    return lines


def _trust(result: RunResult, has_fit: BoolArray, numbers: Mapping[str, float]) -> str:
    """Say of the fits how many are identifiable, at a bound, and of each quality."""
    parts = []
    if np.isfinite(numbers["interval_width68_v/median"]):
        parts.append(f"{numbers['identifiable']:.0f} identifiable")
    parts.append(f"{(result['spec_at_bound'][has_fit] != 0).sum()} at a bound")
    text = ", ".join(parts)
    if "spec_quality_class" not in result:
        return text
    classes = result["spec_quality_class"][has_fit]
    counts = {word: int((classes == word).sum()) for word in QualityClass}
    text += (
        f"; good {counts[QualityClass.GOOD]}, usable {counts[QualityClass.USABLE]}, poor {counts[QualityClass.POOR]}"
    )
    flags = count_flags({"spec_quality": result["spec_quality"][has_fit] & POOR})
    why = [
        f"{count} {name.replace('_', ' ')}" for name, count in sorted(flags.items(), key=lambda item: -item[1]) if count
    ]
    return text + (f" ({', '.join(why)})" if why else "")


def _potentials(numbers: Mapping[str, float], quality: str, count: int) -> str:
    if not count:
        more = {"good": "quality=usable or quality=all takes more", "usable": "quality=all takes more"}
        return f"no fit of this quality; {more[quality]}"
    parts = []
    for side in ("sun", "shadow"):
        n = int(numbers[f"potential_{side}_v/count"])
        low, middle, high = (numbers[f"potential_{side}_v/{name}"] for name in ("p25", "median", "p75"))
        spread = f", quartiles {low:.4g} and {high:.4g} V" if n > 3 else ""
        parts.append(f"in {side} {middle:.4g} V (median of {n}{spread})" if n else f"in {side} none")
    return "; ".join(parts)


def truth_line(result: RunResult, quality: str, archive: Archive, days: Sequence[ArchiveDay]) -> list[Line]:
    """Say how far the potentials of a quality are from what was put into a simulated archive."""
    if archive.origin != "simulated":
        return []
    try:
        truth = load_truth(archive, days, result)
    except (NoDataError, DataError) as error:
        return [("truth", str(error))]
    found = Recovery.of(result, np.where(truth["mixed"], np.nan, truth["U"]))
    chosen = np.isfinite(found.error_v) & is_wanted(result, quality)
    if not chosen.any():
        return [("truth", f"no fit of quality={quality} to compare with the potentials that were put in")]
    off_v, size = found.error_v[chosen], np.abs(found.u_true_v[chosen])
    with np.errstate(divide="ignore"):
        relative = np.median(np.abs(off_v) / size)
    text = (
        f"off by {np.median(np.abs(off_v)):.3g} V or {100 * relative:.3g} % "
        f"(medians of {chosen.sum()}, quality={quality}); found less true {np.median(off_v):+.3g} V"
    )
    judged = chosen & found.has_interval
    if judged.any():
        text += f"; {found.is_covered('95')[judged].sum()} of {judged.sum()} intervals of 95 % hold the truth"
    return [("truth", text)]


def seconds_line(numbers: Mapping[str, float]) -> Line:
    """Say how long the run took, with and without what is compiled once on a machine."""
    total, compiled = numbers["seconds/all"], numbers.get("seconds/compile", 0.0)
    if compiled < 0.05 * total:
        return ("seconds", f"{total:.1f}")
    return ("seconds", f"{total:.1f}, without compiling (once on this machine) {total - compiled:.1f}")


def place(path: Path, note: str = "") -> str:
    """Write a path as seen from the current folder, if it lies below it."""
    text = os.path.relpath(path)
    return (str(path) if text.startswith("..") else text) + (f" ({note})" if note else "")


def lay_out(lines: Sequence[Line]) -> list[str]:
    """Put the names of lines into a column."""
    width = max(len(name) for name, _ in lines)
    return [f"{name:<{width}}  {text}" for name, text in lines]


def count_note(paths: Sequence[Any], noun: str) -> str:
    """Say how many there are."""
    return f"{len(paths)} {noun}{'s' * (len(paths) != 1)}"
