"""What a run is called in the store, by which labels it is found, and which of its settings mean anything."""

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from potrun.core.provenance import flatten
from potrun.core.settings import RunConfig

CHOICE_VARIABLE = "POTRUN_CHOICE"
"""Environment variable by which the jobs of a multirun learn what sets them apart: ``background=0.03``."""

_NAMED = ("fitter", "fast", "year", "month", "day", "archive")
"""Choices that stand in every run's name."""

_UNUSED: Mapping[str, tuple[str, ...]] = {
    "likelihood": ("log_offset", "mask_low", "mask_high", "chi2_max", "normalisation", "normalisation_reference",
                   "effective_energy", "solver", "branch_and_bound", "differential_evolution"),
    "halekas": ("mask_low", "mask_high", "likelihood"),
    "lillis": ("log_offset", "likelihood"),
}  # fmt: skip
"""Settings of the fitters that one of them has no use for."""

_OF_KAPPA = ("fallback_volts", "kappa_min", "kappa_max", "log10_theta_min", "log10_theta_max", "energy_response_width",
             "background_counts_per_s")  # fmt: skip
_OF_SIMULATIONS = ("seed", "sweeps_per_day", "days", "ranges", "instrument", "departures")


def run_title(cfg: RunConfig) -> str:
    """Return a run's name in the store: what sets it apart first, since tables of runs show some 20 letters.

    Parameters
    ----------
    cfg : RunConfig
        The run's settings.

    Returns
    -------
    str
        Such as ``lillis 1998-04 demo``, and in a multirun ``background=0.03 lillis 1998-04 demo``.
    """
    period = "-".join(
        [str(cfg.year or ("any" if cfg.month else "all")), *(f"{part:02d}" for part in (cfg.month, cfg.day) if part)]
    )
    words = [os.environ.get(CHOICE_VARIABLE, ""), cfg.fitter.method, "" if cfg.fast else "scipy", period]
    return " ".join(word for word in [*words, cfg.archive.kind, *cfg.studies] if word)


def choice_of(choices: Mapping[str, str], swept: Iterable[str]) -> str:
    """Say in few letters what sets a job apart from the others of its multirun.

    Parameters
    ----------
    choices : mapping of str to str
        The settings that it was started with.
    swept : iterable of str
        Those that have several values in the multirun.

    Returns
    -------
    str
        The option alone where a group was swept (``beam_wide``), else ``key=value`` with the last part of the key; no
        text where the run's name tells it anyway.
    """
    words = []
    for key in swept:
        if key in choices and key not in _NAMED:
            name, value = key.rpartition(".")[2], choices[key]
            words.append(f"{name}={value}" if "." in key or re.fullmatch(r"[-+\d.e]*|true|false", value) else value)
    return " ".join(words)


def several_values(overrides: Iterable[str]) -> list[str]:
    """Return the keys that have more than one value in a multirun: only lists and functions make more than one job."""
    return [
        key.lstrip("+~") for key, _, value in (item.partition("=") for item in overrides) if re.search("[,(]", value)
    ]


def choice_tags(cfg: RunConfig) -> dict[str, str]:
    """Return each choice of a group as a label, and what is asked of the result.

    Parameters
    ----------
    cfg : RunConfig
        The run's settings; Hydra is asked for the options that they do not tell, such as the experiment.

    Returns
    -------
    dict
        Groups that have no choice are left out.
    """
    groups = {
        "fitter": cfg.fitter.method,
        "archive": cfg.archive.kind,
        "spacecraft_potential": cfg.spacecraft_potential.kind,
        "executor": cfg.executor.kind,
        "tracking": cfg.tracking.kind,
        "search": "fast" if cfg.fast else "conventional",
        "quality": cfg.quality,
    }
    if cfg.studies:
        groups["studies"] = ",".join(cfg.studies)
    for group, option in _hydra_choices().items():
        if group in ("experiment", "variation", "hydra/launcher", "hydra/sweeper") and option not in (None, "basic"):
            groups[group.removeprefix("hydra/")] = str(option)
    return groups


def used_settings(cfg: RunConfig) -> dict[str, object]:
    """Return the settings that mean something for this run under their dotted names.

    Parameters
    ----------
    cfg : RunConfig
        All settings.

    Returns
    -------
    dict
        Without those of other fitters, searches, archives and executors, and without where the run is tracked.
    """
    unused = {f"fitter.{name}" for name in _UNUSED[cfg.fitter.method]} | {"tracking", "parallel", "verbose", "display"}
    solver = cfg.fitter.solver
    is_exact = cfg.fast if solver == "auto" else solver == "branch_and_bound"
    unused.add("fitter.differential_evolution" if is_exact else "fitter.branch_and_bound")
    if cfg.spacecraft_potential.kind == "kappa":
        unused.add("spacecraft_potential.volts")
    else:
        unused |= {f"spacecraft_potential.{name}" for name in _OF_KAPPA}
    if cfg.archive.kind == "pds":
        unused |= {f"archive.{name}" for name in _OF_SIMULATIONS}
    elif cfg.archive.kind == "demo":
        unused |= {"archive.days", "archive.ranges"}
    if cfg.executor.kind == "local":
        unused |= {"executor.address", "executor.scheduler_file"}
    if not cfg.studies:
        unused.add("study")
    return {
        key: value
        for key, value in flatten(asdict(cfg)).items()
        if not any(key == name or key.startswith(f"{name}.") for name in unused)
    }


def command_words() -> list[str]:
    """Return the settings that the run was started with, as they were typed; none in a notebook."""
    hydra = _hydra()
    return [] if hydra is None else [str(word) for word in hydra.overrides.task]


def _hydra_choices() -> dict[str, object]:
    hydra = _hydra()
    return {} if hydra is None else dict(hydra.runtime.choices)


def _hydra() -> Any:
    """Return Hydra's own settings of this job; None outside of Hydra."""
    if "hydra.core.hydra_config" not in sys.modules:
        return None
    from hydra.core.hydra_config import HydraConfig

    return HydraConfig.get() if HydraConfig.initialized() else None
